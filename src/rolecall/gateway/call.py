"""One request on its way through the gateway, and the record it ends as."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from rolecall.egress.door import Reply
from rolecall.gateway.headers import Header
from rolecall.gateway.intake import Taken
from rolecall.gateway.paths import Target
from rolecall.gateway.purse import Reservation
from rolecall.gateway.state import Gateway
from rolecall.gateway.translator import Translator
from rolecall.routing.estimates import looked_at
from rolecall.types import Attempt, Decision, Ending, Outcome, Record, Session, Snapshot
from rolecall.wire.restore import Restorer
from rolecall.wire.tally import Tally
from rolecall.wire.translate.interpreter import Interpreter

CLIENT_LEFT = 499
"""The status recorded for a client that went away; no standard has one (nginx uses this)."""


class Call(Struct, kw_only=True):
    """What was decided, and what has been tried so far."""

    taken: Taken
    target: Target
    query: bytes
    headers: list[Header]
    decision: Decision
    snapshot: Snapshot
    session: Session
    began: float
    translator: Translator = msgspec.field(default_factory=Translator)
    restorer: Restorer | None = None
    """Puts secrets back into the answer, where placeholders stood for them."""
    attempts: list[Attempt] = []
    opened: Opened | None = None
    """The attempt whose answer is being passed on, until it is recorded."""
    status: int = 0
    recorded: bool = False
    outcomes: tuple[Outcome, ...] = ()
    """What the request told of earlier work."""
    extra: Decimal | None = None
    reservation: Reservation | None = None
    left_out: int = 0
    """Bytes of the history that a hand-over has shortened."""
    finished: bool = False
    """The last byte is on its way: the client may leave."""


class Opened(Struct, frozen=True, kw_only=True):
    """An attempt whose answer has begun: the reply, and its first bytes."""

    deployment: str
    started: datetime
    clock: float
    reply: Reply
    first: bytes
    time_to_first_chunk: float
    interpreter: Interpreter | None = None
    """Between the dialect of the provider and the client's, where these are two."""
    whole: Whole | None = None
    """A whole answer that was translated, or an error: it has been read to its end."""
    remark: str | None = None
    """What was done to the answer that its record should tell."""


class Whole(Struct, frozen=True):
    """A whole answer as it `came`, and as it is `told` to the client."""

    came: bytes
    told: bytes


def attempt(
    opened: Opened,
    outcome: Ending,
    tally: Tally,
    detail: str | None,
) -> Attempt:
    """The attempt as it is recorded. What it cost is added by `settle`."""
    return Attempt(
        deployment=opened.deployment,
        started=opened.started,
        outcome=outcome,
        status=opened.reply.status,
        detail=detail,
        time_to_first_chunk=opened.time_to_first_chunk,
        total=time.perf_counter() - opened.clock,
        response_model=tally.model,
        usage=tally.usage,
    )


async def record(gateway: Gateway, call: Call, status: int) -> None:
    """Make the record safe, once. Raises `LedgerError` where it cannot be written.

    The last byte of every answer waits for this.
    """
    if call.recorded:
        return
    call.recorded = True
    found = Record(
        decision=call.decision,
        request=call.taken.request,
        session=call.session,
        health=call.snapshot.health,
        attempts=tuple(call.attempts),
        status=status,
        total=time.perf_counter() - call.began,
        standings=looked_at(call.decision, call.snapshot),
        spent=dict(call.snapshot.spent),
        paces=dict(call.snapshot.paces),
        outcomes=call.outcomes,
        extra=call.extra,
    )
    if call.reservation is not None:
        call.reservation.settle(_spent(call.attempts))
    await gateway.writer.commit(found)


def _spent(attempts: Sequence[Attempt]) -> Decimal | None:
    """What was paid; None where an answer's price or usage is unknown.

    Who refused or failed before it answered is taken to charge nothing.
    """
    answered = [one for one in attempts if one.usage is not None or one.outcome == "answered"]
    costs = [one.cost for one in answered if one.cost is not None]
    return None if len(costs) < len(answered) else sum(costs, Decimal(0))
