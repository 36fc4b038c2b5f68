"""Commits that hold work of a decision, until it is known whether they were kept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from rolecall.ledger.schema import commits
from rolecall.ledger.store import Ledger


class Commit(Struct, frozen=True, kw_only=True):
    """`repository` is the path of its folder."""

    sha: str
    repository: str
    decision: str
    at: datetime


def keep(ledger: Ledger, found: Commit) -> None:
    """An amended commit is another one; the same one again changes nothing."""
    row = {
        "sha": found.sha,
        "repository": found.repository,
        "decision": found.decision,
        "at": found.at.isoformat(),
        "settled": None,
    }
    with ledger.changing() as connection:
        connection.execute(commits.insert().prefix_with("OR IGNORE"), row)


def waiting(ledger: Ledger, before: datetime) -> list[Commit]:
    """Those made before then (UTC) of which nobody has said whether they were kept."""
    here = sa.and_(commits.c.settled.is_(None), commits.c.at <= before.isoformat())
    with ledger.reading() as connection:
        rows = connection.execute(sa.select(commits).where(here).order_by(commits.c.at)).mappings()
        return [
            Commit(
                sha=row["sha"],
                repository=row["repository"],
                decision=row["decision"],
                at=datetime.fromisoformat(row["at"]),
            )
            for row in rows.all()
        ]


def settle(ledger: Ledger, sha: str, at: datetime) -> None:
    with ledger.changing() as connection:
        here = commits.update().where(commits.c.sha == sha)
        connection.execute(here, {"settled": at.isoformat()})
