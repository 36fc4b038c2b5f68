"""Starts pytest with a plugin that tells what became of each test, in a line of JSON each.

Node ids and phases come from pytest itself: nothing is read off what it prints. pytest is imported
before the folders of the tree are, so that no module in there takes its place. It runs in the
repository's own interpreter, so it needs nothing but pytest and Python 3.8.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

_LONGEST = 300


class Teller:
    """Writes at once, so that what ran before a crash is known after it."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 (open for the session)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self._tell(report.nodeid, "failed", _says(report))
        elif report.skipped or hasattr(report, "wasxfail"):
            self._tell(report.nodeid, "skipped", "")
        elif report.when == "call":
            self._tell(report.nodeid, "passed", "")

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._tell(report.nodeid, "broken", _says(report))

    def pytest_unconfigure(self) -> None:
        self._file.close()

    def _tell(self, name: str, outcome: str, says: str) -> None:
        self._file.write(json.dumps({"id": name, "outcome": outcome, "says": says}) + "\n")
        self._file.flush()


def _says(report: Any) -> str:
    """The line that names the error, not the trace that led to it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)[:_LONGEST]
    lines = str(getattr(report, "longreprtext", "")).strip().splitlines()
    return (lines or [""])[-1][:_LONGEST]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: Any) -> None:
    if not hasattr(config, "workerinput"):
        teller = Teller(os.environ["ROLECALL_REPORT"])
        config.pluginmanager.register(teller, "rolecall-teller")


def main() -> int:
    paths = os.environ.pop("ROLECALL_PATHS", "")
    os.environ["PYTHONPATH"] = paths
    sys.path[:1] = [str(Path.cwd()), *filter(None, paths.split(os.pathsep))]
    return int(pytest.main(sys.argv[1:], plugins=[sys.modules[__name__]]))


if __name__ == "__main__":
    sys.exit(main())
