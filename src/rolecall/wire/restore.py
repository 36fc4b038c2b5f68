"""Put secrets back where an answer speaks of their placeholders, whole or as a stream of events.

A stream brings a placeholder in pieces. What may be the beginning of one waits for the next piece
of the same text; where that text ends first, it follows in an event like the last one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from rolecall.wire.sse import last_blank
from rolecall.wire.steps import UNREADABLE

MARK = "rolecall-redacted-"
_LENGTH = len(MARK) + 16
_IN_JSON = frozenset({"arguments", "partial_json"})
"""Keys of strings that hold JSON."""
_SAID = ("content", "reasoning_content", "reasoning", "refusal", "text", "thinking", "partial_json")


class _Slot(NamedTuple):
    """A piece of a text in an event: which text, and the object and key it stands under."""

    channel: tuple[object, ...]
    holder: dict[str, Any]
    key: str
    in_json: bool


class _Held(NamedTuple):
    """The end of a text that may go on as a placeholder, and an event that can carry it."""

    text: str
    head: bytes | None
    event: dict[str, Any]


class Restorer:
    """For one answer. `secrets` are by their placeholder; with `lines` an event is a line."""

    def __init__(self, secrets: Mapping[str, str], *, lines: bool = False) -> None:
        self._secrets = secrets
        self._lines = lines
        self._rest = b""
        self._held: dict[tuple[object, ...], _Held] = {}

    def whole(self, body: bytes) -> bytes:
        """An answer that is a JSON document."""
        if MARK.encode() not in body:
            return body
        try:
            value = msgspec.json.decode(body)
        except UNREADABLE:
            return self._put_back(body.decode("utf-8", "replace"), in_json=True).encode()
        return msgspec.json.encode(self._restored(value, ""))

    def feed(self, chunk: bytes) -> bytes:
        """The events that are complete, in the client's words."""
        data = self._rest + chunk
        end = data.rfind(b"\n") + 1 if self._lines else last_blank(data)
        if end <= 0:
            self._rest = data
            return b""
        self._rest = data[end:]
        return b"".join(self._events(data[:end].replace(b"\r\n", b"\n")))

    def close(self) -> bytes:
        """What is left when the stream has ended."""
        left = b"".join(self._flushed(()))
        return left + (b"".join(self._events(self._rest)) if self._rest else b"")

    def _events(self, data: bytes) -> Iterator[bytes]:
        for block in data.split(b"\n" if self._lines else b"\n\n"):
            if block:
                yield from self._event(block)

    def _event(self, block: bytes) -> Iterator[bytes]:
        head, data = (_BARE, block) if self._lines else _taken_apart(block)
        try:
            event = msgspec.json.decode(data)
        except UNREADABLE:
            yield from self._flushed(())
            yield block + (b"\n" if self._lines else b"\n\n")
            return
        slots = list(_slots(event))
        yield from self._flushed([slot.channel for slot in slots])
        event = self._told(event, slots, head)
        yield _written(head, event)

    def _told(self, event: Any, slots: list[_Slot], head: bytes | None) -> Any:
        """The event with secrets in it, but for what may be the beginning of a placeholder."""
        ends: dict[int, str] = {}
        for place, slot in enumerate(slots):
            before = self._held.pop(slot.channel, None)
            text = (before.text if before else "") + slot.holder[slot.key]
            ends[place] = text[len(text) - _beginning(text) :]
            said = text[: len(text) - len(ends[place])]
            slot.holder[slot.key] = self._put_back(said, in_json=slot.in_json)
        for place, end in ends.items():
            if end:
                self._hold(event, slots, place, _Held(end, head, event))
        return self._restored(event, "")

    def _hold(self, event: Any, slots: list[_Slot], place: int, held: _Held) -> None:
        """Keep the end with a copy of its event in which nothing else is said."""
        spare = copy.deepcopy(event)
        for at, slot in enumerate(_slots(spare)):
            slot.holder[slot.key] = held.text if at == place else ""
        self._held[slots[place].channel] = held._replace(event=spare)

    def _flushed(self, but: list[tuple[object, ...]] | tuple[()]) -> Iterator[bytes]:
        """What was held of texts that do not go on."""
        for channel in [channel for channel in self._held if channel not in but]:
            held = self._held.pop(channel)
            yield _written(held.head, held.event)

    def _restored(self, value: Any, key: str) -> Any:
        match value:
            case str():
                return self._put_back(value, in_json=key in _IN_JSON)
            case dict():
                return {name: self._restored(item, name) for name, item in value.items()}
            case list():
                return [self._restored(item, key) for item in value]
        return value

    def _put_back(self, text: str, *, in_json: bool) -> str:
        if MARK not in text:
            return text
        for placeholder, secret in self._secrets.items():
            text = text.replace(placeholder, json.dumps(secret)[1:-1] if in_json else secret)
        return text


def _beginning(text: str) -> int:
    """How many characters at the end may be the beginning of a placeholder."""
    for size in range(min(_LENGTH - 1, len(text)), 0, -1):
        end = text[-size:]
        if end.startswith(MARK) or MARK.startswith(end):
            return size
    return 0


_BARE = None
"""In place of the head of an event that is a line of JSON and nothing else."""


def _taken_apart(block: bytes) -> tuple[bytes, bytes]:
    """The head of an event, and its data."""
    lines = block.split(b"\n")
    head = b"".join(line + b"\n" for line in lines if not line.startswith(b"data:"))
    return head, b"\n".join(line[5:].lstrip() for line in lines if line.startswith(b"data:"))


def _written(head: bytes | None, event: Any) -> bytes:
    data = msgspec.json.encode(event)
    return data + b"\n" if head is None else head + b"data: " + data + b"\n\n"


def _slots(event: Any) -> Iterator[_Slot]:
    """The pieces of texts that an event of any dialect brings."""
    if not isinstance(event, dict):
        return
    kind, delta = str(event.get("type", "")), event.get("delta")
    if isinstance(delta, str):
        channel = (kind, event.get("output_index"), event.get("content_index"))
        yield _Slot(channel, event, "delta", "function_call" in kind)
    elif isinstance(delta, dict):
        yield from _said(delta, (event.get("index"),))
    yield from _lines_slots(event)
    for candidate in event.get("candidates") or ():
        yield from _parts(candidate)
    for choice in event.get("choices") or ():
        if isinstance(choice, dict) and isinstance(choice.get("text"), str):
            yield _Slot(("text", choice.get("index")), choice, "text", in_json=False)
        if isinstance(choice, dict) and isinstance(delta := choice.get("delta"), dict):
            yield from _said(delta, (choice.get("index"),))
            for call in delta.get("tool_calls") or ():
                function = call.get("function") or {}
                if isinstance(function.get("arguments"), str):
                    call_of = (choice.get("index"), "call", call.get("index"))
                    yield _Slot(call_of, function, "arguments", in_json=True)


def _lines_slots(event: dict[str, Any]) -> Iterator[_Slot]:
    """Of Ollama's lines; its calls come whole."""
    if isinstance(event.get("response"), str):
        yield _Slot(("response",), event, "response", in_json=False)
    if isinstance(message := event.get("message"), dict) and "done" in event:
        yield from _said(message, ("message",))


def _parts(candidate: Any) -> Iterator[_Slot]:
    """Of Gemini's parts; its calls come whole."""
    content = candidate.get("content") if isinstance(candidate, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            thought = part.get("thought") is True
            yield _Slot(("part", candidate.get("index"), thought), part, "text", in_json=False)


def _said(delta: dict[str, Any], channel: tuple[object, ...]) -> Iterator[_Slot]:
    for key in _SAID:
        if isinstance(delta.get(key), str):
            yield _Slot((*channel, key), delta, key, key in _IN_JSON)
