"""Put another model's name into a body and touch nothing else."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

from rolecall.errors import BodyError

# Possessive: a text of megabytes would otherwise take gigabytes of marks for going back.
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FIRST_KEY = re.compile(rb'\s*\{\s*"model"\s*:\s*(' + _TEXT + rb")", re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")
_KEY = re.compile(_TEXT, re.DOTALL)
_top_level = msgspec.json.Decoder(dict[str, Raw])


def readdress(body: bytes, model: str) -> bytes:
    """The same bytes with the value of the top-level key `model` replaced.

    `body` is a JSON object that has been parsed already, so `model` stands in it once. Most clients
    write it first, which costs no second look at the body. Raises `BodyError` where another key
    before it stands twice or cannot be read.
    """
    first = _FIRST_KEY.match(body)
    start, end = first.span(1) if first else _span(body, "model")
    return b"".join((body[:start], msgspec.json.encode(model), body[end:]))


def _span(body: bytes, key: str) -> tuple[int, int]:
    """Where the value of a top-level key stands.

    Every value's length is known from one decode, so the walk skips from key to key. Of a key that
    stands twice the last value is known, and the first is the one that is met: it is compared, so
    that no length of another value leads the walk astray.
    """
    try:
        values = _top_level.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyError(f"the body is not valid JSON: {error}") from error
    at = body.index(b"{") + 1
    for name, value in values.items():
        found = _KEY.match(body, _skip(body, at))
        if found is None or msgspec.json.decode(found.group()) != name:
            raise BodyError("the body names a key twice; name each key once")
        start = _skip(body, _skip(body, found.end()) + 1)
        end = start + len(memoryview(value))
        after = _skip(body, end)
        if not body.startswith(bytes(value), start) or body[after : after + 1] not in b",}":
            raise BodyError("the body names a key twice; name each key once")
        if name == key:
            return start, end
        at = after + 1
    raise BodyError(f"the body has no {key!r}")


def _skip(body: bytes, at: int) -> int:
    """The offset of the next byte that is not white space."""
    found = _SPACE.match(body, at)
    return found.end() if found else at
