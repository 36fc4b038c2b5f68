"""The hot endpoints: take in, decide, relay, record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import msgspec

from rolecall.errors import BodyError, LedgerError, NoDeployment, RolecallError
from rolecall.gateway.answers import Send, answer, decision_headers, send_answer, status_of
from rolecall.gateway.call import CLIENT_LEFT, Call, attempt, record
from rolecall.gateway.guard import Guard
from rolecall.gateway.headers import Header, keyed
from rolecall.gateway.intake import ClientLeft, Receive, Taken, take
from rolecall.gateway.paths import Target
from rolecall.gateway.protocol import CONNECTION, Protocol
from rolecall.gateway.relay import relay
from rolecall.gateway.state import Gateway, UnderWay
from rolecall.gateway.translator import Translator
from rolecall.routing.budgets import names
from rolecall.routing.decide import decide
from rolecall.routing.progress import told
from rolecall.types import Decision
from rolecall.wire.shorten import shortened
from rolecall.wire.tally import Tally

Scope = Mapping[str, Any]


async def serve(
    gateway: Gateway,
    target: Target,
    workspace: str | None,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer one request of a hot endpoint."""
    try:
        call = await _decided(gateway, target, workspace, scope, receive)
    except ClientLeft:
        return
    except RolecallError as error:
        await send_answer(send, answer(error, target.dialect))
        return
    gateway.underway[call.decision.id] = UnderWay(call.taken.request, call.decision)
    try:
        with Watch(call, scope):
            await _play(gateway, call, send)
    except ClientLeft:
        await _note_leaving(gateway, call)
    except LedgerError as error:
        await _refuse(call, error, send)
    finally:
        gateway.underway.pop(call.decision.id, None)


async def _decided(
    gateway: Gateway, target: Target, workspace: str | None, scope: Scope, receive: Receive
) -> Call:
    began = time.perf_counter()
    raw, query = _addressed(target, scope)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    person = gateway.access.check(headers)
    _check_stream(target, query)
    if gateway.writer.trouble is not None:
        raise LedgerError(f"{gateway.writer.trouble}; nothing is sent that cannot be recorded")
    taken = await take(
        target, workspace, headers, receive, limits=gateway.limits, by=gateway.recogniser
    )
    if gateway.guard is not None:
        taken = await _guarded(gateway.guard, taken, person, raw, query)
    taken = _pinned(gateway, taken)
    session = gateway.recogniser.sessions.get(taken.thread, taken.request.continues)
    at = datetime.now(UTC)
    outcomes = told(taken.request, session, at)
    gateway.scoreboard.take(outcomes, at)
    snapshot = gateway.at(at)
    decision = decide(taken.request, snapshot, session, id=gateway.new_id())
    call = Call(
        taken=taken,
        target=target,
        query=query,
        headers=raw,
        decision=decision,
        snapshot=snapshot,
        session=session,
        outcomes=outcomes,
        began=began,
    )
    _hand_over(call)
    _carry(call)
    if gateway.guard is not None and not call.decision.cascade:
        await _redact(gateway.guard, call)
        _carry(call)
    _reserve(gateway, call)
    return call


def _pinned(gateway: Gateway, taken: Taken) -> Taken:
    """With the role that a person has pinned its session to, if one has."""
    if not gateway.overrides.pinned:
        return taken
    session = taken.request.signals.session or taken.thread
    request = gateway.overrides.applied(taken.request, session)
    return msgspec.structs.replace(taken, request=request)


def _addressed(target: Target, scope: Scope) -> tuple[list[Header], bytes]:
    """Headers and query; of a client of Google's the key is taken out of the query."""
    raw: list[Header] = scope["headers"]
    query: bytes = scope["query_string"]
    return keyed(raw, query) if target.dialect == "google.gemini" else (raw, query)


def _hand_over(call: Call) -> None:
    """Whoever takes over does not read the whole history again, where that saves something."""
    latch = call.decision.latch
    if latch is None or call.snapshot.economics.hand_over == "whole":
        return
    body = call.taken.body
    short = shortened(call.taken.request.dialect, body, latch.kept)
    call.left_out = len(body) - len(short)
    call.taken = msgspec.structs.replace(call.taken, body=short)


def _reserve(gateway: Gateway, call: Call) -> None:
    """What the call is expected to cost counts as spent until it is known."""
    chosen = call.decision.chosen
    counts = call.target.endpoint == "generate"  # nobody charges for counting tokens
    if chosen is None or not counts or not call.snapshot.economics.budget.is_set:
        return
    request = call.taken.request
    counted = names(
        role=call.decision.role,
        workspace=request.workspace,
        person=request.person,
        deployment=chosen.deployment,
    )
    expected = chosen.forecast.call if chosen.forecast is not None else 0.0
    call.reservation = gateway.purse.reserve(counted, expected)


def _check_stream(target: Target, query: bytes) -> None:
    """Gemini's streams are events or one long array; here they are events."""
    if target.dialect == "google.gemini" and target.stream and b"alt=sse" not in query:
        raise BodyError("streams are served as events alone; add ?alt=sse to the address")


def _carry(call: Call) -> None:
    """Translate for those of the cascade that speak another dialect, and decide with the losses."""
    while True:
        request = call.taken.request
        missing = [
            candidate
            for candidate in call.decision.cascade
            if candidate.dialect is not None and candidate.deployment not in request.carried
        ]
        if not missing:
            return
        carried = {
            one.deployment: call.translator.carry(request, call.taken.body, one, call.snapshot)
            for one in missing
        }
        request = msgspec.structs.replace(request, carried=request.carried | carried)
        call.taken = msgspec.structs.replace(call.taken, request=request)
        id_ = call.decision.id
        call.decision = decide(request, call.snapshot, call.session, id=id_)


async def _redact(guard: Guard, call: Call) -> None:
    """Nobody who is allowed can play: without its secrets the request may go further."""
    done = await guard.redacted(call.taken, call.headers, call.query)
    if done is not None:
        call.taken, call.restorer = done
        call.translator = Translator()
        id_ = call.decision.id
        call.decision = decide(call.taken.request, call.snapshot, call.session, id=id_)


async def _guarded(
    guard: Guard, taken: Taken, person: str | None, headers: list[Header], query: bytes
) -> Taken:
    """The same request with what privacy asks of it."""
    limits = await guard.limits(taken, person, headers, query)
    request = msgspec.structs.replace(taken.request, person=person, limits=limits)
    return msgspec.structs.replace(taken, request=request)


async def _play(gateway: Gateway, call: Call, send: Send) -> None:
    """Relay, or say why not. An error is recorded before it is sent, like any answer."""
    try:
        if not call.decision.cascade:
            raise nobody(call.decision)
        await relay(gateway, call, send)
    except LedgerError:
        raise
    except RolecallError as error:
        await record(gateway, call, status_of(error))
        await _refuse(call, error, send)


async def _refuse(call: Call, error: RolecallError, send: Send) -> None:
    """Tell the client, unless its answer has begun: then it stays visibly incomplete."""
    if call.status == 0:
        call.finished = True
        extra = decision_headers(call.decision, None)
        await send_answer(send, answer(error, call.target.dialect), extra)


def nobody(decision: Decision) -> NoDeployment:
    """Why no deployment may play, each with its reason, and when to ask again."""
    reasons = "; ".join(f"{r.deployment}: {r.says}" for r in decision.rejections)
    waits = [r.until for r in decision.rejections if r.until is not None]
    wait = (min(waits) - decision.at).total_seconds() if waits else None
    says = f"no deployment may play the role {decision.role} ({reasons or 'its cascade is empty'})"
    if decision.limits:
        says = f"{_private(decision)}; {says}"
    return NoDeployment(says, retry_after=wait)


def _private(decision: Decision) -> str:
    """Why it stays, and what would let it be answered."""
    limit = decision.limits[0]
    where = " or ".join(limit.zones)
    reasons = {one.reason for one in decision.rejections}
    mend = next((mend for reason, mend in _MENDS.items() if reason in reasons), _NOBODY)
    return f"the rule {limit.rule} keeps this request in {where}: {limit.says} ({mend})"


_NOBODY = "start a local engine and name its model in [roles] local"
_MENDS = {
    "context": "give the local model a longer context, or compact the conversation",
    "tools": "name a model that calls tools in [roles] local",
    "unwell": "see that the local engine runs",
}
"""What would let a private request be answered, by why nobody may."""


async def _note_leaving(gateway: Gateway, call: Call) -> None:
    """The client is gone: close the upstream call, and keep the record."""
    if call.opened is not None:
        call.opened.reply.abort()
        call.attempts.append(attempt(call.opened, "client-left", Tally(), None))
    try:
        await record(gateway, call, CLIENT_LEFT)
    except LedgerError:
        return  # `Writer.trouble` says it, and nobody is there to be told


class Watch:
    """Cancels the work of the current task when its client goes away; raises `ClientLeft` then."""

    def __init__(self, call: Call, scope: Scope) -> None:
        self._call = call
        self._connection: Protocol = scope["extensions"][CONNECTION]
        self._left = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine always runs in a task)
        self._task = task
        self._connection.on_lost = self._lost

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._connection.on_lost = None
        if self._left and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise ClientLeft

    def _lost(self) -> None:
        if not self._call.finished:
            self._left = True
            self._task.cancel()
