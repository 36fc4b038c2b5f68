"""A body as pieces: its messages, and each other value at its top. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.privacy.encoded import Unreadable
from rolecall.privacy.unfold import BACK, joint_of
from rolecall.wire.steps import UNREADABLE

LISTS = ("messages", "input", "contents")
"""Top-level keys under which a conversation stands."""
_top = msgspec.json.Decoder(dict[str, Raw])
_list = msgspec.json.Decoder(list[Raw])
Namer = Callable[[bytes | memoryview | Raw], bytes]


class Run(Struct, frozen=True, kw_only=True):
    """Pieces that stand in a row. A name is of the piece and the `BACK` before it.

    `ahead` are the joints of pieces that stand before the run and were read with another body.
    """

    pieces: list[Raw]
    names: list[bytes]
    ahead: tuple[str, ...] = ()
    prefix: Prefix | None = None

    def joints_before(self, place: int) -> list[str]:
        """The joints of the pieces that are read together with the one at `place`."""
        near = [joint_of(piece) for piece in self.pieces[max(0, place - BACK) : place]]
        return [*self.ahead, *near][-BACK:]


class Prefix(Struct, frozen=True, kw_only=True):
    """A body up to the end of a message, `length` bytes, in the list under `key`.

    `keys` are those at its top so far, `recent` the digests of its newest messages.
    """

    length: int
    key: str
    keys: frozenset[str]
    recent: tuple[bytes, ...]


def runs_of(body: bytes, namer: Namer) -> list[Run]:
    """The conversation, and each other value as a run of its own, in their order.

    Raises `Unreadable`, also where a key stands twice.
    """
    runs = []
    for key, value in _parts(body).items():
        if key in LISTS and bytes(memoryview(value)[:1]) == b"[":
            runs.append(_conversation(body, key, value, namer))
        else:
            runs.append(single(key, value, namer))
    return runs


def runs_since(prefix: Prefix, ahead: tuple[str, ...], body: bytes, namer: Namer) -> list[Run]:
    """The same of what follows in a body that begins with `prefix`; the rest has been read.

    What follows is read as JSON that begins in the same place: in a list, in an object. Raises
    `Unreadable`.
    """
    opening = b'{"%s":[0' % prefix.key.encode()
    found = _parts(opening + memoryview(body)[prefix.length :])
    if not prefix.keys.isdisjoint(found.keys() - {prefix.key}):
        raise Unreadable("the body names a key twice")
    value = found.pop(prefix.key)
    pieces = _list.decode(value)[1:]
    names, recent = _names(pieces, prefix.recent, namer)
    length = prefix.length + len(memoryview(value)) - len("[0]")
    newest = Prefix(length=length, key=prefix.key, keys=prefix.keys, recent=recent)
    first = Run(pieces=pieces, names=names, ahead=ahead, prefix=newest)
    return [first, *(single(key, value, namer) for key, value in found.items())]


def single(key: str, value: Raw, namer: Namer) -> Run:
    """A value that stands for itself."""
    return Run(pieces=[value], names=_names([value], _nothing_yet(key), namer)[0])


def _conversation(body: bytes, key: str, value: Raw, namer: Namer) -> Run:
    pieces = _list.decode(value)
    names, recent = _names(pieces, _nothing_yet(key), namer)
    prefix = _prefix(body, key, value, recent) if pieces else None
    return Run(pieces=pieces, names=names, prefix=prefix)


def _nothing_yet(key: str) -> tuple[bytes, ...]:
    return (key.encode(),) * BACK


def _names(
    pieces: list[Raw], recent: tuple[bytes, ...], namer: Namer
) -> tuple[list[bytes], tuple[bytes, ...]]:
    """A name for each piece, and the digests of the newest."""
    digests = [*recent, *map(namer, pieces)]
    count = BACK + 1
    names = [b"".join(digests[at : at + count]) for at in range(len(pieces))]
    return names, tuple(digests[-BACK:])


def _prefix(body: bytes, key: str, value: Raw, recent: tuple[bytes, ...]) -> Prefix | None:
    """The body up to the end of the last message; None where that is not certain.

    Where the list stands is guessed by how it begins. Closed there, the body must be an object
    whose last value is that list.
    """
    size = len(memoryview(value))
    length = body.find(bytes(memoryview(value)[:64])) + size - len("]")
    try:
        closed = _top.decode(body[:length] + b"]}")
    except UNREADABLE:
        return None
    last = next(reversed(closed.items()), ("", b""))
    if body[length : length + 1] != b"]" or (last[0], len(memoryview(last[1]))) != (key, size):
        return None
    return Prefix(length=length, key=key, keys=frozenset(closed), recent=recent)


class _Pairs(list[tuple[str, Any]]):
    """An object with all its keys, those that stand twice too."""


def _parts(body: bytes) -> dict[str, Raw]:
    """The top level of a body. Where all bytes are accounted for, no key stands twice."""
    try:
        found = _top.decode(body)
        inside = sum(len(msgspec.json.encode(k)) + len(memoryview(v)) + 2 for k, v in found.items())
        if inside + 1 == len(body):
            return found
        pairs = json.loads(body, object_pairs_hook=_Pairs)
    except (*UNREADABLE, ValueError) as error:
        raise Unreadable("the body cannot be decoded") from error
    if len(pairs) != len(found):
        raise Unreadable("the body names a key twice")
    return found
