"""rolecall's own ledger, a day at a time: what it decided, and what was billed for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from sqlite3 import Connection

from rolecall.audit.databases import Unreadable, reading, tables
from rolecall.audit.history import Call, Counts, Thread, Turn
from rolecall.audit.source import Batch, Source, Unit
from rolecall.audit.threads import Tools
from rolecall.config.load import LEDGER_NAME
from rolecall.config.machine import Machine
from rolecall.errors import LedgerError
from rolecall.ledger.rows import record_of
from rolecall.types import Record, Usage

NAME = "rolecall"
_DAYS = "SELECT substr(at, 1, 10) AS day, COUNT(*), MIN(id), MAX(id) FROM decisions GROUP BY day"
_DECISIONS = """
SELECT * FROM decisions WHERE id BETWEEN ? AND ? AND substr(at, 1, 10) = ? ORDER BY id
"""
_ATTEMPTS = "SELECT * FROM attempts WHERE decision = ? ORDER BY number"


def _places(_: Machine) -> tuple[Path, ...]:
    """Where the configuration puts it: the audit is told."""
    return ()


def _claims(path: PurePath) -> bool:
    return path.name == LEDGER_NAME


def _units(source: str, path: Path) -> Iterator[Unit]:
    with reading(str(path)) as connection:
        if not {"decisions", "attempts"} <= tables(connection):
            raise Unreadable("it has no tables decisions and attempts")
        for day, count, first, last in connection.execute(_DAYS):
            yield Unit(source=source, path=str(path), part=day, mark=f"{count}:{first}:{last}")


def _read(unit: Unit, _: Tools) -> Batch:
    skipped: Counter[str] = Counter()
    threads: dict[str, list[Record]] = {}
    with reading(unit.path) as connection:
        for record in _records(connection, unit, skipped):
            threads.setdefault(record.session.key, []).append(record)
    return Batch(
        threads=tuple(_thread(unit, found) for found in threads.values()), skipped=dict(skipped)
    )


def _records(connection: Connection, unit: Unit, skipped: Counter[str]) -> Iterator[Record]:
    """The records of a day. Ids are in the order of time, and there is an index of them alone."""
    _, first, last = unit.mark.split(":")
    for row in connection.execute(_DECISIONS, (first, last, unit.part)):
        attempts = [dict(one) for one in connection.execute(_ATTEMPTS, (row["id"],))]
        try:
            yield record_of(dict(row), attempts)
        except (LedgerError, KeyError, ValueError):
            skipped["records of another version"] += 1


def _thread(unit: Unit, records: Sequence[Record]) -> Thread:
    first = records[0].request
    turns = _turns(records)
    places = {turn: place for place, turn in enumerate(turns)}
    return Thread(
        client=first.signals.client or first.signals.agent or "unknown",
        session=first.signals.session or records[0].session.key,
        place=unit.path,
        workspace=first.workspace or "",
        work="subagent" if first.signals.work == "subagent" else "turn",
        turns=tuple(_turn(found) for found in turns.values()),
        calls=tuple(
            call
            for record in records
            for call in _calls(record, places[record.request.trajectory.turns])
        ),
    )


def _turns(records: Sequence[Record]) -> Mapping[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for record in records:
        found.setdefault(record.request.trajectory.turns, []).append(record)
    return found


def _turn(records: Sequence[Record]) -> Turn:
    """What happened in a turn: the counts at its last request less those at its first."""
    first, last = records[0].request.trajectory, records[-1].request.trajectory
    tested = last.tested - first.tested
    kinds = next((r.request.signals.kinds for r in records if r.request.signals.kinds), {})
    return Turn(
        at=records[0].decision.at,
        kinds=dict(list(kinds.items())[:3]),
        steps=last.steps,
        edits=last.edits - first.edits,
        edits_failed=last.edits_failed - first.edits_failed,
        reverts=last.reverts - first.reverts,
        tested=tested,
        tests=last.tests if tested else "none",
        same_failures=last.same_failures if tested else 0,
    )


def _calls(record: Record, turn: int) -> Iterator[Call]:
    for number, attempt in enumerate(record.attempts):
        if attempt.usage is None or record.request.endpoint != "generate":
            continue
        provider, _, model = attempt.deployment.partition("/")
        yield Call(
            id=f"{record.decision.id} {number}",
            at=attempt.started,
            turn=turn,
            model=model,
            counts=_counts(attempt.usage),
            provider=provider,
            work=record.request.signals.work,
            stated=attempt.cost,
            role=record.decision.role,
            seconds=attempt.total,
        )


def _counts(usage: Usage) -> Counts:
    return Counts(
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_input_tokens,
        usage.reasoning_tokens,
        usage.cache_write_1h_input_tokens,
    )


LEDGER = Source(name=NAME, places=_places, claims=_claims, read=_read, units=_units)
