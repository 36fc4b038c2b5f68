"""Look at what is new in a body, and remember what the rest held."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator

import msgspec
import xxhash
from msgspec import Raw

from rolecall.privacy.policy import NOTHING, Found, Policy
from rolecall.privacy.unfold import STRIP, Unfolded, parts, unfold

_LISTS = ("messages", "input")
_BACK = 3
"""Messages before a new one that are read together with it: a text may be cut into pieces."""
_list = msgspec.json.Decoder(list[Raw])
Pieces = list[tuple[bytes, Raw]]


class Scans:
    """What pieces of bodies held, the newest `capacity` of them.

    A piece is a message or a top-level value. It goes by a 128-bit XXH3 of its bytes, seeded at
    random in each process, so that nobody can make two pieces that go by the same name. A message
    is known together with those before it: where one changes, those beside it are read again.
    """

    def __init__(self, policy: Policy, capacity: int = 100_000) -> None:
        self._policy = policy
        self._capacity = capacity
        self._known: OrderedDict[bytes, Found] = OrderedDict()
        self._seed = secrets.randbits(64)

    def pieces(self, body: bytes) -> list[Pieces]:
        """The runs of a body: the conversation, and each other value as a run of its own.

        Raises `Unreadable`.
        """
        runs: list[Pieces] = []
        for key, value in parts(body).items():
            is_list = key in _LISTS and bytes(memoryview(value)[:1]) == b"["
            inner = _list.decode(value) if is_list else [value]
            runs.append(list(self._named(key, inner)))
        return runs

    def apart(self, key: str, value: Raw) -> Pieces:
        """A value that stands beside the body, as a run of its own."""
        return list(self._named(key, [value]))

    def _named(self, key: str, values: list[Raw]) -> Iterator[tuple[bytes, Raw]]:
        recent = [key.encode()] * (_BACK + 1)
        for value in values:
            recent = [*recent[1:], xxhash.xxh3_128_digest(value, self._seed)]
            yield b"".join(recent), value

    def new(self, runs: list[Pieces]) -> int:
        """Bytes that have not been looked at before."""
        return sum(
            len(memoryview(value)) for run in runs for name, value in run if name not in self._known
        )

    def look(self, runs: list[Pieces]) -> Found:
        """What all of it holds. Raises `Unreadable` and what the scanners raise."""
        found = NOTHING
        for run in runs:
            for place, (name, _) in enumerate(run):
                known = self._known.get(name)
                if known is None:
                    known = self._look_at(run, place)
                    self._remember(name, known)
                if known is not NOTHING:
                    found |= known
        return found

    def _look_at(self, run: Pieces, place: int) -> Found:
        """A piece, and where its beginning goes on from what was said before it."""
        own = unfold(run[place][1])
        before = [unfold(value).joint for _, value in run[max(0, place - _BACK) : place]]
        seam = "".join(before)[-2 * STRIP :] + own.joint[:STRIP]
        text = own.text + b"\n" + seam.encode("utf-8", "surrogatepass")
        found = self._policy.look(Unfolded(text, "") if before else own)
        return found if found != NOTHING else NOTHING

    def _remember(self, name: bytes, found: Found) -> None:
        self._known[name] = found
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
