"""Run test files in a tree and say what became of each test."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from msgspec import Struct

from rolecall.trials.judging.execute import Done, Execute
from rolecall.trials.judging.plainly import remove, text_of
from rolecall.trials.judging.runners.runner import REPORT, Told, merged
from rolecall.trials.judging.runners.table import RUNNERS, THE_COMMAND
from rolecall.trials.judging.toolchain import Toolchain, environ_in, furnish

_OURS = ".rolecall"
_MOST_REPORT = 64 * 1024 * 1024
"""Bytes of a report that are read; tests that write more than this are not believed."""


class Results(Struct, frozen=True, kw_only=True):
    """What became of each test, by its id, and how the command ended."""

    told: dict[str, Told]
    done: Done

    @property
    def passed(self) -> frozenset[str]:
        return frozenset(one.id for one in self.told.values() if one.outcome == "passed")

    @property
    def wrong(self) -> tuple[Told, ...]:
        return tuple(one for one in self.told.values() if one.outcome in {"failed", "broken"})


def run_tests(
    tools: Toolchain,
    files: Sequence[str],
    tree: Path,
    execute: Execute,
    *,
    seconds: float,
    seed: int = 0,
) -> Results:
    """Run these files. `seed` varies what Python leaves to chance, as the order of sets.

    Our helpers put the tree on Python's path themselves, once what judges is imported.
    """
    runner = RUNNERS[tools.form]
    _make_ready(tree, runner.helper)
    furnish(tools, tree)
    environ = environ_in(tools, tree)
    if "PYTHONPATH" in environ:
        environ["PYTHONHASHSEED"] = str(seed)
        environ["ROLECALL_PATHS"] = environ.pop("PYTHONPATH")
    command = runner.command(tools.command, files)
    done = execute(command, tree, seconds=seconds, environ=environ)
    if tools.form == "exit":
        outcome = Told(THE_COMMAND, "passed" if done.status == 0 else "failed", _last(done.output))
        return Results(told={outcome.id: outcome}, done=done)
    told = runner.read(done.output, text_of(tree / REPORT, _MOST_REPORT).replace(f"{tree}/", ""))
    return Results(told=merged(told), done=done)


def _last(output: str) -> str:
    return (output.strip().splitlines() or [""])[-1][:300]


def _make_ready(tree: Path, helper: str) -> None:
    """Our folder in the tree, ours again: whatever stands in its way is removed."""
    folder = tree / _OURS
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.unlink()
    folder.mkdir(exist_ok=True)
    remove(tree / REPORT)
    if helper:
        remove(folder / helper)
        text = resources.files("rolecall.trials.judging.inside").joinpath(helper).read_bytes()
        (folder / helper).write_bytes(text)
