"""Read an answer before the client sees any of it, where it has to be understood first.

That is: whole answers and errors in another dialect, refusals of reasoning, and answers of engines
at home that may be a tool call written as text.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from rolecall.errors import UpstreamFailure
from rolecall.gateway.call import Call, Opened, Whole, attempt
from rolecall.gateway.passing import LONGEST_READ, everything, is_stream, spoken
from rolecall.gateway.state import Gateway
from rolecall.routing.candidates import find
from rolecall.wire.faults import error_of, fault
from rolecall.wire.sse import events, last_blank
from rolecall.wire.tally import Tally
from rolecall.wire.translate.answer import Broken, Event, Failed, Grown, collected
from rolecall.wire.translate.answer import Opened as Begun
from rolecall.wire.translate.losses import Refused
from rolecall.wire.translate.reading import Reader
from rolecall.wire.translate.repair import calls_in, may_begin, repaired, text_alone
from rolecall.wire.translate.table import SPOKEN

_NAME = rb"\"name\""
"""A call in a text holds this, as JSON within JSON."""
_REPAIRED = "it wrote its tool calls as text; they were made real calls"


async def heard(gateway: Gateway, call: Call, opened: Opened) -> Opened:
    """The same answer, read as far as it must be.

    Raises `UpstreamFailure` where it makes no sense: nobody has seen it, and the next may answer.
    """
    try:
        if _may_write_calls(call, opened):
            return await _mended(call, opened)
        if _is_needed(call, opened):
            came = await everything(opened)
            return msgspec.structs.replace(opened, whole=Whole(came, _told(call, opened, came)))
    except (Broken, UpstreamFailure) as problem:
        opened.reply.abort()
        call.attempts.append(attempt(opened, "broken", Tally(), str(problem)))
        gateway.health.failed(opened.deployment, str(problem), datetime.now(UTC))
        raise UpstreamFailure(str(problem), outcome="broken") from problem
    except asyncio.CancelledError:  # the client left
        opened.reply.abort()
        call.attempts.append(attempt(opened, "client-left", Tally(), None))
        raise
    return opened


def _is_needed(call: Call, opened: Opened) -> bool:
    status = opened.reply.status
    if 300 <= status < 400:
        return False
    if opened.interpreter is None:
        return status == 400 and call.taken.request.thoughts
    return status >= 400 or not is_stream(opened.reply)


def _told(call: Call, opened: Opened, came: bytes) -> bytes:
    """A whole answer, or an error, as the client understands it."""
    status = opened.reply.status
    if opened.interpreter is None:
        return came
    if status >= 400:
        says, code = error_of(came)
        return fault(call.target.dialect, status, says, code=code)
    if call.taken.request.stream:
        return opened.interpreter.streamed(came)
    return opened.interpreter.whole(came)


def _may_write_calls(call: Call, opened: Opened) -> bool:
    """Models of engines at home that are offered tools may write calls as text."""
    request = call.taken.request
    provider = call.snapshot.providers[find(opened.deployment, call.snapshot).provider]
    asked = request.tools > 0 and request.endpoint == "generate"
    at_home = provider.zone == "local" and spoken(call, opened) in SPOKEN
    return asked and at_home and opened.reply.status == 200


async def _mended(call: Call, opened: Opened) -> Opened:
    """With real calls, where the answer is calls written as text; otherwise byte for byte.

    A stream is held back only as long as its text may still be one.
    """
    reader = SPOKEN[spoken(call, opened)].reader(opened.deployment)
    if is_stream(opened.reply):
        came, found = await _peek(opened, reader)
        as_is = opened if came is opened.first else msgspec.structs.replace(opened, first=came)
    else:
        came = await everything(opened)
        found = _understood(reader, came) if _NAME in came else []
        as_is = msgspec.structs.replace(opened, whole=Whole(came, _told(call, opened, came)))
    mended = _with_calls(call, opened, came, found) if found else None
    return as_is if mended is None else mended


def _understood(reader: Reader, came: bytes) -> list[Event]:
    """Nothing where it makes no sense: then it is not for us to mend."""
    try:
        return list(reader.whole(came))
    except Broken:
        return []


async def _peek(opened: Opened, reader: Reader) -> tuple[bytes, list[Event]]:
    """The bytes of a stream until it is clear that it is no call, or all; and their events."""
    parts, rest, size, scout = [opened.first], opened.first, len(opened.first), Scout(reader)
    try:
        while True:
            end = last_blank(rest)
            complete, rest = (rest[:end], rest[end:]) if end >= 0 else (b"", rest)
            if not all(map(scout.goes_on, events(complete))) or size > LONGEST_READ:
                return parts[0] if len(parts) == 1 else b"".join(parts), []
            chunk = await opened.reply.read()
            if not chunk:
                return b"".join(parts), scout.found
            parts.append(chunk)
            rest, size = rest + chunk, size + len(chunk)
    except Broken:
        return b"".join(parts), []


class Scout:
    """Reads a stream for as long as its text may be a call. `found` is what it has met."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._text: str | None = ""
        self.found: list[Event] = []

    def goes_on(self, data: bytes) -> bool:
        """Whether a call may still come after this event. Raises `Broken`."""
        return all(map(self._may_follow, self._reader.event(data)))

    def _may_follow(self, event: Event) -> bool:
        self.found.append(event)
        match event:
            case Begun(kind=kind):
                return kind == "text"
            case Grown(text=text) if self._text is not None:
                self._text += text
                likely = may_begin(self._text)
                self._text = None if likely == "yes" else self._text
                return likely != "no"
            case _:
                return not isinstance(event, Failed)


def _with_calls(call: Call, opened: Opened, came: bytes, found: list[Event]) -> Opened | None:
    """The answer with its calls made real; None where it has none. Raises `Broken`."""
    text = text_alone(collected(found))
    if text is None or may_begin(text) != "yes":
        return None
    request = call.taken.request
    try:
        tools = call.translator.understood(request, call.taken.body).conversation.tools
        calls = calls_in(text, tools)
    except Refused:
        return None
    except ValueError as problem:
        raise Broken(str(problem)) from problem
    if calls is None:
        return None
    dialect = spoken(call, opened)
    interpreter = call.translator.interpreter(request, opened.deployment, dialect)
    told = interpreter.retold(list(repaired(found, calls)), stream=request.stream)
    return msgspec.structs.replace(
        opened, interpreter=interpreter, whole=Whole(came, told), remark=_REPAIRED
    )
