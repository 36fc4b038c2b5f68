"""Strategies on a table of outcomes, learnt on other repositories than they are scored on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct

from rolecall.measure.binomial import Interval
from rolecall.measure.chart import Point
from rolecall.measure.guarantee import Kept, kept
from rolecall.measure.outcomes import Table
from rolecall.measure.paired import Difference, difference, ratio
from rolecall.measure.strategies import (
    VERIFIERS,
    Cascade,
    Expected,
    Verifier,
    accuracy,
    best_constant,
    cost,
    frontier,
    learnt,
    mixed,
    on,
)

FOLDS = 5


class Score(Struct, frozen=True, kw_only=True):
    """A strategy on all tasks. Differences are to the best constant model in hindsight.

    `cost` is USD for a task, `share` its part of that model's cost, with an interval.
    """

    strategy: str
    chosen: dict[str, int]
    accuracy: float
    cost: float
    per_solved: float
    gain: Difference
    share: float
    share_interval: Interval
    over_mix: float


class Report(Struct, frozen=True, kw_only=True):
    """One table under one verifier."""

    table: str
    verifier: Verifier
    tasks: int
    clusters: int
    baseline: str
    scores: tuple[Score, ...]
    left_out: dict[str, str]
    promise: Kept | None = None


def points(table: Table, reports: Sequence[Report]) -> list[Point]:
    """What a chart shows: every model alone, and the cascade learnt under each verifier."""
    every = list(range(len(table.tasks)))
    best = set(frontier(table, every))
    alone = {model: on(table, (model,), VERIFIERS[-1], every) for model in table.runs}
    found = [
        Point(
            name=model,
            kind="frontier" if model in best else "model",
            cost=cost(told),
            solved=accuracy(told),
        )
        for model, told in alone.items()
    ]
    return [*found, *(_learnt(one) for one in reports)]


def _learnt(report: Report) -> Point:
    """The cascade learnt elsewhere; its interval is that of the gain over the best constant."""
    score = report.scores[-1]
    base = score.accuracy - score.gain.mean
    return Point(
        name=f"cascade, verifier {report.verifier.name}",
        kind="cascade",
        cost=score.cost,
        solved=score.accuracy,
        low=base + score.gain.interval.low,
        high=base + score.gain.interval.high,
    )


def folds(table: Table, count: int = FOLDS) -> list[list[int]]:
    """Places of tasks by parts that share no repository, of much the same size."""
    sizes = Counter(table.clusters)
    parts: list[list[str]] = [[] for _ in range(count)]
    filled = [0] * count
    for cluster, size in sizes.most_common():
        least = filled.index(min(filled))
        parts[least].append(cluster)
        filled[least] += size
    places = range(len(table.tasks))
    found = [[n for n in places if table.clusters[n] in part] for part in parts]
    return [one for one in found if one]


def report(
    table: Table, verifier: Verifier, *, alpha: float | None = None, seed: int = 1
) -> Report:
    """The best constant, and what was chosen without knowing the tasks.

    With `alpha` also whether a promise to lose no more than that was kept. Raises `ValueError`
    where all tasks are of one repository.
    """
    if len(set(table.clusters)) < 2:
        raise ValueError("the tasks are of one repository; nothing can be held out")
    every = list(range(len(table.tasks)))
    best = best_constant(table, every)
    baseline = on(table, (best,), verifier, every)
    strategies: list[tuple[str, list[Expected], Counter[str]]] = [
        (f"best constant ({best})", baseline, Counter({best: len(every)}))
    ]
    strategies.append(("constant, learnt elsewhere", *_constant_elsewhere(table, verifier)))
    strategies.append(("cascade, learnt elsewhere", *_elsewhere(table, verifier)))
    scores = tuple(
        _score(name, found, chosen, baseline, table, seed) for name, found, chosen in strategies
    )
    return Report(
        table=table.name,
        verifier=verifier,
        tasks=len(every),
        clusters=len(set(table.clusters)),
        baseline=best,
        scores=scores,
        left_out=table.left_out,
        promise=None if alpha is None else kept(table, verifier, alpha, seed=seed),
    )


Choose = Callable[[list[int]], Cascade]
Held = tuple[list[Expected], Counter[str]]


def _elsewhere(table: Table, verifier: Verifier) -> Held:
    return _held_out(table, lambda tasks: learnt(table, tasks, verifier), verifier)


def _constant_elsewhere(table: Table, verifier: Verifier) -> Held:
    return _held_out(table, lambda tasks: (best_constant(table, tasks),), verifier)


def _held_out(table: Table, choose: Choose, verifier: Verifier) -> Held:
    """Each part of the table scored by what was chosen on the other parts."""
    found: dict[int, Expected] = {}
    chosen: Counter[str] = Counter()
    for part in folds(table):
        held = set(part)
        cascade = choose([n for n in range(len(table.tasks)) if n not in held])
        chosen[" → ".join(cascade)] += len(part)
        found |= zip(part, on(table, cascade, verifier, part), strict=True)
    return [found[n] for n in range(len(table.tasks))], chosen


def _score(
    name: str,
    found: Sequence[Expected],
    chosen: Counter[str],
    baseline: Sequence[Expected],
    table: Table,
    seed: int,
) -> Score:
    pairs = list(zip(found, baseline, strict=True))
    solved, price = accuracy(found), cost(found)
    return Score(
        strategy=name,
        chosen=dict(chosen),
        accuracy=solved,
        cost=price,
        per_solved=price / solved if solved else float("inf"),
        gain=difference([a.solved - b.solved for a, b in pairs], table.clusters, seed=seed),
        share=price / cost(baseline),
        share_interval=ratio([(a.cost, b.cost) for a, b in pairs], table.clusters, seed=seed),
        over_mix=solved - mixed(table, price, list(range(len(table.tasks)))),
    )
