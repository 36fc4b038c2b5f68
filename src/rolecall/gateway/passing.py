"""Pass an answer on, byte for byte, and read its usage on the way.

The last byte waits until the record is safe. In a stream the event that ends it counts as the
last byte too: clients act on it without waiting for the connection's end.
"""

from __future__ import annotations

import msgspec

from rolecall.egress.door import Reply
from rolecall.errors import UpstreamFailure
from rolecall.gateway.answers import Send, decision_headers, retry_after
from rolecall.gateway.call import Call, Opened, Whole, attempt, record
from rolecall.gateway.headers import Header, inbound, retold
from rolecall.gateway.state import Gateway
from rolecall.routing.candidates import find
from rolecall.routing.progress import after, settled
from rolecall.types import Attempt, Dialect, Ending
from rolecall.wire.dialects import WIRES, Wire
from rolecall.wire.restore import Restorer
from rolecall.wire.sse import Reader, fold_once
from rolecall.wire.tally import Tally

EVENTS, LINES = b"text/event-stream", b"application/x-ndjson"
LONGEST_READ = 32 * 1024 * 1024
"""Bytes of an answer that are kept to read its usage; a longer one passes unread."""


async def pass_on(gateway: Gateway, call: Call, opened: Opened, send: Send) -> None:
    """Send status, headers and body. An answer that breaks off upstream breaks off here too."""
    call.opened = opened
    call.status = opened.reply.status
    if call.status == 200:
        request, decision = call.taken.request, call.decision
        sessions = gateway.recogniser.sessions
        sessions.remember(after(call.session, request, decision, opened.deployment))
        sessions.note_main(request, call.taken.thread)
    headers, streams = _head(call, opened)
    await send({"type": "http.response.start", "status": call.status, "headers": headers})
    wire = WIRES[spoken(call, opened)]
    reader = Reader(wire)
    try:
        if opened.whole is not None:
            await _once(gateway, call, opened, opened.whole, send)
        elif opened.interpreter is not None:
            await _interpreted(gateway, call, opened, reader, send)
        elif streams:
            await _stream(gateway, call, opened, reader, send)
        else:
            await _whole(gateway, call, opened, wire, send)
    except UpstreamFailure as error:
        opened.reply.abort()
        call.attempts.append(attempt(opened, error.outcome, reader.tally, str(error)))
        call.opened = None
        await record(gateway, call, call.status)
    except BaseException:  # the client left, or the record is not safe: nobody reads the rest
        opened.reply.abort()
        raise
    else:
        opened.reply.release()


def _head(call: Call, opened: Opened) -> tuple[list[Header], bool]:
    """The answer's headers, and whether its body is a stream of events without a known end."""
    headers = inbound(opened.reply.headers)
    names = dict(headers)
    if opened.interpreter is not None:
        headers = [*retold(headers), *_kind(call, opened)]
    if call.status == 429 and b"retry-after" not in names:
        headers.append(retry_after(None))
    provider = call.snapshot.providers[find(opened.deployment, call.snapshot).provider]
    headers.extend(decision_headers(call.decision, opened.deployment, provider.zone))
    if call.restorer is not None:  # the answer's length changes with what is put back
        headers = [(name, value) for name, value in headers if name != b"content-length"]
        headers.append((b"x-rolecall-redacted", str(call.taken.request.redacted).encode()))
    return headers, is_stream(opened.reply) and b"content-length" not in names


def is_stream(reply: Reply) -> bool:
    """Whether an answer comes as a stream of events."""
    kinds = (value for name, value in reply.headers if name == b"content-type")
    return any(value.startswith((EVENTS, LINES)) for value in kinds)


def _kind(call: Call, opened: Opened) -> list[Header]:
    """What a translated answer is, and what it was."""
    kind = b"application/json"
    if call.taken.request.stream and opened.reply.status < 400:
        kind = LINES if WIRES[call.target.dialect].lines else EVENTS
    return [(b"content-type", kind), (b"x-rolecall-dialect", spoken(call, opened).encode())]


def spoken(call: Call, opened: Opened) -> Dialect:
    """The dialect that the deployment speaks."""
    cascade = call.decision.cascade
    found = next(one for one in cascade if one.deployment == opened.deployment)
    return found.dialect or call.target.dialect


async def _stream(gateway: Gateway, call: Call, opened: Opened, reader: Reader, send: Send) -> None:
    chunk = opened.first
    while chunk:
        reader.feed(chunk)
        if reader.tally.finished and not call.recorded:
            await _settle(gateway, call, opened, reader.tally)
        told = chunk if call.restorer is None else call.restorer.feed(chunk)
        await send({"type": "http.response.body", "body": told, "more_body": True})
        chunk = await opened.reply.read()
    reader.close()
    if not call.recorded:
        await _settle(gateway, call, opened, reader.tally)
    call.finished = True
    last = b"" if call.restorer is None else call.restorer.close()
    await send({"type": "http.response.body", "body": last, "more_body": False})


async def _interpreted(
    gateway: Gateway, call: Call, opened: Opened, reader: Reader, send: Send
) -> None:
    """A stream in another dialect. Where it breaks off, the client is told in its own."""
    interpreter = opened.interpreter
    assert interpreter is not None  # noqa: S101 (only those come here)
    chunk, why = opened.first, None
    while chunk and interpreter.trouble is None:
        reader.feed(chunk)
        told = interpreter.feed(chunk)
        if reader.tally.finished and not call.recorded and interpreter.trouble is None:
            await _settle(gateway, call, opened, reader.tally)
        await _tell(call, told, send)
        try:
            chunk = await opened.reply.read()
        except UpstreamFailure as error:
            chunk, why = b"", str(error)
    left = interpreter.close(why)
    if interpreter.trouble is not None:
        opened.reply.abort()
        call.attempts.append(attempt(opened, "broken", reader.tally, interpreter.trouble))
        call.opened = None
        await record(gateway, call, call.status)
    elif not call.recorded:
        await _settle(gateway, call, opened, reader.tally)
    call.finished = True
    if call.restorer is not None:
        left = call.restorer.feed(left) + call.restorer.close()
    await send({"type": "http.response.body", "body": left, "more_body": False})


async def _tell(call: Call, told: bytes, send: Send) -> None:
    if told and call.restorer is not None:
        told = call.restorer.feed(told)
    if told:
        await send({"type": "http.response.body", "body": told, "more_body": True})


async def _once(gateway: Gateway, call: Call, opened: Opened, whole: Whole, send: Send) -> None:
    """An answer that has been read to its end already."""
    tally = Tally()
    if call.status == 200:
        tally = _tallied(WIRES[spoken(call, opened)], whole.came, stream=is_stream(opened.reply))
    await _settle(gateway, call, opened, tally)
    call.finished = True
    told = whole.told
    if call.restorer is not None and call.taken.request.stream and call.status < 400:
        told = call.restorer.feed(told) + call.restorer.close()
    elif call.restorer is not None:
        told = call.restorer.whole(told)
    await send({"type": "http.response.body", "body": told, "more_body": False})


def _tallied(wire: Wire, came: bytes, *, stream: bool) -> Tally:
    if not stream:
        return fold_once(wire, Tally(), came)
    reader = Reader(wire)
    reader.feed(came)
    reader.close()
    return reader.tally


async def everything(opened: Opened) -> bytes:
    """All of an answer's bytes. Raises `UpstreamFailure`."""
    parts, size = [opened.first], len(opened.first)
    while chunk := await opened.reply.read():
        parts.append(chunk)
        size += len(chunk)
        if size > LONGEST_READ:
            says = f"the answer is longer than {LONGEST_READ // 2**20} MiB"
            raise UpstreamFailure(says, outcome="broken")
    return b"".join(parts)


async def _whole(gateway: Gateway, call: Call, opened: Opened, wire: Wire, send: Send) -> None:
    """Everything but the newest chunk is sent at once; that one waits for the record."""
    held = opened.first if call.restorer is None else await _restored(opened, call.restorer)
    kept, size = [held], len(held)
    while chunk := await opened.reply.read():
        await send({"type": "http.response.body", "body": held, "more_body": True})
        held, size = chunk, size + len(chunk)
        if size <= LONGEST_READ:
            kept.append(chunk)
    tally = Tally()
    if call.status == 200 and size <= LONGEST_READ:
        tally = fold_once(wire, tally, b"".join(kept))
    await _settle(gateway, call, opened, tally)
    call.finished = True
    await send({"type": "http.response.body", "body": held, "more_body": False})


async def _restored(opened: Opened, restorer: Restorer) -> bytes:
    """The whole answer with secrets in it."""
    return restorer.whole(await everything(opened))


def _note_answer(gateway: Gateway, opened: Opened, tally: Tally) -> None:
    """Who keeps this answer, where it was given natively: a later request may go on with it."""
    if tally.id is not None and opened.interpreter is None:
        gateway.recogniser.sessions.answered(tally.id, opened.deployment)


async def _settle(gateway: Gateway, call: Call, opened: Opened, tally: Tally) -> None:
    """The answer is complete: price it and make its record safe."""
    outcome: Ending = "answered" if call.status < 400 else "error-status"
    detail = f"{tally.malformed} malformed events passed on unread" if tally.malformed else None
    found = attempt(opened, outcome, tally, detail or opened.remark or _handed_over(call))
    _note_answer(gateway, opened, tally)
    if found.usage is not None and call.target.endpoint == "generate":
        cost = gateway.price(opened.deployment, found.usage, opened.started)
        found = msgspec.structs.replace(found, cost=cost)
    if call.status == 200:
        _note_progress(gateway, call, found)
    call.attempts.append(found)
    call.opened = None
    await record(gateway, call, call.status)


def _handed_over(call: Call) -> str | None:
    if not call.left_out:
        return None
    return f"old tool results were shortened by {call.left_out / 1000:.0f} kB at the hand-over"


def _note_progress(gateway: Gateway, call: Call, answered: Attempt) -> None:
    """What the session has come to, with what this call cost and an escalation's part of it."""
    latch, usage = call.decision.latch, answered.usage
    if latch is not None and usage is not None and answered.cost is not None:
        before = gateway.price(latch.before, usage, answered.started)
        call.extra = None if before is None else answered.cost - before
    if call.snapshot.economics.hour:
        gateway.paces.took(answered.deployment, answered.total)
    deployment = find(answered.deployment, call.snapshot)
    provider = call.snapshot.providers[deployment.provider]
    sessions, request = gateway.recogniser.sessions, call.taken.request
    session = sessions.get(call.session.key)
    sessions.remember(settled(session, request, answered, provider, deployment.rates, call.extra))
