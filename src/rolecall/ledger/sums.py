"""Sums over the ledger, for the page. Costs are added up as floats and rounded to a millionth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from msgspec import Struct

from rolecall.ledger.schema import attempts, decisions
from rolecall.ledger.store import Ledger
from rolecall.types import Record

_NEWEST = 20_000
"""The newest decisions among which sessions are looked for."""


class Spent(Struct, frozen=True, kw_only=True):
    """What one day (UTC), role, deployment, client and workspace come to. `cost` is USD.

    `unpriced` calls have no known price; `input_tokens` holds the cached parts.
    """

    day: date
    role: str
    deployment: str
    client: str
    workspace: str
    calls: int
    input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    cost: Decimal
    unpriced: int


class Talked(Struct, frozen=True, kw_only=True):
    """A session: `calls` decisions of it, from the first to the last."""

    session: str
    client: str
    began: datetime
    ended: datetime
    calls: int
    cost: Decimal


class Kept(Struct, frozen=True, kw_only=True):
    """Requests that a rule of privacy asked something of, by what became of them."""

    workspace: str
    rule: str
    zones: str
    outcome: str
    requests: int


def spent(ledger: Ledger, since: datetime) -> list[Spent]:
    """What was spent since a moment, by day and by everything one asks for."""
    day = sa.func.substr(decisions.c.at, 1, 10).label("day")
    used = attempts.c.input_tokens.is_not(None)
    cost = sa.func.sum(sa.cast(attempts.c.cost, sa.Float))
    names = (
        day,
        decisions.c.role,
        attempts.c.deployment,
        sa.func.coalesce(decisions.c.client, "unknown"),
        sa.func.coalesce(decisions.c.workspace, "none"),
    )
    query = (
        sa.select(
            *names,
            sa.func.count(),
            sa.func.sum(attempts.c.input_tokens),
            sa.func.sum(sa.func.coalesce(attempts.c.cache_read_input_tokens, 0)),
            sa.func.sum(attempts.c.output_tokens),
            sa.func.coalesce(cost, 0.0),
            sa.func.sum(attempts.c.cost.is_(None)),
        )
        .join_from(decisions, attempts, decisions.c.id == attempts.c.decision)
        .where(decisions.c.at >= since.isoformat(), used)
        .group_by(*names)
        .order_by(day)
    )
    with ledger.reading() as connection:
        rows = connection.execute(query).all()
    return [
        Spent(
            day=date.fromisoformat(row[0]),
            role=row[1],
            deployment=row[2],
            client=row[3],
            workspace=row[4],
            calls=row[5],
            input_tokens=row[6],
            cache_read_input_tokens=row[7],
            output_tokens=row[8],
            cost=_money(row[9]),
            unpriced=row[10],
        )
        for row in rows
    ]


def sessions(ledger: Ledger, limit: int) -> list[Talked]:
    """The newest sessions, the newest first."""
    newest = sa.select(decisions).order_by(decisions.c.id.desc()).limit(_NEWEST).subquery()
    cost = sa.func.coalesce(sa.func.sum(sa.cast(attempts.c.cost, sa.Float)), 0.0)
    last = sa.func.max(newest.c.at)
    query = (
        sa.select(
            newest.c.session,
            sa.func.coalesce(sa.func.max(newest.c.client), "unknown"),
            sa.func.min(newest.c.at),
            last,
            sa.func.count(newest.c.id.distinct()),
            cost,
        )
        .join_from(newest, attempts, newest.c.id == attempts.c.decision, isouter=True)
        .where(newest.c.session.is_not(None))
        .group_by(newest.c.session)
        .order_by(last.desc())
        .limit(limit)
    )
    with ledger.reading() as connection:
        rows = connection.execute(query).all()
    return [
        Talked(
            session=row[0],
            client=row[1],
            began=datetime.fromisoformat(row[2]),
            ended=datetime.fromisoformat(row[3]),
            calls=row[4],
            cost=_money(row[5]),
        )
        for row in rows
    ]


def of_session(ledger: Ledger, session: str) -> list[Record]:
    """The records of a session among the newest, oldest first."""
    newest = sa.select(decisions.c.id).order_by(decisions.c.id.desc()).limit(_NEWEST).subquery()
    query = (
        sa.select(decisions)
        .where(decisions.c.id >= sa.select(sa.func.min(newest.c.id)).scalar_subquery())
        .where(decisions.c.session == session)
        .order_by(decisions.c.id)
    )
    return ledger.read(query)


def after(ledger: Ledger, id_: str, limit: int) -> list[Record]:
    """Records newer than an id, the oldest of them first."""
    query = sa.select(decisions).where(decisions.c.id > id_).order_by(decisions.c.id).limit(limit)
    return ledger.read(query)


def private(records: Sequence[Record]) -> list[Kept]:
    """What rules of privacy kept: answered within their zones, refused, or redacted."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for record in records:
        asked = record.decision.limits
        for limit in (asked or record.request.lifted)[:1]:
            outcome = "answered" if record.status < 400 else "refused"
            key = (
                record.request.workspace or "none",
                limit.rule,
                " or ".join(limit.zones),
                outcome if asked else "redacted",
            )
            counts[key] = counts.get(key, 0) + 1
    return [
        Kept(workspace=key[0], rule=key[1], zones=key[2], outcome=key[3], requests=count)
        for key, count in sorted(counts.items())
    ]


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 6)))
