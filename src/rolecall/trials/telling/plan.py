"""What a trial would show, cost and take, before any money is spent."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from rolecall.errors import ConfigError
from rolecall.measure.power import Assumed, gain_shown, margin_shown, tasks_for
from rolecall.measure.verdicts import ON_BETTER
from rolecall.types import Kind, Outcome, Rates
from rolecall.types.trials import Run, Task

CALLS, READ, CACHED, WRITTEN = 25, 300_000, 240_000, 8_000
"""Of a run nobody has measured yet, an assumption: 25 calls of 12,000 tokens on average, four
fifths of them read from the cache, and 8,000 tokens written."""
PACE = 12.0
"""Seconds of a call, as long as none was measured; an assumption."""
_RUNS = 3
"""Runs, or pieces of work with a price, from which on their mean counts instead."""
_PAIRS = 20
"""Tasks that two models have done from which on it counts how often they differ."""
_GAINS = (0.1, 0.2, 0.3)
_MILLION = 1_000_000


class Asked(Struct, frozen=True, kw_only=True):
    """A trial that somebody thinks of. The first model is the one that plays today."""

    models: tuple[str, ...]
    kinds: tuple[Kind, ...] = ()
    repetitions: int = 1
    control: bool = True
    margin: float = 0.1
    level: float = 0.95
    budget: Decimal | None = None


class Past(Struct, frozen=True, kw_only=True):
    """What is known already: runs of earlier trials, outcomes, prices and paces by deployment."""

    runs: Sequence[Run] = ()
    outcomes: Sequence[Outcome] = ()
    rates: Mapping[str, Rates | None] = {}
    paces: Mapping[str, float] = {}


class Guess(Struct, frozen=True, kw_only=True):
    """What a run of a model is expected to take: USD (None for no known price) and seconds."""

    cost: float | None
    seconds: float
    by: Literal["trials", "outcomes", "assumed"]
    says: str


class Enough(Struct, frozen=True, kw_only=True):
    """Tasks that would show a gain, or a loss within a margin, and their cost in USD."""

    what: Literal["gain", "margin"]
    points: float
    tasks: int | None
    cost: float | None


class Plan(Struct, frozen=True, kw_only=True):
    """`counted` tasks are within the budget; `gain` and `margin` are what they would show.

    `cost` is USD, `seconds` as if all runs were made one after the other.
    """

    asked: Asked
    kinds: dict[Kind, int]
    weak: int
    tasks: int
    counted: int
    runs: int
    guesses: dict[str, Guess]
    cost: float | None
    seconds: float
    gain: float | None
    margin: float | None
    enough: tuple[Enough, ...]
    assumed: Assumed
    assumed_by: str


def plan(asked: Asked, tasks: Iterable[Task], past: Past) -> Plan:
    """Raises `ConfigError` where there is no task, or a model is named twice."""
    _check(asked)
    known = [one for one in tasks if not asked.kinds or one.kind in asked.kinds]
    fit = [one for one in known if one.judge is None or not one.judge.weak]
    guesses = {name: guess(name, fit, past) for name in asked.models}
    price, seconds = _a_task(asked, guesses, fit)
    counted = _affordable(len(fit), price, asked.budget)
    assumed, by = _assumed(asked, len({one.kind for one in fit}), past)
    return Plan(
        asked=asked,
        kinds=dict(Counter(one.kind for one in fit).most_common()),
        weak=len(known) - len(fit),
        tasks=len(fit),
        counted=counted,
        runs=counted * _arms(asked) * asked.repetitions,
        guesses=guesses,
        cost=None if price is None else price * counted,
        seconds=seconds * counted,
        gain=gain_shown(counted, assumed) if counted else None,
        margin=margin_shown(counted, _of_safety(assumed)) if counted else None,
        enough=tuple(_enough(asked, assumed, price)),
        assumed=assumed,
        assumed_by=by,
    )


def _check(asked: Asked) -> None:
    if len(asked.models) < 2 or len(set(asked.models)) < len(asked.models):
        raise ConfigError(
            "a trial compares two models or more, each named once, the one that plays today first: "
            "--models up/today,up/other"
        )
    if not 0 < asked.margin < 1 or not 0.5 <= asked.level < 1:
        raise ConfigError("--margin lies between 0 and 1, --level from 0.5 to below 1")


def guess(name: str, tasks: Sequence[Task], past: Past) -> Guess:
    """By runs of earlier trials, else by what work cost that was not tried, else an assumption."""
    runs = [run for run in past.runs if run.arm.candidate == name and run.solved is not None]
    if len(runs) >= _RUNS:
        costs = [float(run.cost) for run in runs if run.cost is not None]
        return Guess(
            cost=_mean(costs) if len(costs) == len(runs) else None,
            seconds=_mean([run.seconds + run.judged for run in runs]),
            by="trials",
            says=f"by {len(runs):,} runs of earlier trials",
        )
    judged = _mean([one.judge.seconds for one in tasks if one.judge is not None])
    pace = past.paces.get(name, PACE)
    told = [one for one in past.outcomes if one.deployment == name and one.cost and one.calls]
    if len(told) >= _RUNS:
        calls = _mean([one.calls for one in told])
        return Guess(
            cost=_mean([float(one.cost or 0) for one in told]),
            seconds=calls * pace + judged,
            by="outcomes",
            says=f"by {len(told):,} pieces of work of yours, {calls:.0f} calls each",
        )
    return Guess(
        cost=_list_price(past.rates.get(name)),
        seconds=CALLS * pace + judged,
        by="assumed",
        says=f"assumed: {CALLS} calls, {READ:,} tokens read, {WRITTEN:,} written, at list price",
    )


def _list_price(rates: Rates | None) -> float | None:
    if rates is None:
        return None
    cached = rates.input if rates.cache_read is None else rates.cache_read
    total = rates.input * (READ - CACHED) + cached * CACHED + rates.output * WRITTEN
    return float(total / _MILLION)


def _a_task(
    asked: Asked, guesses: Mapping[str, Guess], tasks: Sequence[Task]
) -> tuple[float | None, float]:
    """USD and seconds of all runs of one task."""
    every = [guesses[name] for name in asked.models]
    every += [every[0]] if asked.control else []
    costs = [one.cost for one in every if one.cost is not None]
    price = math.fsum(costs) * asked.repetitions if len(costs) == len(every) else None
    return price, math.fsum(one.seconds for one in every) * asked.repetitions * bool(tasks)


def _affordable(tasks: int, price: float | None, budget: Decimal | None) -> int:
    """Tasks within the budget; all of them where no price is known, since runs are metered."""
    if budget is None or not price:
        return tasks
    return min(tasks, int(float(budget) / price))


def _arms(asked: Asked) -> int:
    return len(asked.models) + asked.control


def _assumed(asked: Asked, kinds: int, past: Past) -> tuple[Assumed, str]:
    """How often two models differ: as seen in earlier trials, else an assumption."""
    others = len(asked.models) - 1
    needed = others * (2 if kinds > 1 else 1) / (1 - asked.level) / ON_BETTER
    bare = Assumed(repetitions=asked.repetitions, firsts=1 + asked.control, needed=needed)
    apart, own = _differ(past.runs)
    if len(apart) < _PAIRS:
        says = f"assumed: on {bare.apart:.0%} of tasks a run of one differs from one of the other"
        return bare, f"{says}, half of it by chance"
    share = max(_mean(apart), 0.02)
    luck = min(_mean(own) / share, 1.0) if len(own) >= _PAIRS else bare.luck
    says = f"as seen on {len(apart)} tasks of earlier trials: runs of two models differ on"
    found = msgspec.structs.replace(bare, apart=share, luck=luck)
    return found, f"{says} {share:.0%} of them, {luck:.0%} of that by chance"


def _differ(runs: Sequence[Run]) -> tuple[list[float], list[float]]:
    """For each task tried by two models whether their first runs differ; and by one model twice."""
    first: dict[tuple[str, str], dict[tuple[str, bool], bool]] = defaultdict(dict)
    for run in sorted(runs, key=lambda run: run.repetition):
        if run.solved is not None:
            arm = (run.arm.candidate, run.arm.control)
            first[run.trial, run.task].setdefault(arm, run.solved)
    apart, own = [], []
    for told in first.values():
        plain = {name: solved for (name, control), solved in told.items() if not control}
        apart += [float(len(set(plain.values())) > 1)] if len(plain) > 1 else []
        own += [
            float(plain[name] != solved)
            for (name, control), solved in told.items()
            if control and name in plain
        ]
    return apart, own


def _of_safety(assumed: Assumed) -> Assumed:
    """All of the allowed error is on it."""
    return msgspec.structs.replace(assumed, needed=assumed.needed * ON_BETTER)


def _enough(asked: Asked, assumed: Assumed, price: float | None) -> Iterable[Enough]:
    for gain in _GAINS:
        yield _of("gain", gain, tasks_for(gain, assumed), price)
    safe = tasks_for(0.0, _of_safety(assumed), margin=asked.margin)
    yield _of("margin", asked.margin, safe, price)


def _of(
    what: Literal["gain", "margin"], points: float, tasks: int | None, price: float | None
) -> Enough:
    cost = None if tasks is None or price is None else tasks * price
    return Enough(what=what, points=points, tasks=tasks, cost=cost)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0
