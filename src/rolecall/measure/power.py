"""What a trial of so many tasks can show, by simulation: before any money is spent.

Formulas for the number of pairs (Connor 1987, `paired.tasks_needed`) hold for whoever looks once.
Here the very bets are placed that the verdict rests on, on differences drawn as assumed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from rolecall.measure.betting import first_above

POWER = 0.8
_DRAWS = 200
_LONGEST = 3000
"""Tasks beyond which nobody plans."""
_STEPS = 7
"""Halvings of a gain: half a point is told from the next."""
_SEED = 1


class Assumed(Struct, frozen=True, kw_only=True):
    """How runs are taken to come out.

    `apart` is the share of tasks on which one run of each of two models differs, `luck` the part of
    that which is chance and would differ for one model, too. `repetitions` are averaged, and so are
    `firsts` arms of the model that plays today. `needed` is the evidence at which a switch is said.
    """

    apart: float = 0.3
    luck: float = 0.5
    repetitions: int = 1
    firsts: int = 2
    needed: float = 20.0


def tasks_for(gain: float, assumed: Assumed, *, margin: float | None = None) -> int | None:
    """Tasks until a true gain is shown in four of five trials; None beyond what anyone plans.

    With a margin: until it is shown that no more than that is lost.
    """
    mean = 0.0 if margin is None else -margin
    taken = sorted(_taken(gain, assumed, mean, _LONGEST))
    place = math.ceil(POWER * _DRAWS) - 1
    return taken[place] if taken[place] <= _LONGEST else None


def gain_shown(tasks: int, assumed: Assumed) -> float | None:
    """The smallest true gain that so many tasks would show; None where none would be."""
    return _smallest(lambda gain: _share(_taken(gain, assumed, 0.0, tasks), tasks))


def margin_shown(tasks: int, assumed: Assumed) -> float | None:
    """The smallest margin within which an equal candidate would be shown to be."""
    return _smallest(lambda margin: _share(_taken(0.0, assumed, -margin, tasks), tasks))


def _smallest(shown: Callable[[float], float]) -> float | None:
    """Where the chance of being shown first reaches `POWER`; it rises with what is to be shown."""
    low, high = 0.0, 0.95
    if shown(high) < POWER:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) >= POWER else (middle, high)
    return high


def _share(taken: Sequence[int], tasks: int) -> float:
    return sum(one <= tasks for one in taken) / len(taken)


def _taken(gain: float, assumed: Assumed, mean: float, most: int) -> list[int]:
    """In each of many trials, the tasks it took; one above `most` where they did not suffice."""
    found = []
    for number in range(_DRAWS):
        values = islice(_gains(gain, assumed, random.Random(_SEED + number)), most)  # noqa: S311
        found.append(first_above(values, mean, assumed.needed) or most + 1)
    return found


def _gains(gain: float, assumed: Assumed, dice: random.Random) -> Iterator[float]:
    """Differences of tasks without end: on some the models differ always, on some by chance."""
    apart = max(assumed.apart, gain)
    steady = apart * (1 - assumed.luck)
    won = (steady + gain * (1 - assumed.luck)) / 2
    loose = min(2 * apart * assumed.luck, 1 - steady)
    chance = gain * assumed.luck / loose / 2 if loose else 0.0
    while True:
        kind = dice.random()
        if kind < steady:
            yield 1.0 if kind < won else -1.0
        elif kind < steady + loose:
            other = _solved(0.5 + chance, assumed.repetitions, dice)
            yield other - _solved(0.5 - chance, assumed.repetitions * assumed.firsts, dice)
        else:
            yield 0.0


def _solved(chance: float, runs: int, dice: random.Random) -> float:
    return sum(dice.random() < chance for _ in range(runs)) / runs
