"""Say a decision in words: what decided it, what else could have played, what would flip it.

All of it is found by asking `decide` again with one thing changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from msgspec import Struct

from rolecall.routing.decide import decide
from rolecall.types import (
    ROLES,
    Ailment,
    Decision,
    Record,
    Request,
    Role,
    Session,
    Signals,
    Snapshot,
)


class Flip(Struct, frozen=True, kw_only=True):
    """One change, and what would play then; `deployment` is None where nothing may."""

    change: str
    role: Role
    deployment: str | None


def flips(record: Record, snapshot: Snapshot) -> list[Flip]:
    """What would make another deployment play, one way for each. The most useful come first."""
    world = moment(record, snapshot)
    found: list[Flip] = []
    seen = {_player(record.decision)}
    for change, decision in _variations(record.request, world, record.session):
        player = _player(decision)
        if player not in seen:
            seen.add(player)
            found.append(Flip(change=change, role=decision.role, deployment=player))
    return found


def moment(record: Record, snapshot: Snapshot) -> Snapshot:
    """The world as it was when the decision was taken."""
    return msgspec.structs.replace(
        snapshot,
        at=record.decision.at,
        health=record.health,
        standings=record.standings,
        spent=record.spent,
        paces=record.paces,
    )


def redecide(record: Record, snapshot: Snapshot) -> Decision:
    """The decision taken again, from the recorded facts alone."""
    world = moment(record, snapshot)
    return decide(record.request, world, record.session, id=record.decision.id)


def _player(decision: Decision) -> str | None:
    return None if decision.chosen is None else decision.chosen.deployment


def _variations(
    request: Request, world: Snapshot, session: Session
) -> Iterator[tuple[str, Decision]]:
    """Requests and worlds that differ in one thing, each with its decision."""
    now = decide(request, world, session, id="")
    if now.chosen is not None:
        name = now.chosen.deployment
        until = world.at + timedelta(seconds=1)
        health = {**world.health, name: Ailment(until=until, why="supposed")}
        unwell = msgspec.structs.replace(world, health=health)
        yield f"if {name} fails", decide(request, unwell, session, id="")
    if world.health:
        well = msgspec.structs.replace(world, health={})
        yield "if every deployment were well", decide(request, well, session, id="")
    if request.signals.decided_by is not None:
        plain = msgspec.structs.replace(request, signals=_without_rule(request))
        says = f"without the rule {request.signals.decided_by.rule}"
        yield says, decide(plain, world, session, id="")
    for role in ROLES:
        asking = msgspec.structs.replace(request, asked_role=role)
        yield f"with the header x-rolecall-role: {role}", decide(asking, world, session, id="")


def _without_rule(request: Request) -> Signals:
    work = "continuation" if request.loop_open else "turn"
    return msgspec.structs.replace(
        request.signals,
        work=work,
        decided_by=None,
        boundary=False,
        generic=False,
        role=None,
        confidence=1.0,
    )


def supposed(
    record: Record, snapshot: Snapshot, *, role: Role | None = None, deployment: str | None = None
) -> Decision:
    """The decision if the caller had asked for this role, or else for this deployment."""
    asking = msgspec.structs.replace(record.request, asked_role=role, asked_by=None)
    if role is None and deployment is not None:
        asking = msgspec.structs.replace(asking, asked_model=deployment)
    return decide(asking, moment(record, snapshot), record.session, id=record.decision.id)
