"""What mining found, and the tasks there are, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from rolecall.cli.tables import table
from rolecall.spoken.figures import plain, seconds
from rolecall.trials.mining.candidates import REASONS
from rolecall.trials.mining.mine import Mined
from rolecall.types.trials import Task

_SUBJECT = 60


def print_mined(found: Mined, out: Console) -> None:
    """Commits seen, kept and dropped by reason; where the tasks lie, and how to edit them."""
    rows = [("seen", f"{found.seen:,}"), ("candidates", f"{found.candidates:,}")]
    rows += [("replayed now", f"{found.fresh:,}"), ("kept as tasks", f"{found.kept:,}")]
    out.print(table(("commits",), ("",), rows))
    if found.dropped:
        dropped = [(REASONS[reason], f"{count:,}") for reason, count in found.dropped.items()]
        out.print()
        out.print(table(("dropped because",), ("commits",), dropped))
    out.print()
    for line in remarks(found):
        out.print(line, soft_wrap=True)


def remarks(found: Mined) -> list[str]:
    """What to know, and what to do next."""
    lines = []
    if found.weak:
        lines.append(
            f"{found.weak} of the tasks have a weak judge: most faults planted into the change "
            "pass its tests. `rolecall trial tasks` names them."
        )
    if found.reviews:
        lines.append(f"{found.reviews} review tasks were made of small fixes.")
    if found.shallow:
        lines.append("This is a shallow clone; `git fetch --unshallow` brings more history.")
    if found.kept:
        lines.append(
            f"The tasks lie in {found.folder}, a file each: edit `request` and `kind` as you like; "
            "delete a file and it is not made again."
        )
    else:
        lines.append(
            "No task was found. Tasks of your own go into trials/*.toml of the repository "
            "(docs/trials-mining.md)."
        )
    return lines


def print_tasks(tasks: Sequence[Task], folder: Path, out: Console) -> None:
    if not tasks:
        out.print(f"No tasks in {folder}; `rolecall trial mine` looks for some.", soft_wrap=True)
        return
    rows = [
        (
            task.id,
            task.kind,
            task.request.strip().partition("\n")[0][:_SUBJECT],
            _judged(task),
            str(task.size),
            seconds(task.judge.seconds) if task.judge else "",
        )
        for task in tasks
    ]
    out.print(table(("task", "kind", "request", "judged by"), ("lines", "judge"), rows))
    for task in tasks:
        if task.judge is not None and task.judge.weak:
            out.print(f"\n{task.id} has a weak judge: {plain(task.judge.weak)}", soft_wrap=True)


def _judged(task: Task) -> str:
    """What decides whether it is done."""
    if task.judge is None:
        count = len(task.defects)
        return f"{count} {'place' if count == 1 else 'places'}"
    must, keep = len(task.judge.must_pass), len(task.judge.keep_passing)
    return f"{must} {'test' if must == 1 else 'tests'}, {keep} kept"
