"""What the ledger tells of clients: unknown ones, and versions newer than their rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from rolecall.routing.rules import Client, newer
from rolecall.types import Record

UNNAMED = "a client without a name"


class UnknownClient(Struct, frozen=True, kw_only=True):
    """A client that no rule describes, and what was recognised of it all the same."""

    name: str
    requests: int
    works: dict[str, int]
    sessions: bool
    """It states a session where clients usually do."""

    def told(self) -> str:
        """One line: how many requests, and what they were taken for."""
        works = ", ".join(f"{count} {work}" for work, count in self.works.items())
        sessions = "states its session" if self.sessions else "states no session"
        plural = "s" if self.requests > 1 else ""
        return f"{self.requests} request{plural}: {works}; {sessions}"


def unknown_clients(records: Iterable[Record]) -> list[UnknownClient]:
    """Those of the records that no rule knows, the busiest first. Versions count as one."""
    by_name: dict[str, list[Record]] = {}
    for record in records:
        signals = record.request.signals
        if signals.client is None:
            name = (signals.agent or UNNAMED).partition("/")[0]
            by_name.setdefault(name, []).append(record)
    found = [_unknown(name, theirs) for name, theirs in by_name.items()]
    return sorted(found, key=lambda client: -client.requests)


def _unknown(name: str, records: list[Record]) -> UnknownClient:
    works = Counter(_taken_for(record) for record in records)
    return UnknownClient(
        name=name,
        requests=len(records),
        works=dict(works.most_common()),
        sessions=any(record.request.signals.session for record in records),
    )


def _taken_for(record: Record) -> str:
    signals = record.request.signals
    rule = signals.decided_by
    return signals.work if rule is None else f"{signals.work} ({rule.rule})"


def outgrown(records: Iterable[Record], clients: Mapping[str, Client]) -> dict[str, str]:
    """Clients whose newest version is newer than the one that their rules were written for."""
    found: dict[str, str] = {}
    for record in records:
        name, version = record.request.signals.client, record.request.signals.client_version
        if name is None or version is None or name not in clients:
            continue
        known = found.get(name, clients[name].seen)
        if known and newer(version, known):
            found[name] = version
    return found
