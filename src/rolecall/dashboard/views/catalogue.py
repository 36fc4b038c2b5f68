"""What is known of models: how old that is, and what ends."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from rolecall.config.notices import Notice, notices, of_stack
from rolecall.config.rows import rows_of
from rolecall.dashboard.desk import Desk
from rolecall.dashboard.shown import Column, Shown, Table
from rolecall.ledger import overrides
from rolecall.ledger.overrides import Override
from rolecall.types import Snapshot

_AHEAD = 365
"""Days ahead in which ends of any model are listed."""


class Ahead(Struct, frozen=True, kw_only=True):
    """The end of a deployment of the stack; `seen` is by whom and when, where it was."""

    subject: str
    says: str
    days: int
    seen: Override | None


class Catalogue(Struct, frozen=True, kw_only=True):
    ahead: tuple[Ahead, ...]
    stack: tuple[str, ...]
    models: int
    stale: int


def catalogue(desk: Desk, _: Mapping[str, str]) -> Shown:
    now = desk.now()
    seen = {one.subject: one for one in overrides.in_force(desk.ledger, now) if one.sort == "seen"}
    world = desk.gateway.world
    ends = of_stack(world.deployments, desk.known, now, _AHEAD)
    models = _models(desk)
    return Shown(
        template="catalogue.html",
        title="Catalogue",
        data=Catalogue(
            ahead=tuple(_ahead(one, seen) for one in ends),
            stack=tuple(sorted(world.deployments)),
            models=len(models.rows),
            stale=sum(row[-1] == "stale" for row in models.rows),
        ),
        tables=(_stack(desk), _ends(notices(desk.known, now, _AHEAD)), models),
    )


def subject(one: Notice) -> str:
    """What is acknowledged: a model on a surface."""
    return f"{one.surface}/{one.id}"


def _ahead(one: Notice, seen: Mapping[str, Override]) -> Ahead:
    name = subject(one)
    return Ahead(subject=name, says=one.says, days=one.days, seen=seen.get(name))


def _stack(desk: Desk) -> Table:
    """Who plays each role, in order, and how each fares."""
    world = desk.gateway.at(desk.now())
    rows = [
        (role, number, name, world.deployments[name].model_class, _fares(name, world))
        for role, cascade in world.stack.items()
        for number, name in enumerate(cascade, 1)
        if name in world.deployments
    ]
    columns = (
        Column("role"),
        Column("place", "count"),
        Column("deployment", "name"),
        Column("class"),
        Column("fares", "name"),
    )
    return Table(name="stack", title="The stack in force", columns=columns, rows=rows)


def _fares(name: str, world: Snapshot) -> str:
    ailment = world.health.get(name)
    if ailment is None or ailment.until <= world.at:
        return "well"
    return f"left alone until {ailment.until:%H:%M} UTC: {ailment.why}"


def _ends(found: list[Notice]) -> Table:
    columns = (
        *(Column(name, "name") for name in ("model", "where", "day")),
        Column("days left", "count"),
        Column("who follows", "name"),
    )
    rows = [(one.id, one.surface, one.day, one.days, one.successor or "nobody") for one in found]
    return Table(name="ends", title="Ends within a year", columns=columns, rows=rows)


def _models(desk: Desk) -> Table:
    columns = (
        *(Column(name, "name") for name in ("model", "vendor", "class", "where", "stage")),
        *(Column(name, "usd") for name in ("input, USD/M", "output, USD/M")),
        Column("context", "tokens"),
        Column("facts, days old", "count"),
        Column("state"),
    )
    rows = [
        (
            *(row.id, row.vendor, row.model_class, place.on, place.stage),
            *(row.input, row.output, place.context or row.context),
            *(place.age_days, "stale" if place.stale else "fresh"),
        )
        for row in rows_of(desk.known, desk.settings, desk.now())
        for place in row.served
    ]
    return Table(
        name="models", title="Models and where they are served", columns=columns, rows=rows
    )
