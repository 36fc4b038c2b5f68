"""What every runner of tests can be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Literal

from msgspec import Struct

Outcome = Literal["passed", "failed", "skipped", "broken"]
"""What became of a test; `broken` is a file or a class of tests that could not be made ready."""
REPORT = ".rolecall/report"
"""Where a report lies in a tree."""
_RANK: dict[Outcome, int] = {"passed": 0, "skipped": 1, "failed": 2, "broken": 3}
TEST_FOLDERS = frozenset({"tests", "test", "testing", "__tests__", "spec", "specs"})


class Told(Struct, frozen=True):
    """One line of a report."""

    id: str
    outcome: Outcome
    says: str = ""


class Runner(Struct, frozen=True, kw_only=True):
    """A way to run test files and to hear what became of each test.

    `command` makes the command from what begins it and the files; `read` takes what was printed and
    what the report holds. `helper` is copied from `inside/` into the tree first. `rigging` are
    names of files that steer tests wherever they lie: judges restore or remove them.
    """

    is_test: Callable[[str], bool]
    command: Callable[[Sequence[str], Sequence[str]], tuple[str, ...]]
    read: Callable[[str, str], list[Told]]
    helper: str = ""
    rigging: tuple[str, ...] = ()


def merged(told: Sequence[Told]) -> dict[str, Told]:
    """What became of each test: of several words on one, the worst."""
    found: dict[str, Told] = {}
    for one in told:
        before = found.get(one.id)
        if before is None or _RANK[one.outcome] > _RANK[before.outcome]:
            found[one.id] = one
    return found


def in_test_folder(path: str) -> bool:
    """Whether a folder on the way to it holds tests by its name."""
    return not TEST_FOLDERS.isdisjoint(PurePosixPath(path).parts[:-1])
