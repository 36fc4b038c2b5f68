"""What all readers of answers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from rolecall.wire.steps import UNREADABLE
from rolecall.wire.tally import Tally
from rolecall.wire.translate.answer import Broken, Counted, Event, Reply
from rolecall.wire.translate.shapes import Json


class Reader(Protocol):
    """The answer of one deployment. Each method raises `Broken` at what makes no sense."""

    def whole(self, data: bytes) -> Iterator[Event]:
        """The events that a whole answer stands for."""

    def event(self, data: bytes) -> Iterator[Event]:
        """What one event of a stream brings."""

    def close(self) -> Iterator[Event]:
        """The stream has ended."""


class Writer(Protocol):
    """The answer as a client understands it."""

    def event(self, event: Event) -> bytes: ...

    def whole(self, reply: Reply) -> Json: ...


class Counter:
    """Usage, by the one place in the code that knows how a dialect counts."""

    def __init__(self, fold: Callable[[Tally, bytes], Tally]) -> None:
        self._fold = fold
        self._tally = Tally()

    def take(self, data: bytes) -> Iterator[Event]:
        before = self._tally.usage
        try:
            self._tally = self._fold(self._tally, data)
        except UNREADABLE as error:
            raise Broken(f"its usage cannot be read: {error}") from error
        usage = self._tally.usage
        if usage is not None and usage != before:
            yield Counted(usage=usage)


def unnamed(value: Json) -> bytes:
    """An event of a stream that is data alone."""
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def decoded(data: bytes) -> Json:
    """One event, or a whole answer."""
    try:
        found = msgspec.json.decode(data)
    except UNREADABLE as error:
        raise Broken(f"it is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise Broken("it is no JSON object")
    return found


def integer(found: Json, key: str) -> int:
    value = found.get(key)
    return value if isinstance(value, int) else 0
