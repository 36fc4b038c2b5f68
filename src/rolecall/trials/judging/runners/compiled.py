"""go test by its JSON, cargo test by its lines, since stable cargo writes nothing better."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from rolecall.trials.judging.runners.runner import Outcome, Runner, Told

_GO: dict[str, Outcome] = {"pass": "passed", "fail": "failed", "skip": "skipped"}
_CARGO: dict[str, Outcome] = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
_RUNNING = re.compile(r"^\s+Running (?:unittests )?(\S+)")
_RESULT = re.compile(r"^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)")


class _Event(Struct):
    action: str = msgspec.field(name="Action", default="")
    package: str = msgspec.field(name="Package", default="")
    test: str = msgspec.field(name="Test", default="")


def _is_go_test(path: str) -> bool:
    return path.endswith("_test.go")


def _go(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    """Packages are what go tests, and they are folders."""
    folders = dict.fromkeys(f"./{PurePosixPath(file).parent}" for file in files)
    return (*begins, "test", "-json", "-count=1", *folders)


def _go_report(output: str, _report: str) -> list[Told]:
    found = []
    for line in output.splitlines():
        try:
            event = msgspec.json.decode(line, type=_Event)
        except (msgspec.DecodeError, UnicodeEncodeError):
            continue
        outcome = _GO.get(event.action)
        if outcome is not None and event.test:
            found.append(Told(f"{event.package}::{event.test}", outcome))
    return found


def _is_cargo_test(path: str) -> bool:
    """Integration tests, each a file of its own; what stands inside of a source file is not."""
    parts = PurePosixPath(path).parts
    return path.endswith(".rs") and len(parts) > 1 and parts[-2] == "tests"


def _cargo(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    chosen = [part for file in files for part in ("--test", PurePosixPath(file).stem)]
    return (*begins, "test", "--offline", "--no-fail-fast", *chosen)


def _cargo_report(output: str, _report: str) -> list[Told]:
    found, crate = [], ""
    for line in output.splitlines():
        if running := _RUNNING.match(line):
            crate = running[1]
        elif result := _RESULT.match(line):
            found.append(Told(f"{crate}::{result[1]}", _CARGO[result[2]]))
    return found


GO = Runner(is_test=_is_go_test, command=_go, read=_go_report)
CARGO = Runner(is_test=_is_cargo_test, command=_cargo, read=_cargo_report)
