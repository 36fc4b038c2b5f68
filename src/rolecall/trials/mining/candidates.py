"""Which commits may become tasks, by what they changed. Nothing is run for this."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

from msgspec import Struct

from rolecall.trials.judging.runners.runner import Runner, in_test_folder
from rolecall.trials.mining.history import Change, Commit
from rolecall.trials.mining.requests import says_enough

Side = Literal["test", "support", "source", "other"]
"""What a file is to a task: a test, what tests need, source, or neither."""
Reason = Literal[
    "merge",
    "first",
    "no-source",
    "no-tests",
    "renames",
    "binary",
    "submodule",
    "large",
    "names",
    "words",
    "slow",
    "not-running",
    "skipped",
    "service",
    "no-submodule",
    "fails",
    "passes",
    "flaky",
    "incomplete",
]
REASONS: Mapping[Reason, str] = {
    "merge": "it is a merge",
    "first": "nothing comes before it (the first commit, or the end of a shallow clone)",
    "no-source": "it changes no source",
    "no-tests": "it changes no test",
    "renames": "it only renames",
    "binary": "it changes binary source",
    "submodule": "it moves a submodule",
    "large": "it changes more lines of source than --max-lines",
    "names": "it has a file whose name is no UTF-8",
    "words": "its message says too little",
    "slow": "its tests take longer than --test-seconds",
    "not-running": "its tests do not start in today's environment",
    "skipped": "its tests are skipped in today's environment",
    "service": "its tests need a service that does not answer",
    "no-submodule": "its tests need a submodule",
    "fails": "its tests fail with the change, too",
    "passes": "its tests pass without the change, too",
    "flaky": "its tests do not say the same three times",
    "incomplete": "the clone does not hold all of it",
}
"""Why a commit is no task, in the words of a report."""

_CODE = re.compile(
    r"\.(?:py|pyx|pyi|[cm]?[jt]sx?|go|rs|c|cc|cpp|cxx|h|hh|hpp|java|kt|rb|php|cs|swift|scala|ex"
    r"|exs|erl|hs|ml|lua|sh|vue|svelte)$"
)
_SOURCE_FOLDERS = frozenset({"src", "lib"})
_BESIDE = frozenset({"docs", "doc", "examples", "example", "benchmarks", "bench", ".github"})
_BUILT_WITH = frozenset({"setup.py", "noxfile.py", "conf.py", "tasks.py", "fabfile.py"})


class Candidate(Struct, frozen=True, kw_only=True):
    """A commit with what it changed by side. `tests` are those that are there after it."""

    commit: Commit
    tests: tuple[str, ...]
    support: tuple[str, ...]
    sources: tuple[Change, ...]

    @property
    def size(self) -> int:
        return sum(change.lines for change in self.sources)


def side(path: str, runner: Runner) -> Side:
    """What this file is to a task."""
    pure = PurePosixPath(path)
    if runner.is_test(path):
        return "test"
    if in_test_folder(path) or pure.name == "conftest.py":
        return "support"
    if not _BESIDE.isdisjoint(pure.parts[:-1]) or pure.name in _BUILT_WITH:
        return "other"
    if _CODE.search(pure.name) or not _SOURCE_FOLDERS.isdisjoint(pure.parts[:-1]):
        return "source"
    return "other"


def considered(commit: Commit, runner: Runner, most_lines: int) -> Candidate | Reason:
    """The commit as a candidate, or why it cannot be one."""
    if len(commit.parents) != 1:
        return "merge" if commit.parents else "first"
    if any(change.submodule for change in commit.changes):
        return "submodule"
    sides: dict[Side, list[Change]] = {"test": [], "support": [], "source": [], "other": []}
    for change in commit.changes:
        sides[side(change.path, runner)].append(change)
    sources = [change for change in sides["source"] if change.lines or change.binary]
    tests = [change for change in sides["test"] if change.added and change.status != "D"]
    found = Candidate(
        commit=commit,
        tests=tuple(change.path for change in tests),
        support=tuple(change.path for change in sides["support"]),
        sources=tuple(sources),
    )
    return _refused(found, sides, most_lines) or found


def _refused(
    found: Candidate, sides: Mapping[Side, list[Change]], most_lines: int
) -> Reason | None:
    if not found.sources:
        return "renames" if sides["source"] else "no-source"
    if not found.tests:
        only_moved = any(change.status == "R" for change in sides["test"])
        return "renames" if only_moved else "no-tests"
    if any(change.binary for change in found.sources):
        return "binary"
    if found.size > most_lines:
        return "large"
    if not all(map(_is_text, (*found.tests, *found.support, *(one.path for one in found.sources)))):
        return "names"
    return None if says_enough(found.commit.message) else "words"


def _is_text(path: str) -> bool:
    """Bytes that are no UTF-8 come as halves of surrogates, which no file of ours can hold."""
    return not any("\ud800" <= mark <= "\udfff" for mark in path)
