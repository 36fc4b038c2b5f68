"""Begin a trial, or take one up: its row in the ledger, its tasks as they were at its start."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from rolecall.config.load import nearest
from rolecall.errors import ConfigError, StartError
from rolecall.ledger.store import Ledger
from rolecall.ledger.trials import change_trial, keep_trial
from rolecall.ledger.trials import trials as all_trials
from rolecall.trials.judging.tasks import read_task, write_task
from rolecall.trials.running.run import SCRATCH, remove
from rolecall.types import Kind
from rolecall.types.trials import RunLimits, Task, Trial


class Wanted(Struct, frozen=True, kw_only=True):
    """A trial that somebody asks for. The first model is the one that plays today.

    `most` is how many tasks, drawn by the seed; `names` are those and no others.
    """

    repository: Path
    models: tuple[str, ...]
    agent: str
    kinds: tuple[Kind, ...] = ()
    names: tuple[str, ...] = ()
    most: int | None = None
    repetitions: int = 1
    control: bool = True
    seed: int = 1
    budget: Decimal | None = None
    margin: float = 0.1
    level: float = 0.95
    limits: RunLimits = RunLimits()


def begin(wanted: Wanted, tasks: Sequence[Task], *, at: datetime, draw: int) -> Trial:
    """The trial, with an id that is easy to type. Raises `ConfigError` where no task fits."""
    chosen = choose(wanted, tasks)
    return Trial(
        id=f"{at:%m%d}-{draw % 36**4:04x}",
        at=at,
        repository=str(wanted.repository),
        agent=wanted.agent,
        candidates=wanted.models,
        tasks=tuple(one.id for one in chosen),
        repetitions=wanted.repetitions,
        control=wanted.control,
        seed=wanted.seed,
        budget=wanted.budget,
        margin=wanted.margin,
        level=wanted.level,
        limits=wanted.limits,
    )


def choose(wanted: Wanted, tasks: Sequence[Task]) -> list[Task]:
    """Tasks of these kinds whose judges prove something, or those that are named."""
    known = {one.id: one for one in tasks}
    for name in wanted.names:
        if name not in known:
            raise ConfigError(f"there is no task {name!r}; {nearest(name, known)}")
    fit = [known[name] for name in wanted.names] or [
        one
        for one in tasks
        if (not wanted.kinds or one.kind in wanted.kinds)
        and (one.judge is None or not one.judge.weak)
    ]
    if not fit:
        of = f" of the kinds {', '.join(wanted.kinds)}" if wanted.kinds else ""
        raise ConfigError(f"there is no task{of} to try; `rolecall trial mine` finds some")
    if wanted.most is not None and wanted.most < len(fit):
        draw = random.Random(wanted.seed)  # noqa: S311 (a choice, no secret)
        fit = sorted(draw.sample(fit, wanted.most), key=lambda one: one.id)
    return fit


def papers(trials: Path, trial: Trial) -> Path:
    """Where everything of a trial is, in the folder of its repository's trials."""
    return trials / "runs" / trial.id


def keep(ledger: Ledger, trials: Path, trial: Trial, tasks: Mapping[str, Task]) -> None:
    """Keep the trial, and its tasks as they are now: what is edited later changes no comparison.

    One that is known keeps its tasks and may have another budget.
    """
    known = {one.id for one in all_trials(ledger)}
    if trial.id in known:
        change_trial(ledger, trial)
        return
    for one in tasks.values():
        write_task(papers(trials, trial) / "tasks", one)
    keep_trial(ledger, trial)


def tasks_of(trials: Path, trial: Trial) -> dict[str, Task]:
    """Its tasks as they were at its start."""
    folder = papers(trials, trial) / "tasks"
    repository = Path(trial.repository)
    return {name: read_task(folder / f"{name}.toml", repository) for name in trial.tasks}


@contextmanager
def alone(trials: Path, trial: Trial) -> Iterator[None]:
    """Nobody else conducts this trial meanwhile. The lock ends with this process, however it ends.

    What earlier ones left behind when they were killed is cleared away.
    """
    folder = papers(trials, trial)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            says = f"another process conducts the trial {trial.id}"
            raise StartError(f"{says}; wait for it, or stop it with Ctrl-C") from error
        sweep(Path(tempfile.gettempdir()))
        yield


def sweep(folder: Path) -> None:
    """Remove the trees of runs whose process is gone; the name says which process it was."""
    for one in folder.glob(f"{SCRATCH}*"):
        owner = one.name.removeprefix(SCRATCH).partition("-")[0]
        with suppress(ValueError, PermissionError):
            try:
                os.kill(int(owner), 0)
            except ProcessLookupError:
                remove(one)
