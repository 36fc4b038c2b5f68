"""What a source of histories is, and how the files of most of them are read."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePath
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from rolecall.audit.history import Thread
from rolecall.audit.threads import Tools
from rolecall.config.machine import Machine
from rolecall.wire.steps import UNREADABLE

T = TypeVar("T")
_LONGEST = 64 * 1024 * 1024
"""Bytes of a line that is read; a longer one is skipped in pieces, and counted."""
_NAMES = 40
"""Characters of an unknown record's name that are told."""
_RANDOM = 20
"""Characters from which an id is taken to be random."""
_LARGEST = 256 * 1024 * 1024
"""Bytes of a document that is read."""
HALF, DAMAGED, LONG = "half-written lines", "damaged lines", "lines over 64 MiB"
LARGE = "documents over 256 MiB"


class Unit(Struct, frozen=True, kw_only=True):
    """What is read at once, and again only when its `mark` changes: a file, or a `part` of one."""

    source: str
    path: str
    mark: str
    part: str = ""
    size: int = 0
    """Bytes, as far as they are known."""


class Batch(Struct, frozen=True, kw_only=True):
    """What a unit told. `skipped` counts what could not be used, by what it was."""

    threads: tuple[Thread, ...] = ()
    skipped: Mapping[str, int] = {}


class Source(Struct, frozen=True, kw_only=True):
    """Where a client leaves its logs, and how they are read.

    `claims` tells its files by their path alone; `units` says what of such a file is read at once.
    `note` says what the log leaves out, in half a sentence.
    """

    name: str
    places: Callable[[Machine], tuple[Path, ...]]
    claims: Callable[[PurePath], bool]
    read: Callable[[Unit, Tools], Batch]
    units: Callable[[str, Path], Iterator[Unit]]
    note: str = ""
    connect: str = ""
    """What `rolecall connect` calls the client, where that is another name."""


def whole_file(source: str, path: Path) -> Iterator[Unit]:
    """A file that is read as one; nothing that is none, such as a pipe, is waited for."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        return
    mark = f"{found.st_size}:{found.st_mtime_ns}"
    yield Unit(source=source, path=str(path), mark=mark, size=found.st_size)


class Lines(Generic[T]):
    """The records of a file of JSON lines, one in memory at a time.

    What is no record is counted in `skipped`: a last line without its end as half-written, any
    other as damaged.
    """

    def __init__(self, path: str, decoder: msgspec.json.Decoder[T]) -> None:
        self.skipped: Counter[str] = Counter()
        self._path = path
        self._decoder = decoder

    def __iter__(self) -> Iterator[T]:
        with Path(self._path).open("rb") as file:
            while line := file.readline(_LONGEST):
                if len(line) == _LONGEST and not line.endswith(b"\n"):
                    self._skip_rest(file.readline)
                elif not line.isspace():
                    yield from self._record(line)

    def _record(self, line: bytes) -> Iterator[T]:
        try:
            yield self._decoder.decode(line)
        except UNREADABLE:
            self.skipped[DAMAGED if line.endswith(b"\n") else HALF] += 1

    def _skip_rest(self, readline: Callable[[int], bytes]) -> None:
        self.skipped[LONG] += 1
        while (line := readline(_LONGEST)) and not line.endswith(b"\n"):
            pass

    def unknown(self, name: str) -> None:
        """Count a record of a sort that is not known."""
        shown = "".join(c if c.isprintable() else "?" for c in name[:_NAMES])
        self.skipped[f"records {shown!r}"] += 1


def document(path: Path, decoder: msgspec.json.Decoder[T], skipped: Counter[str]) -> T | None:
    """A file that is one document; None where it is damaged or too large, which is counted."""
    if path.stat().st_size > _LARGEST:
        skipped[LARGE] += 1
        return None
    try:
        return decoder.decode(path.read_bytes())
    except UNREADABLE:
        skipped[DAMAGED] += 1
        return None


def named(id: str | None, *known: object) -> str:  # noqa: A002
    """What tells an answer from all others of a client, wherever it is logged.

    A provider's id does so alone. A short one, or none, may come again with each start of an
    engine: then what else is `known` of the answer goes with it.
    """
    if id is not None and len(id) >= _RANDOM:
        return id
    return " ".join(str(one) for one in (id, *known) if one is not None)


def text_of(value: object) -> str:
    """A name of the log; whatever else stands there counts as none."""
    return value if isinstance(value, str) else ""


def number_of(value: object) -> int:
    """A token count; absent, negative and other ones are 0."""
    return value if isinstance(value, int) and value > 0 else 0


def moment_of(value: object) -> datetime | None:
    """An aware time in ISO 8601, None where there is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
