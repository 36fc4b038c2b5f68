"""Two arms of a trial on the same tasks: their runs side by side, and what tells them apart.

A task is one unit: repetitions are averaged within it, and runs of the control with those of the
first, whose model it is. Tasks count in the order in which the trial plans them, however quick
their runs were, so that what is looked at early is no selection.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from rolecall.types.trials import Arm, Run, Trial
from rolecall.types.words import Kind

Key = tuple[str, Arm, int]


class Side(Struct, frozen=True, kw_only=True):
    """The judged runs of an arm on one task, averaged. `cost` is USD, None where unknown."""

    solved: float
    cost: float | None
    seconds: float


class Pair(Struct, frozen=True, kw_only=True):
    """A task that both arms have judged runs of."""

    task: str
    kind: Kind
    first: Side
    other: Side

    @property
    def gain(self) -> float:
        return self.other.solved - self.first.solved

    @property
    def saving(self) -> float | None:
        """What the other costs less, as a share of both costs together: from -1 to 1."""
        if self.first.cost is None or self.other.cost is None:
            return None
        both = self.first.cost + self.other.cost
        return (self.first.cost - self.other.cost) / both if both else 0.0


class Table(Struct, frozen=True, kw_only=True):
    """The runs of a trial by task and arm, in the order of their repetition.

    `tasks` are in the order in which the trial plans to have done so many repetitions of them, by
    number; `excluded` says why tasks do not count.
    """

    trial: Trial
    runs: dict[tuple[str, Arm], list[Run]]
    planned: dict[tuple[str, str], list[int]]
    repetitions: tuple[int, ...]
    excluded: dict[str, str]


def table(
    trial: Trial,
    runs: Iterable[Run],
    planned: Sequence[Key] = (),
    excluded: Mapping[str, str] | None = None,
) -> Table:
    """`planned` is all that is to be run, in its order; without it that of the tasks counts."""
    by_place: dict[tuple[str, Arm], list[Run]] = defaultdict(list)
    for run in runs:
        by_place[run.task, run.arm].append(run)
    for many in by_place.values():
        many.sort(key=lambda run: run.repetition)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for _, task, arm, place in sorted(
        (number, task, arm.name, place) for place, (task, arm, number) in enumerate(planned)
    ):
        places[task, arm].append(place)
    numbers = {run.repetition for many in by_place.values() for run in many}
    return Table(
        trial=trial,
        runs=dict(by_place),
        planned=dict(places),
        repetitions=tuple(sorted(numbers)),
        excluded=dict(excluded or {}),
    )


def arms(trial: Trial) -> tuple[Arm, ...]:
    """The first, the others, and the first's control where the trial has one."""
    found = [Arm(candidate=name) for name in trial.candidates]
    return (
        (*found, Arm(candidate=trial.candidates[0], control=True)) if trial.control else (*found,)
    )


def pairs(found: Table, other: Arm) -> list[Pair]:
    """All tasks that both have judged runs of, however many; in the order of the trial."""
    firsts = _firsts(found, other)
    told = (_pair(found.runs, task, firsts, other, found.repetitions) for task in _tasks(found))
    return [one for one in told if one is not None]


def ended(found: Table, other: Arm, number: int) -> list[Pair]:
    """Tasks of which so many repetitions of both have ended, up to the first that is not so far.

    Those that nobody could judge are passed over.
    """
    firsts = _firsts(found, other)
    every = (*firsts, other)
    wanted = found.repetitions[:number]
    told = []
    for task in sorted(_tasks(found), key=lambda task: _place(found, task, every, number)):
        if any(_count(found, task, arm, wanted) < number for arm in every):
            break
        pair = _pair(found.runs, task, firsts, other, wanted)
        if pair is not None:
            told.append(pair)
    return told


def _firsts(found: Table, other: Arm) -> tuple[Arm, ...]:
    """The arms of the model that plays today; the control stands beside the first alone."""
    first, control = (
        Arm(candidate=found.trial.candidates[0], control=one) for one in (False, True)
    )
    return (first, control) if found.trial.control and not other.control else (first,)


def _count(found: Table, task: str, arm: Arm, wanted: Collection[int]) -> int:
    return sum(run.repetition in wanted for run in found.runs.get((task, arm), ()))


def _tasks(found: Table) -> list[str]:
    return [task for task in found.trial.tasks if task not in found.excluded]


def _place(found: Table, task: str, every: Sequence[Arm], number: int) -> int:
    """Where the trial plans to have done so many repetitions of a task."""
    places = [found.planned.get((task, arm.name), [])[:number] for arm in every]
    return max((place for one in places for place in one), default=0)


def _pair(
    runs: Mapping[tuple[str, Arm], Sequence[Run]],
    task: str,
    firsts: Sequence[Arm],
    other: Arm,
    wanted: Collection[int],
) -> Pair | None:
    def judged(arm: Arm) -> list[Run]:
        known = runs.get((task, arm), ())
        return [run for run in known if run.solved is not None and run.repetition in wanted]

    ours = [run for arm in firsts for run in judged(arm)]
    theirs = judged(other)
    if not ours or not theirs:
        return None
    return Pair(task=task, kind=theirs[0].kind, first=_side(ours), other=_side(theirs))


def _side(many: Sequence[Run]) -> Side:
    costs = [float(run.cost) for run in many if run.cost is not None]
    known = len(costs) == len(many)
    return Side(
        solved=sum(bool(run.solved) for run in many) / len(many),
        cost=math.fsum(costs) / len(costs) if known else None,
        seconds=math.fsum(run.seconds for run in many) / len(many),
    )
