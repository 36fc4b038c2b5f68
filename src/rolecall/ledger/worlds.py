"""The worlds that decisions were taken in, in the order in which they were in force."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from rolecall.ledger.schema import decisions
from rolecall.ledger.store import Ledger
from rolecall.types import Snapshot


class Reign(Struct, frozen=True, kw_only=True):
    """A world, from its first decision on."""

    since: datetime
    world: Snapshot


def reigns(ledger: Ledger) -> list[Reign]:
    """Each world at each time it came into force, oldest first; one may come back."""
    before = sa.func.lag(decisions.c.snapshot).over(order_by=decisions.c.id).label("before")
    told = sa.select(decisions.c.id, decisions.c.at, decisions.c.snapshot, before).subquery()
    changed = sa.or_(told.c.before.is_(None), told.c.before != told.c.snapshot)
    query = sa.select(told.c.at, told.c.snapshot).where(changed).order_by(told.c.id)
    with ledger.reading() as connection:
        rows = connection.execute(query).all()
    worlds = {version: ledger.snapshot(version) for version in {row[1] for row in rows}}
    return [Reign(since=datetime.fromisoformat(row[0]), world=worlds[row[1]]) for row in rows]
