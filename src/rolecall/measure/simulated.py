"""Trials whose truth is known: what verdicts are checked with, and what a plan reckons with."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from rolecall.measure.pairs import Key, arms
from rolecall.types.trials import Run, Trial
from rolecall.types.words import Kind

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SPREAD, _TASK = 0.4, 0.5
"""Of the logarithm of a run's cost, and of a task's."""


class Truth(Struct, frozen=True, kw_only=True):
    """How often each candidate solves, and what a run of it costs in USD on average.

    On a share of tasks, `luck`, each run is a draw of its own. On the others a candidate solves
    always or never; whether two do so alike is, on the share `alike` of them, one draw for all.
    """

    solves: tuple[float, ...]
    costs: tuple[float, ...]
    luck: float = 0.5
    alike: float = 0.7
    kinds: tuple[Kind, ...] = ("fix",)


def simulated(
    truth: Truth, tasks: int, *, repetitions: int = 1, seed: int = 1, margin: float = 0.1
) -> tuple[Trial, list[Run]]:
    """A trial and its runs, in a random order as they would have been made."""
    dice = random.Random(seed)  # noqa: S311 (chance for statistics, no secret)
    trial = Trial(
        id=f"simulated-{seed}",
        at=_AT,
        repository="simulated",
        agent="none",
        candidates=tuple(f"simulated/{number}" for number in range(len(truth.solves))),
        tasks=tuple(f"t{number}" for number in range(tasks)),
        repetitions=repetitions,
        seed=seed,
        margin=margin,
    )
    chances = {task: _chances(truth, dice) for task in trial.tasks}
    factors = {task: _factor(_TASK, dice) for task in trial.tasks}
    runs = []
    for number, key in enumerate(planned(trial, dice)):
        task, arm, _ = key
        place = trial.candidates.index(arm.candidate)
        cost = truth.costs[place] * factors[task] * _factor(_SPREAD, dice)
        kind = truth.kinds[trial.tasks.index(task) % len(truth.kinds)]
        solved = dice.random() < chances[task][place]
        runs.append(_run(trial, key, kind, (solved, cost), _AT + timedelta(minutes=number)))
    return trial, runs


def planned(trial: Trial, dice: random.Random) -> list[Key]:
    """Every run of a trial, shuffled."""
    found = [
        (task, arm, number)
        for task in trial.tasks
        for arm in arms(trial)
        for number in range(1, trial.repetitions + 1)
    ]
    dice.shuffle(found)
    return found


def _chances(truth: Truth, dice: random.Random) -> tuple[float, ...]:
    """How often each solves this task."""
    if dice.random() < truth.luck:
        return truth.solves
    common = dice.random() if dice.random() < truth.alike else None
    draws = [dice.random() if common is None else common for _ in truth.solves]
    return tuple(float(draw < chance) for draw, chance in zip(draws, truth.solves, strict=True))


def _factor(spread: float, dice: random.Random) -> float:
    """Around one, as costs are."""
    return math.exp(dice.gauss(-spread * spread / 2, spread))


def _run(trial: Trial, key: Key, kind: Kind, came: tuple[bool, float], at: datetime) -> Run:
    task, arm, number = key
    solved, cost = came
    return Run(
        trial=trial.id,
        task=task,
        kind=kind,
        arm=arm,
        repetition=number,
        at=at,
        stop="finished",
        solved=solved,
        says="solved" if solved else "not solved",
        cost=Decimal(str(round(cost, 6))),
        seconds=600 * cost,
    )
