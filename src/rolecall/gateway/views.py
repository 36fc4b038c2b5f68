"""Recorded decisions as plain JSON for clients and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rolecall.routing.explain import flips
from rolecall.spoken.figures import total_cost
from rolecall.types import Outcome, Record, Snapshot


def summary_view(record: Record) -> dict[str, Any]:
    """One line of the log."""
    decision, request = record.decision, record.request
    last = record.attempts[-1] if record.attempts else None
    return {
        "id": decision.id,
        "at": decision.at,
        "client": request.signals.client,
        "client_version": request.signals.client_version,
        "agent": request.signals.agent,
        "session": request.signals.session,
        "workspace": request.workspace,
        "dialect": request.dialect,
        "endpoint": request.endpoint,
        "work": request.signals.work,
        "asked_model": request.asked_model,
        "kind": decision.kind,
        "role": decision.role,
        "reason": decision.reason,
        "deployment": None if last is None else last.deployment,
        "status": record.status,
        "attempts": len(record.attempts),
        "usage": None if last is None else last.usage,
        "cost": total_cost(record),
        "time_to_first_chunk": None if last is None else last.time_to_first_chunk,
        "total": record.total,
        "signals": [request.signals.decided_by] if request.signals.decided_by else [],
    }


def decision_view(
    record: Record, snapshot: Snapshot, outcomes: Sequence[Outcome] = ()
) -> dict[str, Any]:
    """All that is known of one decision, and what would flip it."""
    return {
        **summary_view(record),
        "signals": [*record.request.signals.seen, *summary_view(record)["signals"]],
        "decision": record.decision,
        "request": record.request,
        "tries": record.attempts,
        "flips": flips(record, snapshot),
        "outcomes": outcomes,
    }


def encode(value: Any) -> str:
    """JSON for people and scripts: money as text, times in ISO 8601."""
    return msgspec.json.format(msgspec.json.encode(value)).decode()
