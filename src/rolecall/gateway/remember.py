"""What a gateway knows again after a restart, from its ledger: sessions, outcomes, spending."""

from __future__ import annotations

from datetime import UTC, datetime

from rolecall.gateway.purse import Purse
from rolecall.ledger import outcomes
from rolecall.ledger.store import Ledger
from rolecall.measure.standings import Scoreboard
from rolecall.routing.budgets import names
from rolecall.routing.progress import resumed
from rolecall.routing.sessions import Sessions
from rolecall.types import Economics, Record

_RECORDS = 2_000
"""The newest records in which sessions are looked for: some 0.1 s."""


def restore_sessions(sessions: Sessions, ledger: Ledger) -> None:
    """Every session as it was after its newest record."""
    newest: dict[str, Record] = {}
    records = ledger.newest(_RECORDS)
    for record in records:
        newest.setdefault(record.session.key, record)
    for record in reversed(records):
        sessions.note_main(record.request, record.session.key)
    for record, world in ledger.with_worlds(reversed(list(newest.values()))):
        session = resumed(record, world)
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
            counted = names(
                role=one.role,
                workspace=one.workspace,
                person=one.person,
                deployment=one.deployment,
            )
            found.add(filter(found.limits, counted), one.cost)
    return found
