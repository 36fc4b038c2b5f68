"""Runs test files with unittest and tells what became of each test, in a line of JSON each.

unittest is imported before the folders of the tree are, so that no module in there takes its place.
It runs in the repository's own interpreter, so it needs nothing but Python 3.8.
"""

from __future__ import annotations

import json
import os
import sys
import unittest
from pathlib import Path
from typing import Any

_LONGEST = 300
_HOLDERS = ("unittest.loader._FailedTest", "unittest.suite._ErrorHolder")


class Teller(unittest.TestResult):
    """Writes at once, so that what ran before a crash is known after it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 (open to the end)

    def addSuccess(self, test: Any) -> None:  # noqa: N802 (unittest's name)
        self._tell(test, "passed")

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        self._tell(test, "broken" if _is_holder(test) else "failed", err)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._tell(test, "failed", err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: ARG002, N802
        if err is not None:
            self._tell(test, "failed", err)

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: ARG002, N802
        self._tell(test, "skipped")

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: ARG002, N802
        self._tell(test, "skipped")

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        self._tell(test, "failed")

    def _tell(self, test: Any, outcome: str, err: Any = None) -> None:
        lines = f"{err[0].__name__}: {err[1]}".strip().splitlines() if err else [""]
        says = (lines[-1] if _is_holder(test) else lines[0])[:_LONGEST]
        line = {"id": test.id(), "outcome": outcome, "says": says}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _is_holder(test: Any) -> bool:
    """Not a test, but what stands for a module or a class that could not be made ready."""
    return f"{type(test).__module__}.{type(test).__qualname__}" in _HOLDERS


def main() -> None:
    paths = os.environ.pop("ROLECALL_PATHS", "")
    os.environ["PYTHONPATH"] = paths
    sys.path[:1] = [str(Path.cwd()), *filter(None, paths.split(os.pathsep))]
    names = [file[: -len(".py")].replace("/", ".") for file in sys.argv[1:]]
    result = Teller(os.environ["ROLECALL_REPORT"])
    unittest.defaultTestLoader.loadTestsFromNames(names).run(result)


if __name__ == "__main__":
    main()
