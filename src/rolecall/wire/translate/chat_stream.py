"""Answers of Chat Completions, written whole and as a stream.

Source: PyPI openai 3.54.0, types/chat/chat_completion_chunk.py, read 2026-11-24.
"""

from __future__ import annotations

from rolecall.types import Usage
from rolecall.wire.translate.answer import (
    Closed,
    Counted,
    Ended,
    Event,
    Failed,
    Grown,
    Opened,
    Ping,
    Reply,
    Sealed,
    Started,
    Stop,
    Stopped,
)
from rolecall.wire.translate.reading import unnamed
from rolecall.wire.translate.shapes import Json
from rolecall.wire.translate.tools import as_arguments

REASONS: dict[Stop, str] = {
    "end": "stop",
    "length": "length",
    "calls": "tool_calls",
    "sequence": "stop",
    "refusal": "content_filter",
    "context": "length",
    "pause": "stop",
}


class Writer:
    """The answer for a client of this dialect. `counted` where it asked for a stream's usage."""

    def __init__(self, model: str, *, counted: bool, created: int) -> None:
        self._model = model
        self._counted = counted
        self._created = created
        self._id = "chatcmpl-rolecall"
        self._usage: Usage | None = None
        self._calls: dict[int, int] = {}
        self._kinds: dict[int, Opened] = {}

    def event(self, event: Event) -> bytes:  # noqa: PLR0911 (one answer for each kind of event)
        match event:
            case Started(id=name, model=model):
                self._id = name if name.startswith("chatcmpl") else f"chatcmpl-{name}"
                self._model = model or self._model
                return self._chunk({"role": "assistant", "content": ""})
            case Opened(part=part, kind=kind):
                self._kinds[part] = event
                return self._opened(event) if kind == "call" else b""
            case Grown(part=part, text=text):
                return self._grown(part, text)
            case Counted(usage=usage):
                self._usage = usage
                return b""
            case Stopped(reason=reason):
                return self._chunk({}, finish=REASONS[reason])
            case Failed(says=says, kind=kind):
                return unnamed({"error": {"message": says, "type": kind, "code": None}})
            case Ended():
                return self._last() + b"data: [DONE]\n\n"
            case Ping():
                return b": ping\n\n"
            case Sealed() | Closed():
                return b""

    def _opened(self, event: Opened) -> bytes:
        place = self._calls[event.part] = len(self._calls)
        call = {"index": place, "id": event.id, "type": "function"}
        return self._chunk(
            {"tool_calls": [call | {"function": {"name": event.name, "arguments": ""}}]}
        )

    def _grown(self, part: int, text: str) -> bytes:
        match self._kinds[part].kind:
            case "text":
                return self._chunk({"content": text})
            case "refusal":
                return self._chunk({"refusal": text})
            case "thought":
                return self._chunk({"reasoning_content": text})
            case "call":
                call = {"index": self._calls[part], "function": {"arguments": text}}
                return self._chunk({"tool_calls": [call]})

    def _chunk(self, delta: Json, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return unnamed({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _last(self) -> bytes:
        if not self._counted or self._usage is None:
            return b""
        head = self._head("chat.completion.chunk")
        return unnamed({**head, "choices": [], "usage": usage_out(self._usage)})

    def _head(self, kind: str) -> Json:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}

    def whole(self, reply: Reply) -> Json:
        """The whole answer as one document."""
        self.event(Started(id=reply.id, model=reply.model))
        message: Json = {"role": "assistant", "content": None, "refusal": None}
        calls: list[Json] = []
        for piece in reply.pieces.values():
            match piece.opened.kind:
                case "text":
                    message["content"] = (message["content"] or "") + piece.text
                case "refusal":
                    message["refusal"] = (message["refusal"] or "") + piece.text
                case "thought":
                    message["reasoning_content"] = message.get("reasoning_content", "") + piece.text
                case "call":
                    given = as_arguments(piece.text, "function")
                    function = {"name": piece.opened.name, "arguments": given}
                    call = {"id": piece.opened.id, "type": "function", "function": function}
                    calls.append(call)
        if calls:
            message["tool_calls"] = calls
        finish = REASONS[reply.stop]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        usage = None if reply.usage is None else usage_out(reply.usage)
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage}


def usage_out(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read_input_tokens,
            "cache_write_tokens": usage.cache_write_input_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
