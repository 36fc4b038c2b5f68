"""Send a decided request down its cascade, and pass the answer on as it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from rolecall.egress.door import Reply
from rolecall.errors import UpstreamError, UpstreamFailure
from rolecall.gateway.answers import Send
from rolecall.gateway.call import Call, Opened, attempt
from rolecall.gateway.hearing import heard
from rolecall.gateway.parcels import packed
from rolecall.gateway.passing import pass_on
from rolecall.gateway.state import Gateway
from rolecall.privacy.verdict import clear
from rolecall.routing.candidates import find
from rolecall.types import Attempt, Candidate, Limit
from rolecall.wire.tally import Tally
from rolecall.wire.thoughts import is_refusal


async def relay(gateway: Gateway, call: Call, send: Send) -> None:
    """Try the cascade until a deployment answers, then pass its answer on.

    Raises `UpstreamError` where none answered. Nothing has been sent to the client by then.
    """
    cascade = call.decision.cascade
    for number, candidate in enumerate(cascade):
        last = number == len(cascade) - 1
        try:
            opened = await _asked(gateway, call, candidate)
        except UpstreamFailure:
            continue
        status = opened.reply.status
        if _is_redirect(status) or (not last and _is_failure(status)):
            _give_up(call, opened)
            continue
        await pass_on(gateway, call, opened, send)
        return
    raise _nobody_answered(call.attempts, call.decision.limits)


def _nobody_answered(attempts: list[Attempt], limits: Sequence[Limit]) -> UpstreamError:
    """Why each of the cascade gave no answer. The last one decides between 502 and 504."""
    reasons = [f"{one.deployment}: {one.detail or f'HTTP {one.status}'}" for one in attempts]
    status = 504 if attempts[-1].outcome == "timeout" else 502
    kept = [f"nobody else is asked, as the rule {limit.rule} says" for limit in limits[:1]]
    return UpstreamError("; ".join([*reasons, *kept]), status=status)


async def _asked(gateway: Gateway, call: Call, candidate: Candidate) -> Opened:
    """Ask one deployment, and once more without reasoning that it refuses to read.

    Where a session has moved, or the gateway does not know that it has, a provider may answer 400:
    no client should see that.
    """
    opened = await heard(gateway, call, await _open(gateway, call, candidate, bare=False))
    came = b"" if opened.whole is None else opened.whole.came
    refused = opened.reply.status == 400 and call.taken.request.thoughts
    if not refused or not is_refusal(came):
        return opened
    opened.reply.abort()
    call.attempts.append(attempt(opened, "error-status", Tally(), _AGAIN))
    return await heard(gateway, call, await _open(gateway, call, candidate, bare=True))


_AGAIN = "it cannot read the reasoning of earlier turns, and is asked again without it"


async def _open(gateway: Gateway, call: Call, candidate: Candidate, *, bare: bool) -> Opened:
    """Ask one deployment, and wait for the first bytes of its answer."""
    name = candidate.deployment
    provider = call.snapshot.providers[find(name, call.snapshot).provider]
    target, parcel = packed(gateway, call, candidate, bare=bare)
    started, clock = datetime.now(UTC), time.perf_counter()
    try:
        reply = await gateway.door.post(clear(call.decision), provider, target, parcel)
        first = await _first(reply)
    except UpstreamFailure as error:
        call.attempts.append(_failed(name, started, clock, error))
        gateway.health.failed(name, str(error), datetime.now(UTC))
        raise
    except asyncio.CancelledError:  # the client left; the provider may bill it all the same
        total = time.perf_counter() - clock
        left = Attempt(deployment=name, started=started, outcome="client-left", total=total)
        call.attempts.append(left)
        raise
    _note_health(gateway, name, reply)
    return Opened(
        deployment=name,
        started=started,
        clock=clock,
        reply=reply,
        first=first,
        time_to_first_chunk=time.perf_counter() - clock,
        interpreter=None
        if candidate.dialect is None
        else call.translator.interpreter(call.taken.request, name, candidate.dialect),
    )


async def _first(reply: Reply) -> bytes:
    try:
        return await reply.read()
    except BaseException:  # cancelled, too: nobody will read the rest
        reply.abort()
        raise


def _is_failure(status: int) -> bool:
    """Worth asking the next of the cascade: told to wait, broken, or sent elsewhere."""
    return status == 429 or status >= 500 or _is_redirect(status)


def _is_redirect(status: int) -> bool:
    """Never followed, and never passed on: a client would take its request past the gateway."""
    return 300 <= status < 400


def _note_health(gateway: Gateway, name: str, reply: Reply) -> None:
    if not _is_failure(reply.status):
        gateway.health.succeeded(name)
        return
    now = datetime.now(UTC)
    wait = _seconds(dict(reply.headers).get(b"retry-after", b"")) if reply.status == 429 else None
    if wait is None:
        gateway.health.failed(name, f"HTTP {reply.status}", now)
    else:
        gateway.health.told_to_wait(name, wait, now)


def _seconds(text: bytes) -> float | None:
    """A `Retry-After` in seconds; a date, which model providers do not send, is passed over."""
    return float(text) if text.isdigit() else None


def _failed(name: str, started: datetime, clock: float, error: UpstreamFailure) -> Attempt:
    return Attempt(
        deployment=name,
        started=started,
        outcome=error.outcome,
        detail=str(error),
        total=time.perf_counter() - clock,
    )


def _give_up(call: Call, opened: Opened) -> None:
    opened.reply.abort()
    status = opened.reply.status
    detail = f"HTTP {status}: redirects are not followed" if _is_redirect(status) else None
    call.attempts.append(attempt(opened, "error-status", Tally(), detail))
