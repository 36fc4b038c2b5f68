"""What people have overridden, kept across restarts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct

from rolecall.ledger.schema import overrides
from rolecall.ledger.store import Ledger

Sort = Literal["role", "alone", "seen"]
"""A session's role is pinned; a deployment is left alone; the notice of a retirement was seen."""


class Override(Struct, frozen=True, kw_only=True):
    """`subject` is a session, a deployment or `SURFACE/MODEL`; `value` the role that is pinned."""

    sort: Sort
    subject: str
    at: datetime
    value: str | None = None
    until: datetime | None = None
    person: str | None = None
    ended: datetime | None = None
    number: int = 0


def keep(ledger: Ledger, found: Override) -> None:
    """Write one; an older one of the same sort on the same subject ends."""
    with ledger.changing() as connection:
        _end(connection, found.sort, found.subject, found.at)
        connection.execute(overrides.insert(), _row(found))


def end(ledger: Ledger, sort: Sort, subject: str, at: datetime) -> None:
    """Take one back."""
    with ledger.changing() as connection:
        _end(connection, sort, subject, at)


def _end(connection: sa.Connection, sort: str, subject: str, at: datetime) -> None:
    here = sa.and_(overrides.c.sort == sort, overrides.c.subject == subject)
    open_ = sa.and_(here, overrides.c.ended.is_(None))
    connection.execute(overrides.update().where(open_), {"ended": at.isoformat()})


def in_force(ledger: Ledger, at: datetime) -> list[Override]:
    """Those that nobody has ended and whose time is not over, oldest first."""
    query = sa.select(overrides).where(overrides.c.ended.is_(None)).order_by(overrides.c.number)
    with ledger.reading() as connection:
        found = [_override(row) for row in connection.execute(query).mappings()]
    return [one for one in found if one.until is None or one.until > at]


def _row(one: Override) -> dict[str, str | None]:
    return {
        "at": one.at.isoformat(),
        "sort": one.sort,
        "subject": one.subject,
        "value": one.value,
        "until": one.until.isoformat() if one.until else None,
        "person": one.person,
        "ended": None,
    }


def _override(row: sa.RowMapping) -> Override:
    until, ended = row["until"], row["ended"]
    return Override(
        sort=row["sort"],
        subject=row["subject"],
        at=datetime.fromisoformat(row["at"]),
        value=row["value"],
        until=datetime.fromisoformat(until) if until else None,
        person=row["person"],
        ended=datetime.fromisoformat(ended) if ended else None,
        number=row["number"],
    )
