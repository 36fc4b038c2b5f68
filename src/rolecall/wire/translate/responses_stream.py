"""Answers of the Responses API, written. Source: as in `responses_answer.py`."""

from __future__ import annotations

from collections.abc import Iterator
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
    Opened,
    Piece,
    Ping,
    Reply,
    Sealed,
    Started,
    Stop,
    Stopped,
)
from rolecall.wire.translate.seals import pack
from rolecall.wire.translate.shapes import Json, arguments_of
from rolecall.wire.translate.tools import as_input

_INCOMPLETE: dict[Stop, str] = {
    "length": "max_output_tokens",
    "context": "max_output_tokens",
    "refusal": "content_filter",
}


class Writer:
    """The answer for a client of this dialect. `created` is in seconds since 1970."""

    def __init__(self, model: str, *, created: int) -> None:
        self._created = created
        self._number = 0
        self._items: dict[int, Json] = {}
        self._reply = Reply(model=model)

    def event(self, event: Event) -> bytes:
        return b"".join(self._events(event))

    def _events(self, event: Event) -> Iterator[bytes]:
        """The end waits for `Ended`: the last event tells everything once more."""
        if isinstance(event, Started) and event.model is None:
            event = msgspec.structs.replace(event, model=self._reply.model)
        self._reply.take(event)
        match event:
            case Started():
                head = self._response("in_progress")
                yield self._named("response.created", response=head)
                yield self._named("response.in_progress", response=head)
            case Opened(part=part):
                yield from self._opened(self._reply.pieces[part])
            case Grown(part=part, text=text):
                yield from self._grown(self._reply.pieces[part], text)
            case Closed(part=part):
                yield from self._closed(self._reply.pieces[part])
            case Ended():
                yield self._last()
            case Ping():
                yield b": ping\n\n"
            case Failed():
                yield self._last()
            case Sealed() | Counted() | Stopped():
                pass

    def _opened(self, piece: Piece) -> Iterator[bytes]:
        at = piece.opened.part
        empty = {**self._item(piece), **_EMPTY[_kind(piece)]}
        yield self._named("response.output_item.added", output_index=at, item=empty)
        part = _PARTS.get(piece.opened.kind)
        if part is not None:
            yield self._placed("response.content_part.added", piece, content_index=0, part=part)

    def _grown(self, piece: Piece, text: str) -> Iterator[bytes]:
        match piece.opened.kind:
            case "text":
                name = "response.output_text.delta"
                yield self._placed(name, piece, content_index=0, delta=text, logprobs=[])
            case "refusal":
                yield self._placed("response.refusal.delta", piece, content_index=0, delta=text)
            case "thought":
                if len(piece.texts) == 1:
                    name, part = "response.reasoning_summary_part.added", _summary("")
                    yield self._placed(name, piece, summary_index=0, part=part)
                name = "response.reasoning_summary_text.delta"
                yield self._placed(name, piece, summary_index=0, delta=text)
            case "call" if piece.opened.form == "function":
                name = "response.function_call_arguments.delta"
                yield self._placed(name, piece, delta=text)
            case "call":
                pass

    def _closed(self, piece: Piece) -> Iterator[bytes]:
        item = self._item(piece)
        match _kind(piece):
            case "message":
                part = item["content"][0]
                name = "refusal" if part["type"] == "refusal" else "output_text"
                text = {"refusal": piece.text} if name == "refusal" else _text_done(piece)
                yield self._placed(f"response.{name}.done", piece, content_index=0, **text)
                yield self._placed("response.content_part.done", piece, content_index=0, part=part)
            case "reasoning" if piece.text:
                done = {"summary_index": 0, "text": piece.text}
                yield self._placed("response.reasoning_summary_text.done", piece, **done)
                part = {"summary_index": 0, "part": _summary(piece.text)}
                yield self._placed("response.reasoning_summary_part.done", piece, **part)
            case "function_call":
                done = {"name": item["name"], "arguments": item["arguments"]}
                yield self._placed("response.function_call_arguments.done", piece, **done)
            case "custom_tool_call":
                given = item["input"]
                yield self._placed("response.custom_tool_call_input.delta", piece, delta=given)
                yield self._placed("response.custom_tool_call_input.done", piece, input=given)
        self._items[piece.opened.part] = item
        at = piece.opened.part
        yield self._named("response.output_item.done", output_index=at, item=item)

    def _item(self, piece: Piece) -> Json:
        item = _item(piece)
        return {"id": f"{_PREFIXES[item['type']]}_{self._reply.id}_{piece.opened.part}", **item}

    def _placed(self, kind: str, piece: Piece, **fields: Any) -> bytes:
        place = {"item_id": self._item_id(piece), "output_index": piece.opened.part}
        return self._named(kind, **place, **fields)

    def _item_id(self, piece: Piece) -> str:
        return f"{_PREFIXES[_kind(piece)]}_{self._reply.id}_{piece.opened.part}"

    def _last(self) -> bytes:
        status = self._status()
        return self._named(f"response.{status}", response=self._response(status))

    def _status(self) -> str:
        if self._reply.failed is not None:
            return "failed"
        return "incomplete" if self._reply.stop in _INCOMPLETE else "completed"

    def _response(self, status: str) -> Json:
        reply, usage = self._reply, self._reply.usage
        failed, why = reply.failed, _INCOMPLETE.get(reply.stop)
        return {
            "id": reply.id if reply.id.startswith("resp_") else f"resp_{reply.id}",
            "object": "response",
            "created_at": self._created,
            "status": status,
            "error": None if failed is None else {"code": failed.kind, "message": failed.says},
            "incomplete_details": {"reason": why} if status == "incomplete" else None,
            "model": reply.model,
            "output": [self._items[at] for at in sorted(self._items)],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": None if usage is None else _usage(usage),
        }

    def _named(self, kind: str, **fields: Any) -> bytes:
        data = msgspec.json.encode({"type": kind, "sequence_number": self._number, **fields})
        self._number += 1
        return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"

    def whole(self, reply: Reply) -> Json:
        model = reply.model or self._reply.model
        self._reply = reply
        reply.model = model
        self._items = {at: self._item(piece) for at, piece in reply.pieces.items()}
        return self._response(self._status())


_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "tool_search_call": "tsc",
}
_EMPTY: dict[str, Json] = {
    "message": {"status": "in_progress", "content": []},
    "reasoning": {"summary": []},
    "function_call": {"status": "in_progress", "arguments": ""},
    "custom_tool_call": {"status": "in_progress", "input": ""},
    "tool_search_call": {"status": "in_progress"},
}
_PARTS: dict[str, Json] = {
    "text": {"type": "output_text", "text": "", "annotations": [], "logprobs": []},
    "refusal": {"type": "refusal", "refusal": ""},
}


def _kind(piece: Piece) -> str:
    match piece.opened.kind, piece.opened.form:
        case "thought", _:
            return "reasoning"
        case "call", "function":
            return "function_call"
        case "call", "custom":
            return "custom_tool_call"
        case "call", _:
            return "tool_search_call"
        case _:
            return "message"


def _item(piece: Piece) -> Json:
    """The item as it stands in a whole answer, but for its id."""
    opened, kind = piece.opened, _kind(piece)
    match kind:
        case "message":
            refused = opened.kind == "refusal"
            part = {**_PARTS[opened.kind], "refusal" if refused else "text": piece.text}
            said = {"status": "completed", "role": "assistant", "content": [part]}
            return {"type": kind, **said}
        case "reasoning":
            sealed = {} if piece.seal is None else {"encrypted_content": pack(piece.seal)}
            summary = [_summary(piece.text)] if piece.text else []
            return {"type": kind, "summary": summary, **sealed}
        case "tool_search_call":
            asked = {"execution": "client", "arguments": arguments_of(piece.text)}
            return {"type": kind, "status": "completed", "call_id": opened.id, **asked}
        case _:
            call = {"type": kind, "status": "completed", "call_id": opened.id, "name": opened.name}
            if opened.namespace is not None:
                call["namespace"] = opened.namespace
            if kind == "custom_tool_call":
                return {**call, "input": as_input(piece.text)}
            return {**call, "arguments": piece.text or "{}"}


def _summary(text: str) -> Json:
    return {"type": "summary_text", "text": text}


def _text_done(piece: Piece) -> Json:
    return {"text": piece.text, "logprobs": []}


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_input_tokens,
            "cache_write_tokens": usage.cache_write_input_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
