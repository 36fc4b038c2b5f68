"""An arm of a trial beside the first: what was measured, and the evidence at any look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from rolecall.measure.betting import NONE, Evidence, above, below, lasting
from rolecall.measure.binomial import Interval
from rolecall.measure.paired import RESAMPLES, Difference, Sums, figures
from rolecall.measure.pairs import Pair, Table, ended, pairs
from rolecall.types.trials import Arm
from rolecall.types.words import Kind

SMALL_SAVING = 0.2
"""A saving of a smaller share than this is none that a switch is worth."""
SMALL_SHARE = SMALL_SAVING / (2 - SMALL_SAVING)
"""The same as a share of both costs together."""
_WHOLE = 0.8
"""What is bet on tasks all of whose repetitions are there; the rest on those with fewer."""
_DRAWS = 400_000
"""Tasks that the bootstrap draws in all, where there are many: 400 draws at least."""


class Shown(Struct, frozen=True, kw_only=True):
    """Evidence for what the other does, beside the first.

    It solves more; no fewer by more than the margin (`safe`); costs less; solves fewer by more than
    the margin (`worse`); gains less than the margin; solves `less` at all; saves less than
    `SMALL_SAVING`.
    """

    better: Evidence = NONE
    safe: Evidence = NONE
    cheaper: Evidence = NONE
    worse: Evidence = NONE
    no_gain: Evidence = NONE
    less: Evidence = NONE
    no_saving: Evidence = NONE


class Spread(Struct, frozen=True, kw_only=True):
    """A figure with its interval, as of this look."""

    mean: float
    interval: Interval


class Arms(Struct, frozen=True, kw_only=True):
    """A figure of both: of the first, and of the other."""

    first: Spread
    other: Spread


class Money(Struct, frozen=True, kw_only=True):
    """USD that were `paid` by task, the `cost` by solved task, and what the other saves a task."""

    paid: Arms
    cost: Arms
    saving: Spread


class Figures(Struct, frozen=True, kw_only=True):
    """What was measured. `solved` is a share of tasks, `seconds` are those of a run.

    `gain` is the share solved above the first's, with an interval for whoever looks once (bootstrap
    over tasks), `lasting` the bounds for whoever looks as often as he likes, each by itself.
    `money` is None where a price is unknown.
    """

    gain: Spread
    lasting: Interval
    solved: Arms
    seconds: Arms
    money: Money | None = None


class Contrast(Struct, frozen=True, kw_only=True):
    """An arm beside the first, on tasks that both did, of which it `won` and `lost` some.

    `kind` is None for all kinds, `figures` where there is no task.
    """

    arm: Arm
    kind: Kind | None
    tasks: int
    won: int
    lost: int
    figures: Figures | None = None
    shown: Shown = Shown()


def contrasts(found: Table, arm: Arm, scopes: Sequence[Kind | None]) -> list[Contrast]:
    """An arm beside the first, on tasks of each of these kinds, or of all."""
    every, rounds = pairs(found, arm), _rounds(found, arm)
    return [_contrast(found, arm, kind, (every, rounds)) for kind in scopes]


def _contrast(
    found: Table, arm: Arm, kind: Kind | None, known: tuple[list[Pair], list[list[Pair]]]
) -> Contrast:
    every, rounds = known
    told = _of(every, kind)
    return Contrast(
        arm=arm,
        kind=kind,
        tasks=len(told),
        won=sum(one.gain > 0 for one in told),
        lost=sum(one.gain < 0 for one in told),
        figures=_measured(told, found.trial.level) if told else None,
        shown=_of_rounds(rounds, kind, found.trial.margin),
    )


def shown(found: Table, arm: Arm, kind: Kind | None = None) -> Shown:
    """The evidence at any look: from tasks whose planned runs have ended, in the planned order."""
    return _of_rounds(_rounds(found, arm), kind, found.trial.margin)


def _rounds(found: Table, arm: Arm) -> list[list[Pair]]:
    """The tasks that have ended with one repetition, with two, and so on to all of them."""
    return [ended(found, arm, number) for number in range(1, found.trial.repetitions + 1)]


def _of(told: Sequence[Pair], kind: Kind | None) -> list[Pair]:
    return [one for one in told if kind is None or one.kind == kind]


def _of_rounds(rounds: Sequence[list[Pair]], kind: Kind | None, margin: float) -> Shown:
    """What all repetitions say holds most of the bet.

    The rest is for looks when only the first ones are there.
    """
    whole = len(rounds)
    best = Shown()
    for number, told in enumerate(rounds, 1):
        part = 1.0 if whole == 1 else _WHOLE if number == whole else (1 - _WHOLE) / (whole - 1)
        best = _stronger(best, _shown(_of(told, kind), margin), part)
    return best


def _shown(told: Sequence[Pair], margin: float) -> Shown:
    gains = [one.gain for one in told]
    savings = [saving for one in told if (saving := one.saving) is not None]
    return Shown(
        better=above(gains, 0.0),
        safe=above(gains, -margin),
        cheaper=above(savings, 0.0),
        worse=below(gains, -margin),
        no_gain=below(gains, margin),
        less=below(gains, 0.0),
        no_saving=below(savings, SMALL_SHARE),
    )


def _stronger(one: Shown, other: Shown, part: float) -> Shown:
    """Of each the stronger evidence, of what `part` of the bet has become."""
    fields = {}
    for name in Shown.__struct_fields__:
        known, new = getattr(one, name), getattr(other, name)
        new = Evidence(now=new.now * part, most=new.most * part, at=new.at)
        fields[name] = new if new.most >= known.most or known is NONE else known
    return Shown(**fields)


def _measured(told: Sequence[Pair], level: float) -> Figures:
    """All figures from the same draws of tasks; without those of money where a price is unknown."""
    priced = all(one.saving is not None for one in told)
    drawn = figures(
        [_sums(one) for one in told],
        range(len(told)),
        _FIGURES | _MONEY if priced else _FIGURES,
        level=level,
        resamples=min(RESAMPLES, max(_DRAWS // len(told), 400)),
    )
    one = {name: _spread(figure) for name, figure in drawn.items()}
    return Figures(
        gain=one["gain"],
        lasting=lasting([pair.gain for pair in told], level),
        solved=Arms(first=one["solved first"], other=one["solved"]),
        seconds=Arms(first=one["seconds first"], other=one["seconds"]),
        money=_money(one) if priced else None,
    )


def _money(one: Mapping[str, Spread]) -> Money:
    return Money(
        paid=Arms(first=one["paid first"], other=one["paid"]),
        cost=Arms(first=one["cost first"], other=one["cost"]),
        saving=one["saving"],
    )


def _sums(one: Pair) -> Sums:
    first, other = one.first, one.other
    money = (first.cost or 0.0, other.cost or 0.0)
    return (1.0, first.solved, other.solved, first.seconds, other.seconds, *money)


_FIGURES = {
    "gain": lambda sums: (sums[2] - sums[1]) / sums[0],
    "solved first": lambda sums: sums[1] / sums[0],
    "solved": lambda sums: sums[2] / sums[0],
    "seconds first": lambda sums: sums[3] / sums[0],
    "seconds": lambda sums: sums[4] / sums[0],
}
_MONEY = {
    "paid first": lambda sums: sums[5] / sums[0],
    "paid": lambda sums: sums[6] / sums[0],
    "cost first": lambda sums: sums[5] / sums[1] if sums[1] else float("inf"),
    "cost": lambda sums: sums[6] / sums[2] if sums[2] else float("inf"),
    "saving": lambda sums: (sums[5] - sums[6]) / sums[0],
}


def _spread(one: Difference) -> Spread:
    return Spread(mean=one.mean, interval=one.interval)
