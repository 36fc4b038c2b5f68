"""Look at what is new in a body, and remember what the rest held."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

import xxhash
from msgspec import Raw, Struct

from rolecall.privacy.pieces import Prefix, Run, runs_of, runs_since, single
from rolecall.privacy.policy import NOTHING, Found, Policy
from rolecall.privacy.unfold import unfold

_MOST_THREADS = 4096


class _Begun(Struct, frozen=True, kw_only=True):
    """A body up to the end of its newest message, what it held, and how its messages end."""

    prefix: Prefix
    digest: bytes
    found: Found
    joints: tuple[str, ...]


class Hashed:
    """The digest of the beginning of a body, which may be asked for once more further on."""

    def __init__(self, seed: int) -> None:
        self._state = xxhash.xxh3_128(seed=seed)
        self._length = 0

    def upto(self, body: bytes, length: int) -> bytes:
        self._state.update(memoryview(body)[self._length : length])
        self._length = max(length, self._length)
        return self._state.digest()


class Look(Struct, frozen=True, kw_only=True):
    """A body taken apart. `found` is of what is not among the `runs`, `size` in bytes not known."""

    thread: str
    body: bytes
    runs: list[Run]
    found: Found
    size: int
    hashed: Hashed


class Scans:
    """What pieces of bodies held, the newest `capacity` of them.

    A piece is a message or a top-level value. It goes by a 128-bit XXH3 of its bytes, seeded at
    random in each process, so that nobody can make two pieces that go by the same name. A message
    is known together with those before it: where one changes, those beside it are read again. Of a
    body that begins, byte for byte, as the last one of its thread, only the rest is taken apart.
    """

    def __init__(self, policy: Policy, capacity: int = 100_000) -> None:
        self._policy = policy
        self._capacity = capacity
        self._known: OrderedDict[bytes, Found] = OrderedDict()
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._seed = secrets.randbits(64)

    def take_apart(self, thread: str, body: bytes, outward: Raw) -> Look:
        """`outward` is what stands beside the body. Raises `Unreadable`."""
        begun = self._begun.get(thread)
        hashed = Hashed(self._seed)
        if begun is not None and hashed.upto(body, begun.prefix.length) == begun.digest:
            runs, found = runs_since(begun.prefix, begun.joints, body, self._name), begun.found
        else:
            runs, found, hashed = runs_of(body, self._name), NOTHING, Hashed(self._seed)
        runs.append(single("outward", outward, self._name))
        size = sum(
            len(memoryview(piece))
            for run in runs
            for name, piece in zip(run.names, run.pieces, strict=True)
            if name not in self._known
        )
        return Look(thread=thread, body=body, runs=runs, found=found, size=size, hashed=hashed)

    def look(self, look: Look) -> Found:
        """What all of it holds. Raises `Unreadable` and what the scanners raise."""
        found = look.found
        for run in look.runs:
            found |= self._held(run)
            if run.prefix is not None:
                self._begin(look, run, run.prefix, found)
        _shrink(self._known, self._capacity)
        _shrink(self._begun, _MOST_THREADS)
        return found

    def _name(self, data: bytes | memoryview | Raw) -> bytes:
        return xxhash.xxh3_128_digest(data, self._seed)

    def _held(self, run: Run) -> Found:
        """What a run holds. What is new and stands in a row is read in one go."""
        found = NOTHING
        new: list[int] = []
        for place, name in enumerate(run.names):
            known = self._known.get(name)
            if known is None:
                new.append(place)
            elif known is not NOTHING:
                found |= known
        return reduce(or_, (self._read(run, *stretch) for stretch in _stretches(new)), found)

    def _read(self, run: Run, first: int, last: int) -> Found:
        unfolded = unfold(run.pieces[first:last], run.joints_before(first))
        held = [NOTHING] * (last - first)
        for sighting in self._policy.look(unfolded.text):
            for owner in unfolded.owners_of(sighting.start, sighting.end):
                held[owner] |= sighting.found
        self._known.update(zip(run.names[first:last], held, strict=True))
        return reduce(or_, (found for found in held if found is not NOTHING), NOTHING)

    def _begin(self, look: Look, run: Run, prefix: Prefix, found: Found) -> None:
        """Remember how far the body has been read."""
        self._begun[look.thread] = _Begun(
            prefix=prefix,
            digest=look.hashed.upto(look.body, prefix.length),
            found=found,
            joints=tuple(run.joints_before(len(run.pieces))),
        )


def _shrink(remembered: OrderedDict[Any, Any], size: int) -> None:
    while len(remembered) > size:
        remembered.popitem(last=False)


def _stretches(places: list[int]) -> Iterator[tuple[int, int]]:
    """Places that stand in a row, as first and after the last."""
    first = 0
    for at, place in enumerate(places):
        if at + 1 == len(places) or places[at + 1] != place + 1:
            yield places[first], place + 1
            first = at + 1
