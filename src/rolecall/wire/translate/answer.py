"""What an answer says, in no dialect in particular: events, and the reply they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from rolecall.types import Usage
from rolecall.wire.translate.conversation import Form, Seal

Stop = Literal["end", "length", "calls", "sequence", "refusal", "context", "pause"]
Kind = Literal["text", "refusal", "thought", "call"]


class Started(Struct, frozen=True, kw_only=True):
    id: str
    model: str | None = None


class Opened(Struct, frozen=True, kw_only=True):
    """A part of the answer begins. `id`, `name` and what follows belong to a call."""

    part: int
    kind: Kind
    id: str = ""
    name: str = ""
    form: Form = "function"
    namespace: str | None = None


class Grown(Struct, frozen=True, kw_only=True):
    part: int
    text: str


class Sealed(Struct, frozen=True, kw_only=True):
    part: int
    seal: Seal


class Closed(Struct, frozen=True, kw_only=True):
    part: int


class Counted(Struct, frozen=True, kw_only=True):
    """The usage so far; the last one counts."""

    usage: Usage


class Stopped(Struct, frozen=True, kw_only=True):
    reason: Stop
    sequence: str | None = None


class Failed(Struct, frozen=True, kw_only=True):
    """The provider, or its stream, broke off. `kind` is its own word for it."""

    says: str
    kind: str = "api_error"


class Ping(Struct, frozen=True):
    """A sign of life."""


class Ended(Struct, frozen=True):
    """Nothing follows."""


Event = Started | Opened | Grown | Sealed | Closed | Counted | Stopped | Failed | Ping | Ended


class Piece(Struct, kw_only=True):
    """A part of a reply, as far as it has come."""

    opened: Opened
    texts: list[str]
    seal: Seal | None = None

    @property
    def text(self) -> str:
        return "".join(self.texts)


class Reply(Struct, kw_only=True):
    """A whole answer."""

    id: str = ""
    model: str | None = None
    pieces: dict[int, Piece] = {}
    usage: Usage | None = None
    stop: Stop = "end"
    sequence: str | None = None
    failed: Failed | None = None

    def take(self, event: Event) -> None:
        match event:
            case Started(id=name, model=model):
                self.id, self.model = name, model
            case Opened(part=part):
                self.pieces[part] = Piece(opened=event, texts=[])
            case Grown(part=part, text=text):
                self.pieces[part].texts.append(text)
            case Sealed(part=part, seal=seal):
                self.pieces[part].seal = seal
            case Counted(usage=usage):
                self.usage = usage
            case Stopped(reason=reason, sequence=sequence):
                self.stop, self.sequence = reason, sequence
            case Failed():
                self.failed = event
            case Closed() | Ping() | Ended():
                pass


def collected(events: Iterable[Event]) -> Reply:
    reply = Reply()
    for event in events:
        reply.take(event)
    return reply


class Broken(Exception):
    """An answer that is not what its dialect promises. The message says what came instead."""
