"""Answers of `openai.completions`, read and written. Mistral answers as Chat Completions do.

Source: PyPI openai 3.54.0, types/completion.py, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rolecall.types import Usage
from rolecall.wire.translate import chat_answer
from rolecall.wire.translate.answer import (
    Broken,
    Counted,
    Ended,
    Event,
    Failed,
    Grown,
    Ping,
    Reply,
    Started,
    Stopped,
)
from rolecall.wire.translate.chat_stream import REASONS, usage_out
from rolecall.wire.translate.reading import decoded, unnamed
from rolecall.wire.translate.shapes import Json


class Reader(chat_answer.Reader):
    """The answer of one deployment: as in Chat Completions, with `text` for a message."""

    def whole(self, data: bytes) -> Iterator[Event]:
        return super().whole(_as_chat(data, "message"))

    def event(self, data: bytes) -> Iterator[Event]:
        return super().event(data if data == b"[DONE]" else _as_chat(data, "delta"))


def _as_chat(data: bytes, key: str) -> bytes:
    body = decoded(data)
    choices = body.get("choices")
    if not isinstance(choices, list):
        return data
    if not all(isinstance(one, dict) for one in choices):
        raise Broken("a choice is no object")
    told = [{**one, key: {"content": one.get("text")}} for one in choices]
    return msgspec.json.encode({**body, "choices": told})


class Writer:
    """The answer for a client of `openai.completions`; `counted` as in Chat Completions."""

    def __init__(self, model: str, *, counted: bool, created: int) -> None:
        self._model = model
        self._counted = counted
        self._created = created
        self._id = "cmpl-rolecall"
        self._usage: Usage | None = None

    def event(self, event: Event) -> bytes:
        match event:
            case Started(id=name, model=model):
                self._id, self._model = name, model or self._model
            case Grown(text=text):
                return unnamed(self._answer(text))
            case Counted(usage=usage):
                self._usage = usage
            case Stopped(reason=reason):
                return unnamed(self._answer("", REASONS[reason]))
            case Failed(says=says, kind=kind):
                return unnamed({"error": {"message": says, "type": kind, "code": None}})
            case Ended():
                return self._last() + b"data: [DONE]\n\n"
            case Ping():
                return b": ping\n\n"
            case _:
                pass
        return b""

    def _last(self) -> bytes:
        if not self._counted or self._usage is None:
            return b""
        usage = usage_out(self._usage)
        return unnamed({**self._answer(""), "choices": [], "usage": usage})

    def whole(self, reply: Reply) -> Json:
        """The whole answer as one document."""
        self.event(Started(id=reply.id, model=reply.model))
        text = "".join(piece.text for piece in reply.pieces.values())
        usage = None if reply.usage is None else usage_out(reply.usage)
        return {**self._answer(text, REASONS[reply.stop]), "usage": usage}

    def _answer(self, text: str, finish: str | None = None) -> Json:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
        return {
            "id": self._id,
            "object": "text_completion",
            "created": self._created,
            "model": self._model,
            "choices": [choice],
        }
