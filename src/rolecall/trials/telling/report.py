"""All that a trial has come to, as one value: for a screen, a script, or a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from rolecall.errors import TrialError
from rolecall.ledger import trials as kept
from rolecall.ledger.store import Ledger
from rolecall.measure.pairs import Pair, Table, arms, pairs, table
from rolecall.measure.verdicts import Found, settled, verdicts
from rolecall.trials.judging.tasks import read_task, trial_folder
from rolecall.trials.running.begin import papers
from rolecall.trials.running.schedule import order
from rolecall.types.trials import Run, Task, Trial

WEAK = "with a judge that proves little"


class Report(Struct, frozen=True, kw_only=True):
    """`spent` is USD, that on lost tries (`wasted`) included. `pairs` are by the arm's name.

    `tasks` are as they were at its start; `notes` says what could not be read.
    """

    trial: Trial
    found: Found
    spent: Decimal
    wasted: Decimal
    unpriced: int
    runs: tuple[Run, ...]
    pairs: dict[str, tuple[Pair, ...]]
    tasks: dict[str, Task]
    notes: tuple[str, ...] = ()


def report(ledger: Ledger, data: Path, trial: Trial) -> Report:
    """What the runs in the ledger have shown, in the order in which they are made."""
    runs = kept.runs(ledger, trial.id)
    tasks, notes = _tasks(data, trial)
    found = table(trial, runs, order(trial), _excluded(tasks))
    return Report(
        trial=trial,
        found=verdicts(found),
        spent=kept.spent(runs),
        wasted=sum((run.wasted for run in runs), Decimal(0)),
        unpriced=sum(run.cost is None for run in runs),
        runs=tuple(runs),
        pairs=_pairs(found),
        tasks=tasks,
        notes=notes,
    )


def _tasks(data: Path, trial: Trial) -> tuple[dict[str, Task], tuple[str, ...]]:
    """The tasks of a trial, as they were at its start. Those that cannot be read count, too."""
    repository = Path(trial.repository)
    folder = papers(trial_folder(data, repository), trial) / "tasks"
    found, wrong = {}, []
    for name in trial.tasks:
        try:
            found[name] = read_task(folder / f"{name}.toml", repository)
        except TrialError as error:
            wrong.append(str(error))
    says = f"{len(wrong)} tasks cannot be read, so their judges count as good"
    return found, (f"{says}: {wrong[0]}",) if wrong else ()


def _excluded(tasks: Mapping[str, Task]) -> dict[str, str]:
    return {
        name: WEAK for name, task in tasks.items() if task.judge is not None and task.judge.weak
    }


def _pairs(found: Table) -> dict[str, tuple[Pair, ...]]:
    others = [arm for arm in arms(found.trial) if arm.control or arm.candidate != _first(found)]
    return {arm.name: tuple(pairs(found, arm)) for arm in others}


def _first(found: Table) -> str:
    return found.trial.candidates[0]


def is_settled(trial: Trial, tasks: Mapping[str, Task]) -> Callable[[Sequence[Run]], bool]:
    """Says of the runs so far whether more of them would change no verdict over all kinds."""
    excluded, planned = _excluded(tasks), order(trial)

    def held(runs: Sequence[Run]) -> bool:
        return settled(table(trial, runs, planned, excluded))

    return held
