"""Base64, hex and compressed data in text, decoded where that could give something to read.

Whoever looks at every run of letters looks at every long name of a program. So short runs count
only where they decode to ASCII: in base64 that leaves half of the characters to each of the first
three of four, in hex it leaves the digits 0 to 7 to each first one. Pure.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator

import re2


class Unreadable(Exception):
    """Something that cannot be looked into: it counts as private."""


_DEEPEST = 3
"""Times that something decoded is looked at for something decodable."""
_MOST_INFLATED = 8 * 1024 * 1024
"""Bytes to which compressed data in a text may grow before it counts as unreadable."""
_ANY = rb"[A-Za-z0-9+/_-]"
_LONG = _ANY + rb"{40,}(?:\r?\n[ \t]*" + _ANY + rb"{4,})+={0,2}|" + _ANY + rb"{44,}={0,2}"
"""Base64 or hex of anything, wrapped or not."""
_FOUR = rb"[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589]" + _ANY
_ASCII = rb"(?:" + _FOUR + rb"){5,}" + _ANY + rb"{0,3}"
"""Base64 of at least 15 ASCII characters."""
_ASCII_HEX = rb"(?:[0-7][0-9a-fA-F]){10,}"
_PACKED = rb"e[JANF]" + _ANY + rb"{18,}={0,2}"
"""Base64 of zlib data (RFC 1950), by its first byte."""
_OPTIONS = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_OPTIONS.never_capture = True
_OPTIONS.max_mem = 64 << 20
_ENCODED = re2.compile(b"|".join((_LONG, _ASCII, _ASCII_HEX, _PACKED)), _OPTIONS)
_SPACE = re.compile(rb"\s+")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_MAGIC = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""How gzip (RFC 1952) and zlib data (RFC 1950) begin."""


def decoded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """What is encoded in `data`, each with the offset it stands at. Raises `Unreadable`."""
    for found in _ENCODED.finditer(data):
        for plain in _all(found.group(), 0):
            yield found.start(), plain


def _all(run: bytes, depth: int) -> Iterator[bytes]:
    """What a run decodes to, and what is encoded in that."""
    for plain in _undone(run):
        yield plain
        if depth + 1 < _DEEPEST:
            for inner in _ENCODED.finditer(plain):
                yield from _all(inner.group(), depth + 1)


def _undone(run: bytes) -> Iterator[bytes]:
    """Base64 in both alphabets, and hex."""
    run = _SPACE.sub(b"", run)
    if _HEX.fullmatch(run):
        yield from _readings(bytes.fromhex(run.decode()))
    body = run.rstrip(b"=")
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        plain = base64.b64decode(body + b"=" * (-len(body) % 4), altchars=_alphabet(body))
    except (binascii.Error, ValueError):
        return
    yield from _readings(plain)


def _alphabet(run: bytes) -> bytes | None:
    return b"-_" if b"-" in run or b"_" in run else None


def _readings(plain: bytes) -> Iterator[bytes]:
    """Text, or a file that may hold text: an image's remarks, UTF-16, what is compressed."""
    yield _inflated(plain) if plain.startswith(_MAGIC) else plain
    if plain.count(b"\0") * 4 > len(plain):
        yield plain.replace(b"\0", b"")


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        plain = stream.decompress(data, _MOST_INFLATED)
    except zlib.error:
        return data
    if stream.unconsumed_tail:
        raise Unreadable("compressed data in the body grows without end")
    return plain
