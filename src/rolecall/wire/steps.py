"""One message as a step of the work: what was called, what came back, what a person typed."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Raw, Struct

Author = Literal["system", "human", "assistant", "tool"]
NOTHING = Raw(b"null")


class Call(Struct, frozen=True):
    """A tool call. `arguments` are JSON text, or a JSON string that holds it."""

    id: str
    name: str
    arguments: Raw = NOTHING


class Result(Struct, frozen=True):
    """What a tool answered. `failed` is True only where the client says so."""

    id: str
    content: Raw = NOTHING
    failed: bool = False


class Step(Struct, frozen=True):
    """One message. `texts` holds its text blocks; results' texts are not among them."""

    author: Author
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()
    texts: tuple[str, ...] = ()


class _Block(Struct):
    text: object = None


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a part of a body raises where it has another shape than this dialect knows."""

_as_text = msgspec.json.Decoder(str)
_as_blocks = msgspec.json.Decoder(list[_Block])


def blocks_of(content: Raw) -> list[str]:
    """The texts of a message's content: one string, or the `text` of each block that has one."""
    try:
        match memoryview(content)[:1].tobytes():
            case b'"':
                return [_as_text.decode(content)]
            case b"[":
                return [b.text for b in _as_blocks.decode(content) if isinstance(b.text, str)]
            case _:
                return []
    except UNREADABLE:
        return []  # a shape this dialect does not know: forwarded, not read


def text_or_empty(value: object) -> str:
    """A name or an id; whatever else a body may hold there counts as none."""
    return value if isinstance(value, str) else ""
