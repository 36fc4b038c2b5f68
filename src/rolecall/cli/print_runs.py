"""How trials and their runs are shown."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from rolecall.cli.tables import table
from rolecall.ledger.trials import spent
from rolecall.spoken.figures import dollars, plain, seconds
from rolecall.trials.running.conduct import Ending, Told
from rolecall.trials.running.schedule import order
from rolecall.types.trials import Run, Trial


def print_begin(trial: Trial, workspace: str | None) -> None:
    """What is about to be done. On standard error, so that `--json` stays JSON."""
    names = " and ".join(trial.candidates)
    runs = len(order(trial))
    where = f", in the workspace {workspace}" if workspace else ""
    says = f"Trial {trial.id}: {names} on {len(trial.tasks)} tasks, {runs} runs{where}."
    typer.echo(plain(says), err=True)


@contextmanager
def progress(trial: Trial) -> Iterator[Callable[[Told], None]]:
    """A bar with time and money left; a line for each run where nobody watches."""
    if not sys.stderr.isatty():
        yield _tell_line
        return
    columns = (
        TextColumn("runs"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[money]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, markup=False, emoji=False)) as bar:
        shown = bar.add_task("", total=None, money="")

        def tell(told: Told) -> None:
            of = "" if trial.budget is None else f" of {dollars(trial.budget)}"
            money = f"{dollars(told.spent)}{of}"
            bar.update(shown, completed=told.done, total=told.total, money=money)
            if told.newest is not None:
                bar.console.print(_line(told.newest))

        yield tell


def _tell_line(told: Told) -> None:
    if told.newest is not None:
        typer.echo(f"{told.done}/{told.total}  {_line(told.newest)}", err=True)


def _line(run: Run) -> str:
    words = (run.task, run.arm.name, word(run), seconds(run.seconds), dollars(run.cost), run.says)
    return plain("  ".join(words))


def word(run: Run) -> str:
    """What became of a run, in a word."""
    if run.solved is None:
        return run.stop if run.stop in {"lost", "refused"} else "not judged"
    if run.solved:
        return "solved"
    return "failed" if run.stop == "finished" else f"failed ({run.stop})"


def print_end(trial: Trial, ending: Ending) -> None:
    told = ending.told
    typer.echo(f"{told.done} of {told.total} runs, {dollars(told.spent)}: {ending.why}.")
    if ending.left:
        says = "--whole makes the rest, --budget gives it another budget"
        typer.echo(f"`rolecall trial run {trial.id}` goes on; {says}.")
    typer.echo(f"`rolecall trial report {trial.id}` says what was shown.")


def print_trials(found: Sequence[tuple[Trial, Sequence[Run]]], to: Console) -> None:
    if not found:
        typer.echo("There is no trial yet; `rolecall trial run --models A,B` makes one.")
        return
    rows = (
        (
            trial.id,
            f"{trial.at:%Y-%m-%d %H:%M}",
            trial.repository,
            " ".join(trial.candidates),
            trial.agent,
            f"{sum(run.stop != 'lost' for run in runs)}/{len(order(trial))}",
            dollars(spent(runs)),
        )
        for trial, runs in found
    )
    to.print(table(("trial", "since", "repository", "models", "agent"), ("runs", "cost"), rows))


def print_runs(trial: Trial, runs: Sequence[Run], to: Console) -> None:
    """One line a run, then the sums of each arm."""
    rows = (
        (
            run.task,
            run.arm.name,
            str(run.repetition),
            word(run),
            run.says,
            seconds(run.seconds),
            str(run.calls),
            dollars(run.cost),
        )
        for run in runs
    )
    to.print(
        table(("task", "arm", "rep", "state", "what was said"), ("time", "calls", "cost"), rows)
    )
    states = Counter((run.arm.name, word(run)) for run in runs)
    for arm in sorted({run.arm.name for run in runs}):
        told = (f"{count} {state}" for (name, state), count in states.items() if name == arm)
        to.print(plain(f"{arm}: {', '.join(told)}"))
    left = len(order(trial)) - sum(run.stop != "lost" for run in runs)
    to.print(plain(f"{left} runs are still to be made; {dollars(spent(runs))} spent."))
    if runs:
        to.print(plain(f"Changes, logs and what judges said: {runs[-1].folder.rpartition('/')[0]}"))
