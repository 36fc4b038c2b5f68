"""The mean of bounded differences, tested by betting: one may look after each, and stop any time.

Whoever bets a share of what he has on values above a mean, at odds that are fair where that is the
true mean, grows rich only where it is not: his capital is an e-process, and the chance that it ever
exceeds 1/d is at most d (J. Ville, Etude critique de la notion de collectif, 1939). Values lie
between -1 and 1; they need no other distribution, and may depend on each other as long as each has
that mean, given those before. Source: I. Waudby-Smith and A. Ramdas, J. Royal Statistical Society B
86 (2024) 1, section 4; a mixture over fixed shares (there, remark 3) makes the order no matter to
the capital in the end, only to its highest.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import NormalDist

from msgspec import Struct

from rolecall.measure.binomial import Interval

SHARES = tuple(number / 20 for number in range(1, 20))
"""Of the largest bet that cannot ruin: what the mixture bets, each with the same part of it."""
_MOST = 1e300
"""Capital beyond which nobody counts on."""
_HALVINGS = 40


class Evidence(Struct, frozen=True, kw_only=True):
    """A capital of one at first: what it is `now`, and the `most` it has been, after `at` values.

    `most` may be used whenever one looks: 1/most is a p-value that holds at any time.
    """

    now: float = 1.0
    most: float = 1.0
    at: int = 0


NONE = Evidence()


def above(values: Iterable[float], mean: float) -> Evidence:
    """Evidence that the mean is above `mean`, from values in their order.

    Raises `ValueError` where a value lies outside -1 to 1. What is evidence for a higher mean is at
    least as much for every lower one.
    """
    now, most, at = 1.0, 1.0, 0
    for number, now in enumerate(_capital(values, mean), 1):
        if now > most:
            most, at = now, number
    return Evidence(now=now, most=most, at=at)


def first_above(values: Iterable[float], mean: float, needed: float) -> int | None:
    """After how many values the evidence for a mean above `mean` is first `needed`."""
    held = (number for number, now in enumerate(_capital(values, mean), 1) if now >= needed)
    return next(held, None)


def _capital(values: Iterable[float], mean: float) -> Iterator[float]:
    """What the mixture of bets has come to after each value."""
    bets = _bets(mean)
    parts = [1 / len(bets)] * len(bets)
    gains: dict[float, list[float]] = {}
    for value in values:
        if value not in gains:
            gains[value] = _gains(_checked(value), mean, bets)
        parts = [part * gain for part, gain in zip(parts, gains[value], strict=True)]
        now = sum(parts)
        yield now
        if now > _MOST:
            return


def below(values: Iterable[float], mean: float) -> Evidence:
    """Evidence that the mean is below `mean`."""
    return above((-value for value in values), -mean)


def lasting(values: Sequence[float], level: float = 0.95) -> Interval:
    """Each of its ends holds at every look at once, with this chance: one-sided, as verdicts are.

    Those means against which neither side has the evidence 1/(1 - level).
    """
    counts = Counter(map(_checked, values))
    limit = math.log(1 / (1 - level))
    mirrored = Counter({-value: count for value, count in counts.items()})
    return Interval(_lowest(counts, limit), -_lowest(mirrored, limit))


def tasks_more(
    values: Sequence[float], mean: float, *, needed: float, power: float = 0.8
) -> int | None:
    """How many more values until the evidence for a mean above `mean` is `needed`; None for never.

    None are needed where it has been there. As if those to come were like those seen, and one that
    says nothing: the logarithm of the best bet's capital walks, and is to have arrived with the
    chance `power`. An estimate and no promise: what was seen may be luck.
    """
    known = above(values, mean)
    if known.most >= needed:
        return 0
    counts = Counter([*values, mean])
    best = max(_bets(mean), key=lambda bet: _walk(counts, mean, bet)[0])
    drift, spread = _walk(counts, mean, best)
    if drift <= 0:
        return None
    left = math.log(needed / known.now)
    late = NormalDist().inv_cdf(power) * spread
    return math.ceil(((late + math.sqrt(late * late + 4 * drift * left)) / (2 * drift)) ** 2)


def _bets(mean: float) -> list[float]:
    """At least -1 comes: a bet of 1/(1 + mean) would then lose all."""
    if not -1 < mean < 1:
        raise ValueError(f"{mean} is no mean to test; give one between -1 and 1")
    return [share / (1 + mean) for share in SHARES]


def _gains(value: float, mean: float, bets: Sequence[float]) -> list[float]:
    return [1 + bet * (value - mean) for bet in bets]


def _checked(value: float) -> float:
    if not -1 <= value <= 1:
        raise ValueError(f"{value} lies outside -1 to 1; scale it first")
    return value


def _lowest(counts: Counter[float], limit: float) -> float:
    """The lowest mean that is not refuted from below."""
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _log(counts, middle) >= limit:
            low = middle
        else:
            high = middle
    return low


def _log(counts: Counter[float], mean: float) -> float:
    """The logarithm of the capital in the end."""
    logs = [
        math.fsum(count * math.log1p(bet * (value - mean)) for value, count in counts.items())
        for bet in _bets(mean)
    ]
    most = max(logs)
    return most + math.log(math.fsum(math.exp(one - most) for one in logs) / len(logs))


def _walk(counts: Counter[float], mean: float, bet: float) -> tuple[float, float]:
    """Mean and spread of a step of the capital's logarithm."""
    total = sum(counts.values())
    if not total:
        return 0.0, 0.0
    steps = [(math.log1p(bet * (value - mean)), count) for value, count in counts.items()]
    drift = math.fsum(step * count for step, count in steps) / total
    return drift, math.sqrt(
        max(math.fsum((step - drift) ** 2 * count for step, count in steps) / total, 0.0)
    )
