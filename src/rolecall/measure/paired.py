"""Two candidates on the same tasks: how far apart they are, and how many tasks it takes to tell.

Tasks of one repository resemble each other, so what is drawn again is whole clusters. Sources: B.
Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), sections 8.3 and 13.3; R. J.
Connor, Biometrics 43 (1987) 207, for the number of pairs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from statistics import NormalDist

from msgspec import Struct

from rolecall.measure.binomial import Interval

RESAMPLES = 2000


class Difference(Struct, frozen=True, kw_only=True):
    """A mean difference over tasks, with its interval; `lower` is one-sided at the same level."""

    mean: float
    interval: Interval
    lower: float
    tasks: int
    clusters: int


def difference(
    pairs: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Difference:
    """Of values that belong to one task each, by a bootstrap over clusters (percentiles).

    `pairs` are first minus second, one for each task. Raises `ValueError` without a task.
    """
    values = [(value, 1.0) for value in pairs]
    return figure(values, clusters, _quotient, level=level, seed=seed, resamples=resamples)


def figure(
    values: Sequence[Sums],
    clusters: Sequence[Hashable],
    of: Callable[[Sums], float],
    *,
    level: float = 0.95,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Difference:
    """Of any figure of sums over tasks, computed anew for each draw of clusters.

    What the figure estimates on its way, such as a weight, is estimated in each draw, too. `values`
    hold as many summands for each task as `of` takes sums. Raises `ValueError` without a task.
    """
    many = {"": of}
    return figures(values, clusters, many, level=level, seed=seed, resamples=resamples)[""]


def figures(
    values: Sequence[Sums],
    clusters: Sequence[Hashable],
    of: Mapping[str, Callable[[Sums], float]],
    *,
    level: float = 0.95,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> dict[str, Difference]:
    """Of several figures of the same sums, from the same draws."""
    sums = _sums(values, clusters)
    totals = _totals(sums, seed, resamples)
    whole, outside = _total(sums), (1 - level) / 2
    found = {}
    for name, one in of.items():
        drawn = sorted(map(one, totals))
        found[name] = Difference(
            mean=one(whole),
            interval=Interval(_quantile(drawn, outside), _quantile(drawn, 1 - outside)),
            lower=_quantile(drawn, 1 - level),
            tasks=len(values),
            clusters=len(sums),
        )
    return found


def ratio(
    values: Sequence[tuple[float, float]],
    clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Interval:
    """Of sums, such as cost by accepted results: the interval of a quotient over tasks.

    A draw whose lower sum is zero counts as infinite.
    """
    drawn = sorted(map(_quotient, _totals(_sums(values, clusters), seed, resamples)))
    outside = (1 - level) / 2
    return Interval(_quantile(drawn, outside), _quantile(drawn, 1 - outside))


def is_not_inferior(found: Difference, margin: float) -> bool:
    """Whether the first is at most `margin` worse than the second, at the level of `found`."""
    return found.lower > -margin


def tasks_needed(
    discordant: float, gain: float, *, margin: float = 0.0, power: float = 0.8, level: float = 0.95
) -> int:
    """Pairs until a true `gain` is shown, one-sided: above 0, or not below `-margin`.

    `discordant` is the share of pairs that differ. Raises `ValueError` where it can never be shown.
    """
    if gain + margin <= 0:
        raise ValueError("a gain that is not above -margin can never be shown")
    if not abs(gain) <= discordant <= 1:
        raise ValueError("the share of pairs that differ lies between the gain and 1")
    normal = NormalDist()
    sure, able = normal.inv_cdf(level), normal.inv_cdf(power)
    flat, spread = math.sqrt(discordant), math.sqrt(max(discordant - gain * gain, 0.0))
    null = spread if margin else flat
    return math.ceil(((sure * null + able * spread) / (gain + margin)) ** 2)


def gain_seen(discordant: float, tasks: int, *, power: float = 0.8, level: float = 0.95) -> float:
    """The smallest true gain that so many pairs would show, one-sided; at most `discordant`."""
    low, high = 0.0, discordant
    for _ in range(60):
        middle = (low + high) / 2
        enough = middle > 0 and tasks_needed(discordant, middle, power=power, level=level) <= tasks
        low, high = (low, middle) if enough else (middle, high)
    return high


Sums = tuple[float, ...]


def _sums(values: Sequence[Sums], clusters: Sequence[Hashable]) -> list[Sums]:
    """The sums of each cluster, in the order in which these were met."""
    if not values:
        raise ValueError("there is no task to compare")
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} tasks in {len(clusters)} clusters: name one for each task")
    found: dict[Hashable, list[Sums]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        found.setdefault(cluster, []).append(value)
    return [_total(many) for many in found.values()]


def _total(many: Sequence[Sums]) -> Sums:
    return tuple(map(sum, zip(*many, strict=True)))


def _totals(sums: list[Sums], seed: int, resamples: int) -> list[Sums]:
    """The sums over so many draws of as many clusters."""
    dice = random.Random(seed)  # noqa: S311 (chance for statistics, no secret)
    return [_total(dice.choices(sums, k=len(sums))) for _ in range(resamples)]


def _quotient(total: Sums) -> float:
    return total[0] / total[1] if total[1] else math.inf


def _quantile(ordered: list[float], share: float) -> float:
    """Between the two nearest, as numpy's default has it."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    low, high = ordered[below], ordered[above]
    return low if low == high else low + (high - low) * (place - below)
