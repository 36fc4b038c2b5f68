"""Between a `Record` and the rows that keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.types import Ailment, Attempt, Decision, Record, Request, Session, Usage


class Facts(Struct, frozen=True, kw_only=True):
    """What replays a decision, beside its snapshot."""

    decision: Decision
    request: Request
    session: Session
    health: dict[str, Ailment]


_encoder = msgspec.json.Encoder()
_facts = msgspec.json.Decoder(Facts)
_COUNTS = Usage.__struct_fields__


def decision_row(record: Record) -> dict[str, Any]:
    decision, request = record.decision, record.request
    facts = Facts(decision=decision, request=request, session=record.session, health=record.health)
    return {
        "id": decision.id,
        "at": decision.at,
        "snapshot": decision.snapshot,
        "workspace": request.workspace,
        "client": request.signals.client,
        "session": request.signals.session,
        "dialect": request.dialect,
        "work": request.signals.work,
        "role": decision.role,
        "deployment": record.attempts[-1].deployment if record.attempts else None,
        "status": record.status,
        "total": record.total,
        "facts": _encoder.encode(facts).decode(),
    }


def attempt_rows(record: Record) -> list[dict[str, Any]]:
    return [_attempt_row(record, number, a) for number, a in enumerate(record.attempts)]


def _attempt_row(record: Record, number: int, attempt: Attempt) -> dict[str, Any]:
    usage = attempt.usage
    counts = {name: None if usage is None else getattr(usage, name) for name in _COUNTS}
    return {
        "decision": record.decision.id,
        "number": number,
        "deployment": attempt.deployment,
        "started": attempt.started,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "detail": attempt.detail,
        "time_to_first_chunk": attempt.time_to_first_chunk,
        "total": attempt.total,
        "response_model": attempt.response_model,
        "cost": None if attempt.cost is None else format(attempt.cost, "f"),
        **counts,
    }


def record_of(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> Record:
    """The record that was written. Times come back as aware UTC, money as `Decimal`."""
    facts = _facts.decode(row["facts"])
    return Record(
        decision=facts.decision,
        request=facts.request,
        session=facts.session,
        health=facts.health,
        attempts=tuple(_attempt_of(found) for found in attempts),
        status=row["status"],
        total=row["total"],
    )


def _attempt_of(row: Mapping[str, Any]) -> Attempt:
    counts = {name: row[name] for name in _COUNTS}
    usage = None if counts["input_tokens"] is None else Usage(**counts)
    return Attempt(
        deployment=row["deployment"],
        started=_aware(row["started"]),
        outcome=row["outcome"],
        status=row["status"],
        detail=row["detail"],
        time_to_first_chunk=row["time_to_first_chunk"],
        total=row["total"],
        response_model=row["response_model"],
        usage=usage,
        cost=None if row["cost"] is None else Decimal(row["cost"]),
    )


def _aware(moment: datetime) -> datetime:
    """SQLite hands times back without their zone; they were UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
