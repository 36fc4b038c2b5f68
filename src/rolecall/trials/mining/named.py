"""The names of tests that a request tells."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CASE = re.compile(r"\[.*\]$", re.DOTALL)
_PART = re.compile(r"::| > |/")


def names_of(tests: Sequence[str], before: str) -> tuple[str, ...]:
    """Names of tests, each once whatever its cases are.

    Only the new ones, those whose own name does not stand in the tests of before, if there are any:
    where a new import breaks a whole file, the others are in it by accident.
    """
    names = tuple(dict.fromkeys(_CASE.sub("", test) for test in tests))
    new = tuple(name for name in names if not _stands_in(name, before))
    return new or names


def _stands_in(name: str, text: str) -> bool:
    own = _PART.split(name)[-1].rpartition(".")[2]
    return re.search(rf"(?<!\w){re.escape(own)}(?!\w)", text) is not None
