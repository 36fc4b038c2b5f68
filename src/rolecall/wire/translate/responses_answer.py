"""Answers of the Responses API, read. Source: PyPI openai 3.54.0, types/responses, 2026-11-24."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rolecall.wire import responses
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
from rolecall.wire.translate.reading import Counter, decoded, integer
from rolecall.wire.translate.shapes import Json, said, within

_CALLS = ("function_call", "custom_tool_call")
_TEXTS: dict[str, Kind] = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "thought",
    "response.reasoning_text.delta": "thought",
}
_ARGUMENTS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
_LAST = ("response.completed", "response.incomplete", "response.failed")
_INCOMPLETE: dict[str, Stop] = {"max_output_tokens": "length", "content_filter": "refusal"}


class Reader:
    """The answer of one deployment, which is the `maker` of its thoughts."""

    def __init__(self, maker: str) -> None:
        self._maker = maker
        self._counter = Counter(responses.fold)
        self._parts = 0
        self._open: dict[int, tuple[int, Kind]] = {}
        self._grown: set[int] = set()
        self._section = 0
        self._called = False
        self._ended = False

    def whole(self, data: bytes) -> Iterator[Event]:
        body = decoded(data)
        output = body.get("output")
        if not isinstance(output, list):
            raise Broken("the answer has no output")
        yield Started(id=said(body, "id") or "resp", model=said(body, "model"))
        for at, item in enumerate(output):
            if isinstance(item, dict):
                yield from self._added(at, item)
                yield from self._done(at, item)
        yield from self._counter.take(data)
        yield from self._finish(body)

    def event(self, data: bytes) -> Iterator[Event]:
        event = decoded(data)
        kind, at = str(event.get("type")), integer(event, "output_index")
        if kind in _TEXTS:
            yield from self._text(at, _TEXTS[kind], event)
        elif kind in _ARGUMENTS:
            yield from self._given(at, said(event, "delta") or "")
        elif kind == "response.output_item.added":
            yield from self._added(at, within(event, "item"))
        elif kind == "response.output_item.done":
            yield from self._done(at, within(event, "item"))
        elif kind == "response.created":
            head = within(event, "response")
            yield Started(id=said(head, "id") or "resp", model=said(head, "model"))
        elif kind in _LAST:
            yield from self._counter.take(data)
            yield from self._finish(within(event, "response"))
        elif kind == "error":
            yield _failed(event)

    def close(self) -> Iterator[Event]:
        if not self._ended:
            raise Broken("the stream ended before the answer did")
        return iter(())

    def _added(self, at: int, item: Json) -> Iterator[Event]:
        """A call begins; messages and thoughts do with their first words."""
        if item.get("type") in _CALLS:
            self._called = True
            call_id = said(item, "call_id") or said(item, "id") or f"call_{at}"
            yield from self._opening(at, "call", call_id, said(item, "name") or "")

    def _opening(self, at: int, kind: Kind, call_id: str = "", name: str = "") -> Iterator[Event]:
        part, self._parts = self._parts, self._parts + 1
        self._open[at] = (part, kind)
        yield Opened(part=part, kind=kind, id=call_id, name=name)

    def _text(self, at: int, kind: Kind, event: Json) -> Iterator[Event]:
        if at in self._open and self._open[at][1] != kind:
            yield Closed(part=self._open.pop(at)[0])
        if at not in self._open:
            yield from self._opening(at, kind)
        section = integer(event, "summary_index")
        text = said(event, "delta") or ""
        if kind == "thought" and section != self._section and self._open[at][0] in self._grown:
            text = "\n\n" + text
        self._section = section
        yield from self._given(at, text)

    def _given(self, at: int, text: str) -> Iterator[Event]:
        if at in self._open and text:
            part = self._open[at][0]
            self._grown.add(part)
            yield Grown(part=part, text=text)

    def _done(self, at: int, item: Json) -> Iterator[Event]:
        """The item is whole: what did not come in pieces comes now."""
        if at not in self._open or self._open[at][0] not in self._grown:
            yield from self._at_once(at, item)
        if item.get("type") == "reasoning":
            if at not in self._open:
                yield from self._opening(at, "thought")
            data = said(item, "encrypted_content") or ""
            name = said(item, "id") or ""
            seal = Seal(dialect="openai.responses", maker=self._maker, data=data, id=name)
            if data:
                yield Sealed(part=self._open[at][0], seal=seal)
        if at in self._open:
            yield Closed(part=self._open.pop(at)[0])

    def _at_once(self, at: int, item: Json) -> Iterator[Event]:
        match item.get("type"):
            case "message":
                for part in _objects(item, "content"):
                    text = said(part, "text") or said(part, "refusal") or ""
                    kind: Kind = "refusal" if part.get("type") == "refusal" else "text"
                    yield from self._text(at, kind, {"delta": text})
            case "reasoning":
                shown = [*_objects(item, "summary"), *_objects(item, "content")]
                text = "\n\n".join(said(part, "text") or "" for part in shown)
                if text:
                    yield from self._text(at, "thought", {"delta": text})
            case "function_call":
                yield from self._given(at, said(item, "arguments") or "")
            case "custom_tool_call":
                given = msgspec.json.encode({"input": said(item, "input") or ""}).decode()
                yield from self._given(at, given)

    def _finish(self, response: Json) -> Iterator[Event]:
        for part, _ in self._open.values():
            yield Closed(part=part)
        self._open.clear()
        self._ended = True
        match response.get("status"):
            case "failed" | "cancelled":
                yield _failed(within(response, "error"))
            case "incomplete":
                reason = said(within(response, "incomplete_details"), "reason") or ""
                yield Stopped(reason=_INCOMPLETE.get(reason, "length"))
            case _:
                yield Stopped(reason="calls" if self._called else "end")
        yield Ended()


def _objects(found: Json, key: str) -> list[Json]:
    value = found.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _failed(error: Json) -> Failed:
    says = said(error, "message") or "the provider reported an error"
    return Failed(says=says, kind=said(error, "code") or said(error, "type") or "api_error")
