"""What a gateway knows again after a restart, from its ledger: sessions, outcomes, spending."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from rolecall.gateway.purse import Purse
from rolecall.ledger import outcomes
from rolecall.ledger.store import Ledger
from rolecall.measure.standings import Scoreboard
from rolecall.routing.progress import resumed
from rolecall.routing.sessions import Sessions
from rolecall.types import Economics, Record, Snapshot

_RECORDS = 2_000
"""The newest records in which sessions are looked for: some 0.1 s."""


def restore_sessions(sessions: Sessions, ledger: Ledger) -> None:
    """Every session as it was after its newest record."""
    worlds: dict[str, Snapshot] = {}
    newest: dict[str, Record] = {}
    records = ledger.newest(_RECORDS)
    for record in records:
        newest.setdefault(record.session.key, record)
    for record in reversed(records):
        sessions.note_main(record.request, record.session.key)
    for record in reversed(list(newest.values())):
        version = record.decision.snapshot
        if version not in worlds:
            worlds[version] = ledger.snapshot(version)
        session = resumed(record, worlds[version])
        if session is not None:
            sessions.remember(session)


def scoreboard(ledger: Ledger, economics: Economics) -> Scoreboard:
    """The standings that the ledger's outcomes come to."""
    return Scoreboard(outcomes.newest(ledger), datetime.now(UTC), economics.loss_allowed)


def purse(ledger: Ledger, economics: Economics, now: datetime) -> Purse:
    """What was spent today already."""
    found = Purse(economics.budget)
    found.at(now)
    if economics.budget.is_set:
        midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        for one in outcomes.spent_since(ledger, midnight.astimezone(UTC)):
            found.add(filter(found.limits, _names(one)), one.cost)
    return found


def _names(one: outcomes.Spent) -> Iterable[str]:
    yield "day"
    yield f"role {one.role}"
    yield f"key {one.deployment.partition('/')[0]}"
    if one.workspace is not None:
        yield f"workspace {one.workspace}"
    if one.person is not None:
        yield f"person {one.person}"
