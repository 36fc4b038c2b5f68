"""Records in the order in which they were written.

A decision's id tells when it was taken; its record follows when its answer ends, and so later ids
may come first. What was written since a moment is found by SQLite's own row number.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from rolecall.ledger.schema import decisions
from rolecall.ledger.store import Ledger
from rolecall.types import Record

_NUMBER: sa.ColumnClause[int] = sa.literal_column("decisions.rowid", sa.Integer)


def newest_number(ledger: Ledger) -> int:
    """The number of the record that was written last; 0 where there is none."""
    query = sa.select(sa.func.max(_NUMBER)).select_from(decisions)
    with ledger.reading() as connection:
        return int(connection.execute(query).scalar_one() or 0)


def older(ledger: Ledger, before: int, limit: int) -> list[tuple[int, Record]]:
    """The records with the largest numbers below `before`, the newest first."""
    query = sa.select(_NUMBER).select_from(decisions).where(before > _NUMBER)
    with ledger.reading() as connection:
        found = connection.execute(query.order_by(_NUMBER.desc()).limit(limit)).scalars().all()
    return numbered(ledger, found)


def since(ledger: Ledger, number: int, limit: int) -> list[tuple[int, Record]]:
    """Of the records with numbers above `number` so many at most, the newest first."""
    query = sa.select(_NUMBER).select_from(decisions).where(number < _NUMBER)
    with ledger.reading() as connection:
        found = connection.execute(query.order_by(_NUMBER.desc()).limit(limit)).scalars().all()
    return numbered(ledger, found)


def numbered(ledger: Ledger, numbers: Collection[int]) -> list[tuple[int, Record]]:
    """The records with these numbers, the newest first."""
    query = sa.select(decisions).where(_NUMBER.in_(numbers)).order_by(_NUMBER.desc())
    records = ledger.read(query)
    return list(zip(sorted(numbers, reverse=True), records, strict=True))
