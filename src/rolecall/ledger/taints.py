"""Which sessions stay private, kept across restarts until somebody clears them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from rolecall.ledger.schema import taints
from rolecall.ledger.store import Ledger
from rolecall.types import Limit

_limit = msgspec.json.Decoder(Limit)


class Taint(Struct, frozen=True, kw_only=True):
    """A session or a history that stays private. `key` is `session:ID` or `thread:HASH`."""

    key: str
    limit: Limit
    since: datetime
    session: str | None = None
    """The client's own id of the session, where it gives one."""
    workspace: str | None = None
    cleared: datetime | None = None
    why: str | None = None


def keep(ledger: Ledger, found: Iterable[Taint]) -> None:
    """Written before the request goes on: what is private is private after a crash, too."""
    with ledger.changing() as connection:
        for taint in found:
            here = sa.and_(taints.c.key == taint.key, taints.c.rule == taint.limit.rule)
            connection.execute(taints.delete().where(here))
            connection.execute(taints.insert(), _row(taint))


def in_force(ledger: Ledger) -> list[Taint]:
    """Those that nobody has cleared, oldest first."""
    return [taint for taint in every(ledger) if taint.cleared is None]


def every(ledger: Ledger) -> list[Taint]:
    """All of them, those that were cleared too."""
    with ledger.reading() as connection:
        rows = connection.execute(sa.select(taints).order_by(taints.c.since)).mappings().all()
    return [_taint(dict(row)) for row in rows]


def cleared(ledger: Ledger) -> str | None:
    """When something was cleared last; tells a running gateway that it is to look again."""
    with ledger.reading() as connection:
        return connection.execute(sa.select(sa.func.max(taints.c.cleared))).scalar()


def clear(ledger: Ledger, session: str, why: str, at: datetime) -> list[str]:
    """Clear what goes by this name; the keys that were cleared."""
    goes_by = sa.or_(taints.c.session == session, taints.c.key == f"thread:{session}")
    here = sa.and_(goes_by, taints.c.cleared.is_(None))
    with ledger.changing() as connection:
        keys = list(connection.execute(sa.select(taints.c.key).where(here)).scalars())
        connection.execute(taints.update().where(here), {"cleared": at.isoformat(), "why": why})
    return sorted(set(keys))


def _row(taint: Taint) -> dict[str, str | None]:
    return {
        "key": taint.key,
        "rule": taint.limit.rule,
        "met": msgspec.json.encode(taint.limit).decode(),
        "session": taint.session,
        "workspace": taint.workspace,
        "since": taint.since.isoformat(),
        "cleared": None,
        "why": None,
    }


def _taint(row: dict[str, str | None]) -> Taint:
    return Taint(
        key=row["key"] or "",
        limit=_limit.decode(row["met"] or ""),
        since=datetime.fromisoformat(row["since"] or ""),
        session=row["session"],
        workspace=row["workspace"],
        cleared=datetime.fromisoformat(row["cleared"]) if row["cleared"] else None,
        why=row["why"],
    )
