"""Records as the gateway writes them, made up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from rolecall.gateway.ids import decision_id
from rolecall.types import (
    Attempt,
    Candidate,
    Decision,
    Forecast,
    Reason,
    Record,
    Request,
    Session,
    Signals,
    Snapshot,
    Usage,
)

AT = datetime(2026, 11, 23, 8, 30, 1, 250, tzinfo=UTC)
USAGE = Usage(
    input_tokens=1000,
    output_tokens=50,
    cache_read_input_tokens=300,
    cache_write_input_tokens=200,
    reasoning_tokens=20,
    cache_write_1h_input_tokens=80,
)


def snapshot(version: str = "v1") -> Snapshot:
    return Snapshot(
        version=version,
        providers={},
        deployments={},
        stack={},
        borrowed={},
        default_role="code",
        work_roles={},
        model_classes={},
        rules="1",
        at=AT,
    )


def record(number: int, *, version: str = "v1", usage: Usage | None = USAGE) -> Record:
    """The record with this place in the order of time."""
    decision = Decision(
        id=decision_id(1_700_000_000_000 + number, number),
        at=AT,
        snapshot=version,
        role="code",
        reason=Reason(ground="default", rule="default", says="because"),
        cascade=(
            Candidate(
                deployment="up/a",
                model_class=None,
                forecast=Forecast(call=0.001, turn=0.001, fee=0.0),
            ),
        ),
        rejections=(),
    )
    request = Request(
        dialect="openai.chat",
        asked_model="rolecall/auto",
        body_bytes=10,
        messages=1,
        tools=0,
        signals=Signals(),
    )
    attempt = Attempt(
        deployment="up/a",
        started=AT,
        outcome="answered",
        status=200,
        time_to_first_chunk=0.25,
        total=0.5,
        response_model="a",
        usage=usage,
        cost=None if usage is None else Decimal("0.0000012345678901234567"),
    )
    return Record(
        decision=decision,
        request=request,
        session=Session(key="k"),
        health={},
        attempts=(attempt, msgspec.structs.replace(attempt, usage=None, cost=None)),
        status=200,
        total=1.5,
    )
