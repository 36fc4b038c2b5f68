"""Put another model's name into a body and touch nothing else."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

from rolecall.errors import BodyError

_FIRST_KEY = re.compile(rb'\s*\{\s*"model"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")
_KEY = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_top_level = msgspec.json.Decoder(dict[str, Raw])


def readdress(body: bytes, model: str) -> bytes:
    """The same bytes with the value of the top-level key `model` replaced.

    `body` is a JSON object that has been parsed already. Most clients write `model` first, which
    costs no second look at the body. Raises `BodyError` where a key stands twice: which of the
    two the provider would read is anyone's guess.
    """
    first = _FIRST_KEY.match(body)
    start, end = first.span(1) if first else _span(body, "model")
    return b"".join((body[:start], msgspec.json.encode(model), body[end:]))


def _span(body: bytes, key: str) -> tuple[int, int]:
    """Where the value of a top-level key stands.

    Every value's length is known from one decode, so the walk skips from key to key.
    """
    values = _top_level.decode(body)
    at = body.index(b"{") + 1
    for name, value in values.items():
        found = _KEY.match(body, _skip(body, at))
        if found is None or msgspec.json.decode(found.group()) != name:
            raise BodyError("the body names a key twice; name each key once")
        start = _skip(body, _skip(body, found.end()) + 1)
        end = start + len(memoryview(value))
        if name == key:
            return start, end
        at = _skip(body, end) + 1
    raise BodyError(f"the body has no {key!r}")


def _skip(body: bytes, at: int) -> int:
    """The offset of the next byte that is not white space."""
    found = _SPACE.match(body, at)
    return found.end() if found else at
