"""What became of the work, and what was spent: read back from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from msgspec import Struct

from rolecall.ledger.rows import outcome_of, outcome_row
from rolecall.ledger.schema import attempts, decisions, outcomes
from rolecall.ledger.store import OUTCOMES, Ledger
from rolecall.types import Outcome

_NEWEST = 20_000


class Spent(Struct, frozen=True, kw_only=True):
    """A call that was paid for, and what it counts towards."""

    role: str
    workspace: str | None
    person: str | None
    deployment: str
    cost: Decimal


def keep(ledger: Ledger, found: Sequence[Outcome]) -> None:
    """Outcomes that somebody reports, outside of any request."""
    with ledger.changing() as connection:
        for one in found:
            connection.exec_driver_sql(OUTCOMES, outcome_row(one))


def newest(ledger: Ledger, limit: int = _NEWEST) -> list[Outcome]:
    """The newest ones, oldest first."""
    query = sa.select(outcomes).order_by(outcomes.c.at.desc()).limit(limit)
    with ledger.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [outcome_of(dict(row)) for row in reversed(rows)]


def since(ledger: Ledger, at: datetime) -> list[Outcome]:
    """Those told from then on (UTC), oldest first."""
    query = sa.select(outcomes).where(outcomes.c.at >= at.isoformat()).order_by(outcomes.c.at)
    with ledger.reading() as connection:
        return [outcome_of(dict(row)) for row in connection.execute(query).mappings().all()]


def of(ledger: Ledger, decision: str) -> list[Outcome]:
    """What is known of the work that began with a decision."""
    query = sa.select(outcomes).where(outcomes.c.decision == decision).order_by(outcomes.c.at)
    with ledger.reading() as connection:
        return [outcome_of(dict(row)) for row in connection.execute(query).mappings().all()]


def spent_since(ledger: Ledger, since: datetime) -> Iterator[Spent]:
    """Every call with a known cost since then (UTC)."""
    person = sa.func.json_extract(decisions.c.facts, "$.request.person").label("person")
    columns = (decisions.c.role, decisions.c.workspace, person)
    query = (
        sa.select(*columns, attempts.c.deployment, attempts.c.cost)
        .join(decisions, decisions.c.id == attempts.c.decision)
        .where(decisions.c.at >= since.isoformat(), attempts.c.cost.is_not(None))
    )
    with ledger.reading() as connection:
        for row in connection.execute(query).mappings():
            yield Spent(
                role=row["role"],
                workspace=row["workspace"],
                person=row["person"],
                deployment=row["deployment"],
                cost=Decimal(row["cost"]),
            )
