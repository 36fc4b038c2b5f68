"""Shares of successes: exact tails, intervals, and a test for pairs. All in plain Python.

Sources: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404; E. B. Wilson, J. Amer. Statist.
Assoc. 22 (1927) 209; Q. McNemar, Psychometrika 12 (1947) 153, in its exact form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from msgspec import Struct

_STEPS = 60
"""Halvings of an interval: more than a float can tell apart."""


class Interval(Struct, frozen=True):
    """From `low` to `high`, both included."""

    low: float
    high: float


def tail(successes: int, trials: int, chance: float) -> float:
    """The chance of at least so many successes. Exact but for rounding; O(trials).

    Raises `ValueError` where the counts contradict each other or `chance` is none.
    """
    _check(successes, trials)
    if not 0 <= chance <= 1:
        raise ValueError(f"{chance} is no chance; give one from 0 to 1")
    if successes == 0:
        return 1.0
    if chance in (0.0, 1.0):
        return chance
    log_yes, log_no = math.log(chance), math.log1p(-chance)
    logs = [
        _log_choose(trials, k) + k * log_yes + (trials - k) * log_no
        for k in range(successes, trials + 1)
    ]
    most = max(logs)
    return min(1.0, math.exp(most) * math.fsum(math.exp(one - most) for one in logs))


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """An interval that holds the true chance at least as often as `level` says, on both sides."""
    outside = (1 - level) / 2
    return Interval(
        low=lower_bound(successes, trials, 1 - outside),
        high=upper_bound(successes, trials, 1 - outside),
    )


def upper_bound(successes: int, trials: int, level: float = 0.95) -> float:
    """What the chance does not exceed, by Clopper and Pearson, one-sided; 1 without a trial."""
    _check(successes, trials)
    if successes == trials:
        return 1.0
    chooses = [_log_choose(trials, k) for k in range(successes + 1)]

    def at_most(chance: float) -> float:
        log_yes, log_no = math.log(chance), math.log1p(-chance)
        return math.fsum(
            math.exp(choose + k * log_yes + (trials - k) * log_no)
            for k, choose in enumerate(chooses)
        )

    return _root(lambda chance: (1 - level) - at_most(chance))


def lower_bound(successes: int, trials: int, level: float = 0.95) -> float:
    """What the chance does not fall below, by Clopper and Pearson, one-sided; 0 without a trial."""
    if successes == 0:
        _check(successes, trials)
        return 0.0
    return _root(lambda chance: tail(successes, trials, chance) - (1 - level))


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """An interval that is shorter, and holds the chance as often as `level` says on average."""
    _check(successes, trials)
    if trials == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, square = successes / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    spread = math.sqrt(share * (1 - share) * square + square * square / 4) / (1 + square)
    low = 0.0 if successes == 0 else max(0.0, middle - spread)
    high = 1.0 if successes == trials else min(1.0, middle + spread)
    return Interval(low, high)


def mcnemar(only_first: int, only_second: int) -> float:
    """How often chance alone tells two so far apart, two-sided; pairs that agree say nothing."""
    pairs = only_first + only_second
    if pairs == 0:
        return 1.0
    return min(1.0, 2 * tail(max(only_first, only_second), pairs, 0.5))


def _check(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials cannot be; check the counts")


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises from 0 to 1 passes zero."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
