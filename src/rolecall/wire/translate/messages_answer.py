"""Answers of the Messages API, read whole and as a stream.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming and PyPI anthropic 2.12.0,
types/raw_message_stream_event.py, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rolecall.wire import messages
from rolecall.wire.translate.answer import (
    Broken,
    Closed,
    Ended,
    Event,
    Failed,
    Grown,
    Kind,
    Opened,
    Ping,
    Sealed,
    Started,
    Stop,
    Stopped,
)
from rolecall.wire.translate.conversation import Seal
from rolecall.wire.translate.reading import Counter, decoded, integer
from rolecall.wire.translate.shapes import Json, said, within

STOPS: dict[str, Stop] = {
    "end_turn": "end",
    "max_tokens": "length",
    "tool_use": "calls",
    "stop_sequence": "sequence",
    "refusal": "refusal",
    "pause_turn": "pause",
    "model_context_window_exceeded": "context",
}
_KINDS: dict[str, Kind] = {
    "text": "text",
    "thinking": "thought",
    "redacted_thinking": "thought",
    "tool_use": "call",
}
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


class Reader:
    """The answer of one deployment, which is the `maker` of its thoughts."""

    def __init__(self, maker: str) -> None:
        self._maker = maker
        self._counter = Counter(messages.fold)
        self._signatures: dict[int, list[str]] = {}
        self._ended = False

    def whole(self, data: bytes) -> Iterator[Event]:
        body = decoded(data)
        content = body.get("content")
        if not isinstance(content, list):
            raise Broken("the answer has no content")
        yield Started(id=said(body, "id") or "msg", model=said(body, "model"))
        for at, block in enumerate(content):
            if isinstance(block, dict):
                yield from self._block(at, block)
        yield from self._counter.take(data)
        yield _stopped(body)
        yield Ended()

    def _block(self, at: int, block: Json) -> Iterator[Event]:
        if str(block.get("type")) not in _KINDS:
            return
        yield from self._opened(at, block)
        text = said(block, "text") or said(block, "thinking") or ""
        if block["type"] == "tool_use":
            text = msgspec.json.encode(block.get("input") or {}).decode()
        if text:
            yield Grown(part=at, text=text)
        yield from self._closed(at)

    def event(self, data: bytes) -> Iterator[Event]:
        event = decoded(data)
        at = integer(event, "index")
        match event.get("type"):
            case "message_start":
                message = within(event, "message")
                yield Started(id=said(message, "id") or "msg", model=said(message, "model"))
                yield from self._counter.take(data)
            case "content_block_start":
                yield from self._opened(at, within(event, "content_block"))
            case "content_block_delta":
                yield from self._delta(at, within(event, "delta"))
            case "content_block_stop":
                yield from self._closed(at)
            case "message_delta":
                yield from self._counter.take(data)
                yield _stopped(within(event, "delta"))
            case "message_stop":
                self._ended = True
                yield Ended()
            case "error":
                error = within(event, "error")
                says = said(error, "message") or "the provider reported an error"
                yield Failed(says=says, kind=said(error, "type") or "api_error")
            case "ping":
                yield Ping()

    def close(self) -> Iterator[Event]:
        if not self._ended:
            raise Broken("the stream ended before the answer did")
        return iter(())

    def _opened(self, at: int, block: Json) -> Iterator[Event]:
        kind = _KINDS.get(str(block.get("type")))
        if kind is None:
            return
        self._signatures[at] = []
        name, call_id = said(block, "name") or "", said(block, "id") or f"toolu_{at}"
        if kind != "call":
            name = call_id = ""
        yield Opened(part=at, kind=kind, id=call_id, name=name)
        for key in ("signature", "data"):
            if block.get(key):
                self._signatures[at].append(block[key])
        if block["type"] == "redacted_thinking":
            yield Sealed(part=at, seal=self._seal(at, redacted=True))
            self._signatures[at] = []

    def _delta(self, at: int, delta: Json) -> Iterator[Event]:
        kind = str(delta.get("type"))
        if at not in self._signatures:
            return
        if kind == "signature_delta":
            self._signatures[at].append(said(delta, "signature") or "")
        text = said(delta, _DELTAS.get(kind, ""))
        if text:
            yield Grown(part=at, text=text)

    def _closed(self, at: int) -> Iterator[Event]:
        if at in self._signatures:
            if self._signatures[at]:
                yield Sealed(part=at, seal=self._seal(at, redacted=False))
            yield Closed(part=at)

    def _seal(self, at: int, *, redacted: bool) -> Seal:
        data = "".join(self._signatures[at])
        return Seal(dialect="anthropic.messages", maker=self._maker, data=data, redacted=redacted)


def _stopped(found: Json) -> Stopped:
    reason = STOPS.get(said(found, "stop_reason") or "end_turn", "end")
    return Stopped(reason=reason, sequence=said(found, "stop_sequence"))
