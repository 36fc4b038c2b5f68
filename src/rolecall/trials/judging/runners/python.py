"""pytest and unittest, heard through helpers of our own in the repository's interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from rolecall.trials.judging.runners.reports import of_helper
from rolecall.trials.judging.runners.runner import Runner

_RIGGING = ("conftest.py", "sitecustomize.py", "usercustomize.py", "pytest.ini", ".pytest.ini")
_CONFIGURED = ("pyproject.toml", "tox.ini", "setup.cfg")


def is_test(path: str) -> bool:
    """As pytest finds them unless it is told otherwise, and `tests.py` as Django has them."""
    name = PurePosixPath(path).name
    if not name.endswith(".py"):
        return False
    return name.startswith("test_") or name.endswith("_test.py") or name == "tests.py"


def _pytest(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    """The repository's own configuration holds, but for what would stop at the first failure."""
    python, *more = begins
    more = more[2:] if more[:2] == ["-m", "pytest"] else more
    own = ("--rootdir=.", "--maxfail=0", "--continue-on-collection-errors")
    cache = ("-o", "cache_dir=.rolecall/cache")
    return (python, ".rolecall/rolecall_pytest.py", *more, *own, *cache, "--", *files)


def _unittest(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    return (begins[0], ".rolecall/rolecall_unittest.py", *files)


PYTEST = Runner(
    is_test=is_test,
    command=_pytest,
    read=of_helper,
    helper="rolecall_pytest.py",
    rigging=(*_RIGGING, *_CONFIGURED),
)
UNITTEST = Runner(
    is_test=is_test,
    command=_unittest,
    read=of_helper,
    helper="rolecall_unittest.py",
    rigging=("sitecustomize.py", "usercustomize.py"),
)
