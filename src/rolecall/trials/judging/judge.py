"""Say whether a task is done: by its tests, or by the places that a review names.

Judges are put back before they judge. What stays possible is code under test that steers its own
test run, since both are one process: `docs/trials-mining.md` says so.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import Struct

from rolecall.config.load import environment
from rolecall.errors import TrialError
from rolecall.trials.judging.execute import Execute
from rolecall.trials.judging.git import Store, borrowed
from rolecall.trials.judging.plainly import text_of
from rolecall.trials.judging.restore import restore
from rolecall.trials.judging.results import Results, run_tests
from rolecall.trials.judging.reviews import ANSWER, reviewed
from rolecall.trials.judging.runners.table import RUNNERS
from rolecall.trials.judging.toolchain import Toolchain, toolchain
from rolecall.types.trials import Judge, Task

_LEAST_PATIENCE, _TIMES = 120.0, 10.0
"""Seconds that tests may take: ten times what they took when they were mined, at least these."""
_MOST_ANSWER = 1 << 20
_NAMED = 3
"""Tests that are named where some of many failed."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What a judge says. `solved` is None where it could not judge, which is nobody's failure."""

    solved: bool | None
    says: str
    seconds: float = 0.0
    output: str = ""


def judge(task: Task, tree: Path, execute: Execute, tools: Toolchain | None = None) -> Verdict:
    """Judge what a tree has become. `tools` saves looking for them again."""
    tree = tree.resolve()
    if task.judge is None:
        return judge_review(task, text_of(tree / ANSWER, _MOST_ANSWER))
    try:
        tools = tools or tools_of(task)
        with borrowed(Path(task.repository)) as store:
            source = store.git("rev-parse", "--verify", f"{task.source or task.base}^{{commit}}")
            if problem := _restored(store, source.decode().strip(), tree, tools, task.judge):
                return Verdict(solved=False, says=problem)
    except TrialError as error:
        return Verdict(solved=None, says=f"could not be judged: {error}")
    files = task.judge.run or task.judge.files
    patience = max(_LEAST_PATIENCE, _TIMES * task.judge.seconds)
    return said(task.judge, run_tests(tools, files, tree, execute, seconds=patience))


def tools_of(task: Task) -> Toolchain:
    """What runs the judge of a task, and what an agent at work on it would run tests with."""
    one = task.judge
    told = (one.runner, one.command) if one is not None else (None, ())
    path = Path(task.repository)
    return toolchain(path, environ=environment(), runner=told[0], command=told[1])


def _restored(store: Store, source: str, tree: Path, tools: Toolchain, one: Judge) -> str | None:
    """Put the judge's files back; says why that was prevented, which is the candidate's doing."""
    rigging = RUNNERS[tools.form].rigging
    try:
        folder = tree / ".rolecall"
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        restore(store, source, tree, files=one.files, rigging=rigging)
    except (OSError, TrialError) as error:
        return f"the tests could not be put back into the tree: {error}"
    return None


def said(one: Judge, results: Results) -> Verdict:
    """What results mean for a task."""
    done, passed = results.done, results.passed
    if done.stop == "crashed":
        return Verdict(solved=None, says=f"could not be judged: {done.output}")
    if done.stop != "finished":
        says = f"the tests were ended at their limit of {done.stop}"
        return Verdict(solved=False, says=says, seconds=done.seconds, output=done.output)
    failed = [name for name in one.must_pass if name not in passed]
    broken = [name for name in one.keep_passing if name not in passed]
    if not one.must_pass and not one.keep_passing:
        failed = [told.id for told in results.wrong] or ([] if passed else ["any test"])
    parts = [
        f"{len(failed)} of {len(one.must_pass) or len(results.told)} still fail: {_some(failed)}"
        if failed
        else "",
        f"{len(broken)} no longer pass: {_some(broken)}" if broken else "",
    ]
    says = "; ".join(part for part in parts if part)
    return Verdict(
        solved=not says,
        says=says or f"{len(passed)} tests pass",
        seconds=done.seconds,
        output=done.output,
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def judge_review(task: Task, answer: str) -> Verdict:
    """Judge a review by the places its answer names."""
    if not answer.strip():
        return Verdict(solved=False, says=f"nothing was written to {ANSWER}")
    found = reviewed(task, answer)
    return Verdict(solved=not found.missed, says=found.says, output=answer)
