"""What `npm test` starts: node's own runner, jest, vitest or mocha by their reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from rolecall.trials.judging.runners.reports import of_helper
from rolecall.trials.judging.runners.runner import REPORT, Outcome, Runner, Told, in_test_folder

_CODE = re.compile(r"\.[cm]?[jt]sx?$")
_TEST = re.compile(r"[._-](?:test|spec)\.[cm]?[jt]sx?$|^test[-_.]|^test\.[cm]?[jt]s$")
_RIGGING = ("package.json", ".mocharc.json", ".mocharc.js", "jest.config.js", "jest.config.ts")
_MORE = ("vitest.config.js", "vitest.config.ts", "vite.config.js", "vite.config.ts")


def is_test(path: str) -> bool:
    name = PurePosixPath(path).name
    return bool(_TEST.search(name) or (_CODE.search(name) and in_test_folder(path)))


class _Asserted(Struct):
    full_name: str = msgspec.field(name="fullName", default="")
    status: str = ""
    messages: list[str] = msgspec.field(name="failureMessages", default_factory=list)


class _File(Struct):
    name: str = ""
    status: str = ""
    message: str = ""
    results: list[_Asserted] = msgspec.field(name="assertionResults", default_factory=list)


class _Jest(Struct):
    """What jest writes with `--json`, and vitest with its reporter of that name."""

    files: list[_File] = msgspec.field(name="testResults", default_factory=list)


class _Error(Struct):
    message: str = ""


class _Test(Struct):
    full_title: str = msgspec.field(name="fullTitle", default="")
    file: str = ""
    err: _Error = msgspec.field(default_factory=_Error)


class _Mocha(Struct):
    passes: list[_Test] = []
    failures: list[_Test] = []
    pending: list[_Test] = []


def _jest_report(_output: str, report: str) -> list[Told]:
    try:
        told = msgspec.json.decode(report, type=_Jest)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return []
    found = []
    for file in told.files:
        for one in file.results:
            says = (one.messages or [""])[0].partition("\n")[0]
            found.append(Told(f"{file.name}::{one.full_name}", _status(one.status), says))
        if not file.results and file.status == "failed":
            found.append(Told(file.name, "broken", file.message.strip().partition("\n")[0]))
    return found


def _status(word: str) -> Outcome:
    if word == "passed":
        return "passed"
    return "failed" if word == "failed" else "skipped"


def _mocha_report(_output: str, report: str) -> list[Told]:
    try:
        told = msgspec.json.decode(report, type=_Mocha)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return []
    sorts: tuple[tuple[Outcome, list[_Test]], ...] = (
        ("passed", told.passes),
        ("failed", told.failures),
        ("skipped", told.pending),
    )
    return [
        Told(f"{one.file}::{one.full_title}", outcome, one.err.message)
        for outcome, tests in sorts
        for one in tests
    ]


def _node(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    reporter = "--test-reporter=./.rolecall/rolecall_node.mjs"
    return (*begins, "--test", reporter, f"--test-reporter-destination={REPORT}", *files)


def _jest(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    return (*begins, "--json", f"--outputFile={REPORT}", "--runTestsByPath", *files)


def _vitest(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    return (*begins, "--run", "--reporter=json", f"--outputFile={REPORT}", *files)


def _mocha(begins: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    return (*begins, "--reporter", "json", "--reporter-option", f"output={REPORT}", *files)


NODE = Runner(
    is_test=is_test,
    command=_node,
    read=of_helper,
    helper="rolecall_node.mjs",
    rigging=("package.json",),
)
JEST = Runner(is_test=is_test, command=_jest, read=_jest_report, rigging=(*_RIGGING, *_MORE))
VITEST = Runner(is_test=is_test, command=_vitest, read=_jest_report, rigging=(*_RIGGING, *_MORE))
MOCHA = Runner(is_test=is_test, command=_mocha, read=_mocha_report, rigging=_RIGGING)
