"""Changes of who plays a role first, and what they rest on: a measurement, or churn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from rolecall.measure.propose import Wish, advice
from rolecall.types import Outcome, Role, Snapshot

Ground = Literal["trial", "outcomes", "retirement", "nothing"]
"""What spoke for a change when it was made: the verdict of a trial, one's own outcomes, an end that
was announced; `nothing` is churn."""


class Change(Struct, frozen=True, kw_only=True):
    """From `at` on `after` played a role first, in place of `before`."""

    at: datetime
    role: Role
    before: str
    after: str
    ground: Ground
    says: str


class Switch(Struct, frozen=True, kw_only=True):
    """A trial's verdict for a switch, and when the last run was there that it rests on."""

    trial: str
    at: datetime
    before: str
    after: str


def changes(
    worlds: Iterable[tuple[datetime, Snapshot]],
    switches: Sequence[Switch],
    outcomes: Sequence[Outcome],
) -> Iterator[Change]:
    """Every change of a first player between worlds in their order, oldest first.

    A role that is new, or borrowed from another, has nobody who was replaced.
    """
    for (_, old), (at, new) in pairwise(worlds):
        for role, cascade in new.stack.items():
            was = old.stack.get(role, ("",))[0]
            if role in new.borrowed or role in old.borrowed or not was or was == cascade[0]:
                continue
            ground, says = _ground(role, was, cascade[0], at, _Known(old, switches, outcomes))
            yield Change(at=at, role=role, before=was, after=cascade[0], ground=ground, says=says)


class _Known(Struct, frozen=True):
    """What is looked at for a ground."""

    world: Snapshot
    switches: Sequence[Switch]
    outcomes: Sequence[Outcome]


def _ground(role: Role, before: str, after: str, at: datetime, known: _Known) -> tuple[Ground, str]:
    for one in known.switches:
        if (one.before, one.after) == (before, after) and one.at <= at:
            return "trial", f"trial {one.trial} says switch"
    if before in known.world.retirements:
        return "retirement", f"the end of {before} was announced"
    topics = [f"any {role}", *(kind for kind, r in known.world.kind_roles.items() if r == role)]
    told = [one for one in known.outcomes if one.at <= at and one.topic in topics]
    playing = dict.fromkeys(topics, before)
    for advised in advice(told, playing, Wish(), known.world):
        if advised.verdict == "switch" and advised.choice[:1] == (after,):
            return "outcomes", f"outcomes of {advised.topic}: {advised.says}"
    return "nothing", "no trial and no outcome speaks for it"
