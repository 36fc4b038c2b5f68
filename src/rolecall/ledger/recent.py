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


def written(ledger: Ledger, after: int, upto: int) -> list[Record]:
    """The records with numbers above `after` and up to `upto`, the newest first."""
    here = sa.and_(after < _NUMBER, upto >= _NUMBER)
    return ledger.read(sa.select(decisions).where(here).order_by(_NUMBER.desc()))


def named(ledger: Ledger, ids: Collection[str]) -> list[Record]:
    """The records of these decisions, the newest first."""
    query = sa.select(decisions).where(decisions.c.id.in_(ids))
    return ledger.read(query.order_by(decisions.c.id.desc()))
