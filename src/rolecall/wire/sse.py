"""Read a server-sent event stream while it passes, without holding it back.

Format: WHATWG HTML, section 9.2 (events end with a blank line; LF, CRLF or CR end a line).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from rolecall.wire.dialects import Wire
from rolecall.wire.tally import Tally

_BLANKS = (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n")
_BLANK = re.compile(b"|".join(_BLANKS))
_LINE = re.compile(rb"\r\n|\n|\r")
_LONGEST_EVENT = 4 * 1024 * 1024
"""Bytes. A longer event is forwarded like any other, but not read."""


class Reader:
    """Feeds chunks of a stream, cut anywhere, to a dialect's `fold`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rest = b""
        self.tally = Tally()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Only events that may tell something are decoded."""
        data = self._rest + chunk if self._rest else chunk
        end = self._end(data)
        if end < 0:
            self._rest = data if len(data) <= _LONGEST_EVENT else b""
            return
        self._rest = data[end:]
        for mark in self._wire.interest:
            if mark in data:
                self._read(data[:end])
                return

    def _end(self, data: bytes) -> int:
        """Offset just after the last whole event, or -1."""
        if self._wire.lines:
            return data.rfind(b"\n") + 1 or -1
        return last_blank(data, len(self._rest) - 3)

    def close(self) -> None:
        """The stream ended: what is left is an event whose blank line never came."""
        if any(mark in self._rest for mark in self._wire.interest):
            self._read(self._rest)
        self._rest = b""

    def _read(self, data: bytes) -> None:
        if self._wire.lines:
            for line in data.splitlines():
                self.tally = fold_once(self._wire, self.tally, line) if line else self.tally
            return
        for block in _telling(data, self._wire.interest):
            for event in events(block):
                self.tally = fold_once(self._wire, self.tally, event)


def fold_once(wire: Wire, tally: Tally, data: bytes) -> Tally:
    """Fold one event or answer; one that cannot be read is counted, not raised."""
    try:
        return wire.fold(tally, data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.structs.replace(tally, malformed=tally.malformed + 1)


def last_blank(data: bytes, start: int = 0) -> int:
    """Offset just after the last blank line, or -1. Before `start` none begins."""
    if data.endswith(b"\n\n"):
        return len(data)
    places = ((data.rfind(mark, max(start, 0)), len(mark)) for mark in _BLANKS)
    return max((at + length for at, length in places if at >= 0), default=-1)


def _telling(data: bytes, interest: Iterable[bytes]) -> list[bytes]:
    """The blocks between blank lines that hold a mark, in order.

    Of a burst of events only the last few tell something, so those are looked up from their
    marks; taking all apart costs 5 µs each. Streams with CR are rare enough to be split whole.
    """
    if b"\r" in data:
        return [block for block in _BLANK.split(data) if any(mark in block for mark in interest)]
    starts: set[int] = set()
    for mark in interest:
        at = data.find(mark)
        while at >= 0:
            blank = data.rfind(b"\n\n", 0, at)
            starts.add(blank + 2 if blank >= 0 else 0)
            end = data.find(b"\n\n", at)
            at = data.find(mark, end) if end >= 0 else -1
    return [data[start:].split(b"\n\n", 1)[0] for start in sorted(starts)]


def events(data: bytes) -> Iterator[bytes]:
    """The `data` of each complete event, its lines joined by LF; read one by one."""
    at, size = 0, len(data)
    while at < size:
        blank = _BLANK.search(data, at)
        start, end = (size, size) if blank is None else blank.span()
        lines = _LINE.split(data[at:start])
        told = [line[5:].lstrip(b" ") for line in lines if line.startswith(b"data:")]
        if told:
            yield b"\n".join(told)
        at = end
