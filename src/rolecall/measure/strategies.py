"""What a strategy is expected to solve and to cost on each task, given outcomes of models there.

A cascade asks one model after another; a verifier of stated quality accepts or sends on. Its
verdict is averaged over, not drawn, so that figures hold no luck of ours. What failed is paid for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import permutations

from msgspec import Struct

from rolecall.measure.outcomes import Outcome, Table


class Verifier(Struct, frozen=True, kw_only=True):
    """How often correct results and wrong ones are accepted."""

    name: str
    correct: float
    wrong: float


VERIFIERS: tuple[Verifier, ...] = (
    Verifier(name="perfect", correct=1.0, wrong=0.0),
    Verifier(name="90/10", correct=0.9, wrong=0.1),
    Verifier(name="90/30", correct=0.9, wrong=0.3),
    Verifier(name="80/50", correct=0.8, wrong=0.5),
    Verifier(name="none", correct=1.0, wrong=1.0),
)

Cascade = tuple[str, ...]


class Expected(Struct, frozen=True):
    """On one task: the chance that what is delivered is right, and USD."""

    solved: float
    cost: float


def played(runs: Sequence[Outcome], verifier: Verifier) -> Expected:
    """One task through a cascade; the last model's result is delivered as it is."""
    reached, solved, cost = 1.0, 0.0, 0.0
    for number, run in enumerate(runs):
        last = number == len(runs) - 1
        accepted = 1.0 if last else (verifier.correct if run.solved else verifier.wrong)
        cost += reached * run.cost
        solved += reached * accepted * run.solved
        reached *= 1 - accepted
    return Expected(solved, cost)


def on(table: Table, cascade: Cascade, verifier: Verifier, tasks: Iterable[int]) -> list[Expected]:
    """A cascade on some tasks of a table, by their places."""
    runs = [table.runs[model] for model in cascade]
    return [played([one[task] for one in runs], verifier) for task in tasks]


def accuracy(found: Sequence[Expected]) -> float:
    return math.fsum(one.solved for one in found) / len(found)


def cost(found: Sequence[Expected]) -> float:
    """USD for a task."""
    return math.fsum(one.cost for one in found) / len(found)


def best_constant(table: Table, tasks: Sequence[int]) -> str:
    """The model that solves most; of equals the cheapest."""
    return max(
        table.runs,
        key=lambda model: (
            sum(table.runs[model][task].solved for task in tasks),
            -sum(table.runs[model][task].cost for task in tasks),
        ),
    )


def frontier(table: Table, tasks: Sequence[int]) -> list[str]:
    """Models that no other beats in both, the cheapest first."""
    always = VERIFIERS[-1]
    known = {model: on(table, (model,), always, tasks) for model in table.runs}
    ordered = sorted(known, key=lambda model: (cost(known[model]), -accuracy(known[model])))
    kept: list[str] = []
    for model in ordered:
        if not kept or accuracy(known[model]) > accuracy(known[kept[-1]]):
            kept.append(model)
    return kept


def learnt(table: Table, tasks: Sequence[int], verifier: Verifier, *, longest: int = 3) -> Cascade:
    """The cheapest cascade that solves no less than the best model alone, on these tasks.

    Looked for among models of the frontier; the best model alone where none is cheaper.
    """
    best = best_constant(table, tasks)
    alone = on(table, (best,), verifier, tasks)
    chosen: Cascade = (best,)
    wanted, least = accuracy(alone), cost(alone)
    models = list(dict.fromkeys((*frontier(table, tasks), best)))
    for length in range(2, longest + 1):
        for cascade in permutations(models, length):
            found = on(table, cascade, verifier, tasks)
            price = cost(found)
            if price < least and accuracy(found) >= wanted:
                chosen, least = cascade, price
    return chosen


def mixed(table: Table, price: float, tasks: Sequence[int]) -> float:
    """What a random mix of two models solves at most for the same money."""
    always = VERIFIERS[-1]
    points = []
    for model in table.runs:
        found = on(table, (model,), always, tasks)
        points.append((cost(found), accuracy(found)))
    most = max((solved for paid, solved in points if paid <= price), default=0.0)
    for cheap, low in points:
        for dear, high in points:
            if cheap < price < dear and high > low:
                most = max(most, low + (high - low) * (price - cheap) / (dear - cheap))
    return most
