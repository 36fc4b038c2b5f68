"""Sessions, and each as a timeline: who answered, where another might have, what caches held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rolecall.dashboard.desk import Desk
from rolecall.dashboard.shown import Column, Shown, Table
from rolecall.errors import RouteError
from rolecall.ledger import overrides, recent
from rolecall.ledger.overrides import Override
from rolecall.spoken.figures import total_cost
from rolecall.types import ROLES, Record, Role, Usage

_ROWS = 50
_STEPS = 500
"""The newest calls of a session that its timeline shows."""
_COLOURS = 8
Cache = Literal["warm", "lost", "new", "unknown"]
"""What a call found of the conversation in its provider's cache: half of it or more; less; nothing
was to be found, it is the first; its usage is not known."""
_WIDTH, _HEIGHT = 16, 56
_SMALL = 1024
"""Tokens below which providers keep nothing in a cache."""


class Listed(Struct, frozen=True, kw_only=True):
    older: str | None
    behind: int


class Step(Struct, frozen=True, kw_only=True):
    """A call in its place. `x`, `top` and `height` are pixels, `colour` the number of its model."""

    id: str
    at: datetime
    deployment: str
    role: str
    work: str
    boundary: str
    open: bool
    cache: Cache
    escalated: bool
    cost: Decimal | None
    colour: int
    x: int
    top: int
    height: int

    @property
    def says(self) -> str:
        moved = f"; boundary: {self.boundary}" if self.open else ""
        helped = "; escalated here" if self.escalated else ""
        return (
            f"{self.at:%H:%M:%S} UTC {self.work}: {self.deployment} plays {self.role}, "
            f"cache {self.cache}{moved}{helped}"
        )


class Timeline(Struct, frozen=True, kw_only=True):
    """`pinned` is the override in force, if there is one; `models` are in the order of colours."""

    session: str
    client: str
    steps: tuple[Step, ...]
    models: tuple[str, ...]
    width: int
    height: int
    cost: Decimal
    left_out: int
    pinned: Override | None
    roles: tuple[Role, ...]


def sessions(desk: Desk, query: Mapping[str, str]) -> Shown:
    behind = desk.catching_up.ask().behind
    before = query.get("before", "")
    rows = desk.index.rows(
        "SELECT session, client, workspace, began, ended, calls, cost FROM sessions "
        "WHERE ? = '' OR ended < ? ORDER BY ended DESC LIMIT ?",
        (before, before, _ROWS + 1),
    )
    columns = (
        Column("session", "code", "/sessions/"),
        *(Column(name, "name") for name in ("client", "workspace")),
        *(Column(name, "moment") for name in ("began", "newest call")),
        Column("calls", "count"),
        Column("cost", "usd"),
    )
    shown = [
        (*row[:3], datetime.fromisoformat(row[3]), datetime.fromisoformat(row[4]), *row[5:])
        for row in rows[:_ROWS]
    ]
    older = rows[_ROWS - 1][4] if len(rows) > _ROWS else None
    return Shown(
        template="sessions.html",
        title="Sessions",
        data=Listed(older=older, behind=behind),
        tables=(Table(name="sessions", title="Newest sessions", columns=columns, rows=shown),),
    )


def session(desk: Desk, _: Mapping[str, str], name: str) -> Shown:
    desk.catching_up.ask()
    rows = desk.index.rows(
        "SELECT number FROM lines WHERE session = ? ORDER BY number DESC LIMIT ?",
        (name, _STEPS + 1),
    )
    if not rows:
        raise RouteError(f"{name!r} names no session that is taken up yet; see /sessions")
    numbers = [row[0] for row in rows[:_STEPS]]
    records = [record for _, record in reversed(recent.numbered(desk.ledger, numbers))]
    steps, models = timeline(records)
    known = [cost for record in records if (cost := total_cost(record)) is not None]
    return Shown(
        template="session.html",
        title=f"Session {name}",
        data=Timeline(
            session=name,
            client=records[0].request.signals.client or "unknown",
            steps=steps,
            models=models,
            width=_WIDTH * len(steps) + 8,
            height=_HEIGHT + 24,
            cost=sum(known, Decimal(0)),
            left_out=max(len(rows) - _STEPS, 0),
            pinned=_pinned(desk, name),
            roles=ROLES,
        ),
        tables=(_table(steps),),
    )


def _pinned(desk: Desk, name: str) -> Override | None:
    found = overrides.in_force(desk.ledger, desk.now())
    return next((one for one in found if one.sort == "role" and one.subject == name), None)


def timeline(records: Sequence[Record]) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The calls of a session, oldest first, as they are drawn; and the models, by colour."""
    models: dict[str, int] = {}
    steps: list[Step] = []
    before: dict[str, Usage | None] = {}
    for number, record in enumerate(records):
        last = record.attempts[-1] if record.attempts else None
        name = last.deployment if last else "nobody"
        usage = last.usage if last else None
        cache = _cache(usage, before.get(record.session.key))
        before[record.session.key] = usage or before.get(record.session.key)
        boundary, latch = record.decision.boundary, record.decision.latch
        height = _tall(usage)
        steps.append(
            Step(
                id=record.decision.id,
                at=record.decision.at,
                deployment=name,
                role=record.decision.role,
                work=record.decision.kind or record.request.signals.work,
                boundary=boundary.cause if boundary else "",
                open=boundary is not None and boundary.open,
                cache=cache,
                escalated=latch is not None and latch.decision == record.decision.id,
                cost=total_cost(record),
                colour=models.setdefault(name, len(models)) % _COLOURS,
                x=4 + number * _WIDTH,
                top=12 + _HEIGHT - height,
                height=height,
            )
        )
    return tuple(steps), tuple(models)


def _cache(used: Usage | None, before: Usage | None) -> Cache:
    """Judged by what the call before it in the same history has sent."""
    if used is None:
        return "unknown"
    sent = 0 if before is None else before.input_tokens
    if sent < _SMALL:
        return "new"
    return "warm" if used.cache_read_input_tokens * 2 >= sent else "lost"


def _tall(usage: Usage | None) -> int:
    """Pixels for the tokens sent: a bar twice as tall is ten times as much, from 100 on."""
    tokens = usage.input_tokens if usage else 0
    share = math.log10(max(tokens, 100) / 100) / 4
    return round(8 + min(share, 1.0) * (_HEIGHT - 8))


def _table(steps: Sequence[Step]) -> Table:
    columns = (
        Column("decision", "code", "/decisions/"),
        Column("time", "moment"),
        Column("work"),
        Column("role"),
        Column("deployment", "name"),
        Column("boundary"),
        Column("cache"),
        Column("escalated"),
        Column("cost", "usd"),
    )
    rows = [
        (
            *(one.id, one.at, one.work, one.role, one.deployment),
            one.boundary if one.open else f"{one.boundary} (closed)" if one.boundary else "",
            *(one.cache, "here" if one.escalated else "", one.cost),
        )
        for one in reversed(steps)
    ]
    return Table(name="calls", title="Calls, the newest first", columns=columns, rows=rows)
