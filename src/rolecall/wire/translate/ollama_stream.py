"""Answers of Ollama's own API, written whole and as lines of JSON.

Source: PyPI ollama 0.6.3, _types.py, read 2026-11-24. Durations,
which the engine measures itself, are left out: nobody has measured them here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from rolecall.types import Usage
from rolecall.wire.translate.answer import (
    Closed,
    Counted,
    Ended,
    Event,
    Failed,
    Grown,
    Opened,
    Piece,
    Ping,
    Reply,
    Sealed,
    Started,
    Stop,
    Stopped,
)
from rolecall.wire.translate.shapes import Json, arguments_of

Shape = Literal["chat", "generate"]


class Writer:
    """The answer for a client of this dialect. Calls come whole; `created` is in Unix seconds."""

    def __init__(self, model: str, *, shape: Shape, created: int) -> None:
        self._model = model
        self._shape = shape
        self._created = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._usage: Usage | None = None
        self._stop: Stop = "end"
        self._pieces: dict[int, Piece] = {}

    def event(self, event: Event) -> bytes:  # noqa: PLR0911 (one answer for each kind of event)
        match event:
            case Opened(part=part):
                self._pieces[part] = Piece(opened=event, texts=[])
                return b""
            case Grown(part=part, text=text):
                return self._grown(self._pieces[part], text)
            case Closed(part=part):
                piece = self._pieces.pop(part)
                calls = [_call(piece)] if piece.opened.kind == "call" else []
                return _line(self._said(calls=calls)) if calls else b""
            case Counted(usage=usage):
                self._usage = usage
                return b""
            case Stopped(reason=reason):
                self._stop = reason
                return b""
            case Failed(says=says):
                return _line({"error": says})
            case Ended():
                return _line(self._last(self._said()))
            case Started() | Sealed() | Ping():
                return b""

    def _grown(self, piece: Piece, text: str) -> bytes:
        match piece.opened.kind:
            case "text" | "refusal":
                return _line(self._said(text))
            case "thought":
                return _line(self._said(thinking=text))
            case "call":
                piece.texts.append(text)
                return b""

    def _said(self, text: str = "", *, thinking: str = "", calls: list[Json] | None = None) -> Json:
        head = {"model": self._model, "created_at": self._created}
        more: Json = {"thinking": thinking} if thinking else {}
        if calls:
            more["tool_calls"] = calls
        if self._shape == "generate":
            return {**head, "response": text, **more, "done": False}
        return {**head, "message": {"role": "assistant", "content": text, **more}, "done": False}

    def _last(self, said: Json) -> Json:
        reason = "length" if self._stop in ("length", "context") else "stop"
        counts: Json = {}
        if self._usage is not None:
            counts["prompt_eval_count"] = self._usage.input_tokens
            counts["eval_count"] = self._usage.output_tokens
        return {**said, "done": True, "done_reason": reason, **counts}

    def whole(self, reply: Reply) -> Json:
        """The whole answer as one document."""
        self._model = self._model or reply.model or ""
        self._stop, self._usage = reply.stop, reply.usage
        pieces = list(reply.pieces.values())
        text = "".join(p.text for p in pieces if p.opened.kind in ("text", "refusal"))
        thinking = "".join(p.text for p in pieces if p.opened.kind == "thought")
        calls = [_call(piece) for piece in pieces if piece.opened.kind == "call"]
        return self._last(self._said(text, thinking=thinking, calls=calls))


def _call(piece: Piece) -> Json:
    function = {"name": piece.opened.name, "arguments": arguments_of(piece.text)}
    return {"id": piece.opened.id, "function": function}


def _line(value: Json) -> bytes:
    return msgspec.json.encode(value) + b"\n"
