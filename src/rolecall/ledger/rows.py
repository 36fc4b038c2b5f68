"""Between a `Record` and the rows that keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.errors import LedgerError
from rolecall.types import (
    Ailment,
    Attempt,
    Decision,
    Outcome,
    Record,
    Request,
    Session,
    Standing,
    Usage,
)


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What replays a decision, beside its snapshot."""

    decision: Decision
    request: Request
    session: Session
    health: dict[str, Ailment]
    standings: dict[str, Standing] = {}
    spent: dict[str, Decimal] = {}
    paces: dict[str, float] = {}
    extra: Decimal | None = None


_encoder = msgspec.json.Encoder()
_facts = msgspec.json.Decoder(Facts)
_LATER = "cache_write_1h_input_tokens"
"""A count that came with a later schema: its column stands last."""
_COUNTS = tuple(name for name in Usage.__struct_fields__ if name != _LATER)
_NO_COUNTS = (None,) * len(_COUNTS)


def decision_row(record: Record) -> tuple[Any, ...]:
    """Values in the order of the columns of `schema.decisions`."""
    decision, request = record.decision, record.request
    facts = Facts(
        decision=decision,
        request=request,
        session=record.session,
        health=record.health,
        standings=record.standings,
        spent=record.spent,
        paces=record.paces,
        extra=record.extra,
    )
    return (
        decision.id,
        decision.at.isoformat(),
        decision.snapshot,
        request.workspace,
        request.signals.client,
        request.signals.session or record.session.key,
        request.dialect,
        request.signals.work,
        decision.role,
        record.attempts[-1].deployment if record.attempts else None,
        record.status,
        record.total,
        _encoder.encode(facts).decode(),
    )


def attempt_rows(record: Record) -> list[tuple[Any, ...]]:
    """Values in the order of the columns of `schema.attempts`, one row per upstream call."""
    return [_attempt_row(record.decision.id, n, a) for n, a in enumerate(record.attempts)]


def _attempt_row(decision: str, number: int, attempt: Attempt) -> tuple[Any, ...]:
    usage = attempt.usage
    counts = _NO_COUNTS if usage is None else tuple(getattr(usage, name) for name in _COUNTS)
    return (
        decision,
        number,
        attempt.deployment,
        attempt.started.isoformat(),
        attempt.outcome,
        attempt.status,
        attempt.detail,
        attempt.time_to_first_chunk,
        attempt.total,
        attempt.response_model,
        *counts,
        _money(attempt.cost),
        None if usage is None else usage.cache_write_1h_input_tokens,
    )


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def record_of(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> Record:
    """The record that was written. Times come back as aware UTC, money as `Decimal`.

    Raises `LedgerError` where somebody has changed it into what is no record.
    """
    try:
        facts = _facts.decode(row["facts"])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise LedgerError(f"the record {row['id']} cannot be read: {error}") from error
    return Record(
        decision=facts.decision,
        request=facts.request,
        session=facts.session,
        health=facts.health,
        attempts=tuple(_attempt_of(found) for found in attempts),
        status=row["status"],
        total=row["total"],
        standings=facts.standings,
        spent=facts.spent,
        paces=facts.paces,
        extra=facts.extra,
    )


def _attempt_of(row: Mapping[str, Any]) -> Attempt:
    counts = {name: row[name] for name in _COUNTS}
    counts[_LATER] = row[_LATER] or 0
    usage = None if counts["input_tokens"] is None else Usage(**counts)
    return Attempt(
        deployment=row["deployment"],
        started=datetime.fromisoformat(row["started"]),
        outcome=row["outcome"],
        status=row["status"],
        detail=row["detail"],
        time_to_first_chunk=row["time_to_first_chunk"],
        total=row["total"],
        response_model=row["response_model"],
        usage=usage,
        cost=None if row["cost"] is None else Decimal(row["cost"]),
    )


def outcome_rows(record: Record) -> list[tuple[Any, ...]]:
    """Values in the order of the columns of `schema.outcomes`."""
    return [outcome_row(found) for found in record.outcomes]


def outcome_row(found: Outcome) -> tuple[Any, ...]:
    return (
        found.decision,
        found.how,
        found.at.isoformat(),
        int(found.accepted),
        found.topic,
        found.deployment,
        found.says,
        found.calls,
        _money(found.cost),
        _money(found.extra),
    )


def outcome_of(row: Mapping[str, Any]) -> Outcome:
    return Outcome(
        decision=row["decision"],
        at=datetime.fromisoformat(row["at"]),
        how=row["how"],
        accepted=bool(row["accepted"]),
        topic=row["topic"],
        deployment=row["deployment"],
        says=row["says"],
        calls=row["calls"],
        cost=None if row["cost"] is None else Decimal(row["cost"]),
        extra=None if row["extra"] is None else Decimal(row["extra"]),
    )
