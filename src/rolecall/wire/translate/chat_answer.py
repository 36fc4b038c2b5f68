"""Answers of Chat Completions, read whole and as a stream.

Source: PyPI openai 3.54.0, types/chat/chat_completion_chunk.py, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.wire import chat
from rolecall.wire.steps import UNREADABLE
from rolecall.wire.translate.answer import (
    Broken,
    Closed,
    Ended,
    Event,
    Failed,
    Grown,
    Kind,
    Opened,
    Sealed,
    Started,
    Stop,
    Stopped,
)
from rolecall.wire.translate.conversation import Seal
from rolecall.wire.translate.reading import Counter, decoded
from rolecall.wire.translate.shapes import Json, said, within

_STOPS: dict[str, Stop] = {
    "stop": "end",
    "length": "length",
    "tool_calls": "calls",
    "function_call": "calls",
    "content_filter": "refusal",
}


class _Call(Struct, kw_only=True):
    """A call as far as it has come. Calls may interleave, so several can be open."""

    id: str
    part: int
    texts: list[str] = []
    open: bool = True


class Reader:
    """The answer of one deployment, which is the `maker` of its thoughts."""

    def __init__(self, maker: str) -> None:
        self._maker = maker
        self._counter = Counter(chat.fold)
        self._started = ""
        self._parts = 0
        self._open: tuple[int, Kind] | None = None
        self._calls: dict[object, _Call] = {}
        self._stopped = False

    def whole(self, data: bytes) -> Iterator[Event]:
        body = decoded(data)
        choices = body.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise Broken("the answer has no choices")
        finish = said(choices[0], "finish_reason") or "stop"
        choice = {"delta": within(choices[0], "message"), "finish_reason": finish}
        yield from self._chunk({**body, "choices": [choice]})
        yield from self._counter.take(data)
        yield Ended()

    def event(self, data: bytes) -> Iterator[Event]:
        if data == b"[DONE]":
            yield from self.close()
            return
        chunk = decoded(data)
        if chunk.get("error") is not None:
            yield _failed(chunk["error"])
            return
        yield from self._chunk(chunk)
        if b'"usage"' in data:
            yield from self._counter.take(data)

    def close(self) -> Iterator[Event]:
        if not self._stopped:
            raise Broken("the stream ended before the answer did")
        yield Ended()

    def _chunk(self, chunk: Json) -> Iterator[Event]:
        if not self._started:
            self._started = said(chunk, "id") or "answer"
            yield Started(id=self._started, model=said(chunk, "model"))
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return
        yield from self._delta(within(choices[0], "delta"))
        finish = said(choices[0], "finish_reason")
        if finish is not None and not self._stopped:
            self._stopped = True
            yield from self._closed()
            yield Stopped(reason="calls" if self._calls else _STOPS.get(finish, "end"))

    def _delta(self, delta: Json) -> Iterator[Event]:
        thought = said(delta, "reasoning_content") or said(delta, "reasoning")
        if thought:
            yield from self._grown("thought", thought)
        text = _text(delta.get("content"))
        if text:
            yield from self._grown("text", text)
        refusal = said(delta, "refusal")
        if refusal:
            yield from self._grown("refusal", refusal)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                yield from self._call(call)

    def _grown(self, kind: Kind, text: str) -> Iterator[Event]:
        if self._open is None or self._open[1] != kind:
            yield from self._closed()
            self._open = (self._parts, kind)
            self._parts += 1
            yield Opened(part=self._open[0], kind=kind)
        yield Grown(part=self._open[0], text=text)

    def _call(self, found: Json) -> Iterator[Event]:
        """A piece of a call. Engines leave out indices, ids, or both, and send calls whole."""
        function = within(found, "function") or within(found, "custom")
        given, name, named = _arguments(function), said(function, "name"), said(found, "id")
        key = found.get("index") if isinstance(found.get("index"), int) else named
        call = self._calls.get(key)
        if call is None or (name and (key is None or (named and named != call.id))):
            yield from self._closed()
            part, self._parts = self._parts, self._parts + 1
            call = _Call(id=named or f"call_{self._started}_{part}", part=part)
            self._calls[key] = call
            yield Opened(part=part, kind="call", id=call.id, name=name or "")
        if given and not call.open:
            raise Broken("a tool call goes on after its arguments were whole")
        if given:
            call.texts.append(given)
            yield Grown(part=call.part, text=given)

    def _closed(self) -> Iterator[Event]:
        """Close what is open, of calls only those whose arguments are whole."""
        if self._open is not None:
            part, kind = self._open
            self._open = None
            if kind == "thought":
                yield Sealed(part=part, seal=Seal(dialect="openai.chat", maker=self._maker))
            yield Closed(part=part)
        for call in self._calls.values():
            if call.open and (self._stopped or _is_whole("".join(call.texts))):
                call.open = False
                yield Closed(part=call.part)


def _is_whole(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except UNREADABLE:
        return False
    return True


def _arguments(function: Json) -> str:
    """Text, or an object, as some engines send it."""
    given = function.get("arguments", function.get("input"))
    if isinstance(given, dict):
        return msgspec.json.encode(given).decode()
    return given if isinstance(given, str) else ""


def _text(content: Any) -> str:
    """Text, or a list of text parts, as some providers send it."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _failed(error: Any) -> Failed:
    found = error if isinstance(error, dict) else {"message": str(error)}
    kind = said(found, "type") or said(found, "code") or "api_error"
    return Failed(says=said(found, "message") or "the provider reported an error", kind=kind)
