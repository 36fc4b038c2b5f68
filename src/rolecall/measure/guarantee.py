"""A promise to route down only where that fails rarely, kept or broken on tasks it has not seen.

Failing when routed down means: the model that was best where the promise was made solves a task,
and what is delivered does not. The promise is that this happens on at most a share alpha of tasks;
it is made where the upper bound of Clopper and Pearson says so on other repositories (DESIGN, 7.6).
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from itertools import permutations

from msgspec import Struct

from rolecall.measure.binomial import upper_bound
from rolecall.measure.outcomes import Table
from rolecall.measure.strategies import (
    Cascade,
    Expected,
    Verifier,
    best_constant,
    cost,
    frontier,
    on,
)

SPLITS = 20
LEVEL = 0.95


class Kept(Struct, frozen=True, kw_only=True):
    """What became of the promise. `failed` and `share` are means over the splits.

    `failed` is the share of unseen tasks that were lost, `share` the part of the best constant's
    cost; `broken` counts splits in which more than `alpha` were lost.
    """

    table: str
    verifier: Verifier
    alpha: float
    splits: int
    broken: int
    failed: float
    share: float
    chosen: dict[str, int]


def kept(table: Table, verifier: Verifier, alpha: float, *, seed: int = 1) -> Kept:
    """Raises `ValueError` where `alpha` is not between 0 and 1."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; give a share between 0 and 1")
    failed, shares = [], []
    chosen: Counter[str] = Counter()
    for seen, unseen in _splits(table, seed):
        best = best_constant(table, seen)
        cascade = allowed(table, seen, verifier, alpha)
        chosen[" → ".join(cascade)] += 1
        baseline, found = (on(table, one, verifier, unseen) for one in ((best,), cascade))
        failed.append(_lost(found, baseline) / len(unseen))
        shares.append(cost(found) / cost(baseline))
    return Kept(
        table=table.name,
        verifier=verifier,
        alpha=alpha,
        splits=len(failed),
        broken=sum(one > alpha for one in failed),
        failed=math.fsum(failed) / len(failed),
        share=math.fsum(shares) / len(shares),
        chosen=dict(chosen),
    )


def allowed(
    table: Table, tasks: Sequence[int], verifier: Verifier, alpha: float, *, longest: int = 3
) -> Cascade:
    """The cheapest cascade for which the promise can be made here; else the best model alone."""
    best = best_constant(table, tasks)
    baseline = on(table, (best,), verifier, tasks)
    chosen: Cascade = (best,)
    least = cost(baseline)
    models = list(dict.fromkeys((*frontier(table, tasks), best)))
    for length in range(1, longest + 1):
        for cascade in permutations(models, length):
            found = on(table, cascade, verifier, tasks)
            price = cost(found)
            if price < least and _promise(found, baseline) <= alpha:
                chosen, least = cascade, price
    return chosen


def _promise(found: Sequence[Expected], baseline: Sequence[Expected]) -> float:
    """What the share of lost tasks does not exceed; parts of a task count as a whole one."""
    return upper_bound(min(len(found), math.ceil(_lost(found, baseline))), len(found), LEVEL)


def _lost(found: Sequence[Expected], baseline: Sequence[Expected]) -> float:
    pairs = zip(found, baseline, strict=True)
    return math.fsum(max(0.0, before.solved - after.solved) for after, before in pairs)


def _splits(table: Table, seed: int) -> list[tuple[list[int], list[int]]]:
    """Halves that share no repository, drawn so many times; neither is empty."""
    dice = random.Random(seed)  # noqa: S311 (chance for statistics, no secret)
    names = sorted(set(table.clusters))
    if len(names) < 2:
        raise ValueError("the tasks are of one repository; nothing can be held out")
    found = []
    for _ in range(SPLITS):
        half = set(dice.sample(names, len(names) // 2))
        places = range(len(table.tasks))
        seen = [n for n in places if table.clusters[n] in half]
        found.append((seen, [n for n in places if table.clusters[n] not in half]))
    return found
