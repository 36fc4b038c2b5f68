"""Answers of the Messages API, written whole and as a stream.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming and PyPI anthropic 2.12.0,
types/raw_message_stream_event.py, read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rolecall.types import Usage
from rolecall.wire.translate.answer import (
    Closed,
    Counted,
    Ended,
    Event,
    Failed,
    Grown,
    Kind,
    Opened,
    Piece,
    Ping,
    Reply,
    Sealed,
    Started,
    Stop,
    Stopped,
)
from rolecall.wire.translate.messages_answer import STOPS
from rolecall.wire.translate.seals import pack
from rolecall.wire.translate.shapes import Json, arguments_of, clean_id

_REASONS: dict[Stop, str] = {stop: name for name, stop in STOPS.items()}


class Writer:
    """The answer for a client of this dialect."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._usage: Usage | None = None
        self._stop = Stopped(reason="end")
        self._kinds: dict[int, Kind] = {}
        self._refused = False

    def event(self, event: Event) -> bytes:  # noqa: C901, PLR0911 (one answer for each kind of event)
        match event:
            case Started(id=name, model=model):
                self._model = model or self._model
                return _named("message_start", message=self._message(name))
            case Opened(part=part, kind=kind):
                self._kinds[part] = kind
                self._refused = self._refused or kind == "refusal"
                return _named("content_block_start", index=part, content_block=_empty(event))
            case Grown(part=part, text=text):
                return _named("content_block_delta", index=part, delta=self._delta(part, text))
            case Sealed(part=part, seal=seal):
                delta = {"type": "signature_delta", "signature": pack(seal)}
                return _named("content_block_delta", index=part, delta=delta)
            case Closed(part=part):
                return _named("content_block_stop", index=part)
            case Counted(usage=usage):
                self._usage = usage
                return b""
            case Stopped():
                self._stop = event
                return b""
            case Failed(says=says, kind=kind):
                return _named("error", error={"type": kind, "message": says})
            case Ping():
                return _named("ping")
            case Ended():
                return self._last() + _named("message_stop")

    def _delta(self, part: int, text: str) -> Json:
        match self._kinds[part]:
            case "text" | "refusal":
                return {"type": "text_delta", "text": text}
            case "thought":
                return {"type": "thinking_delta", "thinking": text}
            case "call":
                return {"type": "input_json_delta", "partial_json": text}

    def _message(self, name: str) -> Json:
        """The head. Nothing has been counted yet, and the dialect asks for numbers all the same."""
        return {
            "id": name if name.startswith("msg_") else f"msg_{clean_id(name)}",
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage(self._usage),
        }

    def _last(self) -> bytes:
        return _named("message_delta", delta=self._stopped(), usage=_usage(self._usage))

    def _stopped(self) -> Json:
        reason = "refusal" if self._refused else _REASONS[self._stop.reason]
        return {"stop_reason": reason, "stop_sequence": self._stop.sequence}

    def whole(self, reply: Reply) -> Json:
        self._model, self._usage = reply.model or self._model, reply.usage
        self._stop = Stopped(reason=reply.stop, sequence=reply.sequence)
        self._refused = any(p.opened.kind == "refusal" for p in reply.pieces.values())
        content = [_block(piece) for piece in reply.pieces.values()]
        return {**self._message(reply.id), "content": content, **self._stopped()}


def _empty(event: Opened) -> Json:
    match event.kind:
        case "text" | "refusal":
            return {"type": "text", "text": ""}
        case "thought":
            return {"type": "thinking", "thinking": "", "signature": ""}
        case "call":
            call_id = clean_id(event.id)
            return {"type": "tool_use", "id": call_id, "name": event.name, "input": {}}


def _block(piece: Piece) -> Json:
    empty = _empty(piece.opened)
    match piece.opened.kind:
        case "text" | "refusal":
            return {**empty, "text": piece.text}
        case "thought":
            signature = "" if piece.seal is None else pack(piece.seal)
            return {**empty, "thinking": piece.text, "signature": signature}
        case "call":
            return {**empty, "input": arguments_of(piece.text)}


def _usage(usage: Usage | None) -> Json:
    """Here `input_tokens` leaves the cached parts out."""
    found = usage or Usage(input_tokens=0, output_tokens=0)
    read, write = found.cache_read_input_tokens, found.cache_write_input_tokens
    counts: Json = {
        "input_tokens": max(found.input_tokens - read - write, 0),
        "cache_creation_input_tokens": write,
        "cache_read_input_tokens": read,
        "output_tokens": found.output_tokens,
    }
    if found.reasoning_tokens:
        counts["output_tokens_details"] = {"thinking_tokens": found.reasoning_tokens}
    return counts


def _named(kind: str, **fields: Any) -> bytes:
    data = msgspec.json.encode({"type": kind, **fields})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"
