"""A decision in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from rolecall.dashboard.shown import Column, Table
from rolecall.gateway.state import UnderWay
from rolecall.spoken.figures import total_cost
from rolecall.types import Record


class Line(Struct, frozen=True, kw_only=True):
    """What a list of decisions tells of each. `seconds` is None while it is being answered."""

    id: str
    at: datetime
    client: str
    workspace: str
    work: str
    role: str
    deployment: str
    status: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: Decimal | None = None
    seconds: float | None = None
    reason: str


COLUMNS: Mapping[str, Column] = {
    "id": Column("decision", "code", "/decisions/"),
    "at": Column("time", "moment"),
    "client": Column("client"),
    "work": Column("work"),
    "role": Column("role"),
    "deployment": Column("deployment", "name"),
    "reason": Column("because", "prose"),
    "cost": Column("cost", "usd"),
    "seconds": Column("took", "seconds"),
    "input_tokens": Column("input", "tokens"),
    "output_tokens": Column("output", "tokens"),
    "status": Column("status"),
    "workspace": Column("workspace"),
}
"""By the fields of `Line`, in the order in which one looks for them."""
_EARLY = ("id", "at", "client", "work", "role", "deployment", "reason")
"""What is known before there is an answer."""


def line(record: Record) -> Line:
    """Of a decision that was answered."""
    last = record.attempts[-1] if record.attempts else None
    usage = last.usage if last else None
    return msgspec.structs.replace(
        line_under_way(UnderWay(record.request, record.decision)),
        deployment=last.deployment if last else "nobody",
        status=record.status,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cost=total_cost(record),
        seconds=record.total,
    )


def line_under_way(found: UnderWay) -> Line:
    """What is known before there is an answer."""
    request, decision = found.request, found.decision
    signals, chosen = request.signals, decision.chosen
    return Line(
        id=decision.id,
        at=decision.at,
        client=signals.client or signals.agent or "unknown",
        workspace=request.workspace or "none",
        work=decision.kind or signals.work,
        role=decision.role,
        deployment=chosen.deployment if chosen else "nobody",
        reason=decision.reason.says,
    )


def answered(lines: Iterable[Line]) -> Table:
    return _table("decisions", "Answered", tuple(COLUMNS), lines)


def under_way(lines: Iterable[Line]) -> Table:
    return _table("underway", "Being answered", _EARLY, lines)


def _table(name: str, title: str, fields: Sequence[str], lines: Iterable[Line]) -> Table:
    rows = [tuple(getattr(one, field) for field in fields) for one in lines]
    return Table(
        name=name, title=title, columns=tuple(COLUMNS[field] for field in fields), rows=rows
    )
