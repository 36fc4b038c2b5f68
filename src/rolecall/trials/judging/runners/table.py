"""The runners by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rolecall.trials.judging.runners import compiled, javascript, python
from rolecall.trials.judging.runners.runner import Runner, Told, in_test_folder

Form = Literal["pytest", "unittest", "node", "jest", "vitest", "mocha", "go", "cargo", "exit"]
"""How a runner is called and heard; `exit` is any command, by its exit code."""
THE_COMMAND = "the command"
"""What stands for all tests where only an exit code is known."""


def _as_it_is(begins: Sequence[str], _files: Sequence[str]) -> tuple[str, ...]:
    return tuple(begins)


def _nothing(_output: str, _report: str) -> list[Told]:
    """An exit code says all there is; `results` adds it."""
    return []


def _any_test(path: str) -> bool:
    found = (python.is_test, javascript.is_test, compiled.GO.is_test, compiled.CARGO.is_test)
    return in_test_folder(path) or any(is_test(path) for is_test in found)


RUNNERS: dict[Form, Runner] = {
    "pytest": python.PYTEST,
    "unittest": python.UNITTEST,
    "node": javascript.NODE,
    "jest": javascript.JEST,
    "vitest": javascript.VITEST,
    "mocha": javascript.MOCHA,
    "go": compiled.GO,
    "cargo": compiled.CARGO,
    "exit": Runner(is_test=_any_test, command=_as_it_is, read=_nothing),
}
