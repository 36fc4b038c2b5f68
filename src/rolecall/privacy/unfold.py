"""What a part of a body says, in every reading of it that somebody could make.

A scanner sees what it is shown. So the JSON is decoded, strings that hold JSON are decoded once
more, and beside the plain text stand its other readings: without zero-width and look-alike
characters, with escapes and percent signs undone, base64 and hex decoded, what is compressed in
them inflated, and what is cut into pieces put together. Pure.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec
import re2

from rolecall.wire.steps import UNREADABLE

STRIP = 128
"""Characters at both ends of a text that are read together with its neighbours."""
_DEEPEST = 3
"""Times that something decoded is looked at for something decodable."""
_DEEPEST_NESTING = 200
_A_FILE = 64
"""Bytes from which on what is decoded is read whatever it is."""
_BREAKS = dict.fromkeys((9, 10, 13))
_MOST_INFLATED = 8 * 1024 * 1024
"""Bytes to which compressed data in a text may grow before it counts as unreadable."""
_STRUCTURE = frozenset(
    {"type", "role", "id", "tool_use_id", "tool_call_id", "call_id", "status", "name", "media_type"}
)
"""Keys whose values stand between the pieces of a text and are none themselves."""
_RANGES = (
    (0x00, 0x00),
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0000, 0xE007F),
)
_INVISIBLE = {code: None for first, last in _RANGES for code in range(first, last + 1)}
"""Characters that show nothing: NUL, soft hyphens, zero-width ones, marks of direction, tags."""
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ENCODED = re2.compile(
    rb"[A-Za-z0-9+/_-]{40,}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]{4,})+={0,2}|[A-Za-z0-9+/_-]{20,}={0,2}"
)
_SPACE = re.compile(rb"\s+")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_MARKS = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""How gzip (RFC 1952) and zlib data (RFC 1950) begin."""


class Unreadable(Exception):
    """Something that cannot be looked into: it counts as private."""


class Unfolded(msgspec.Struct, frozen=True):
    """`text` is all there is to scan; `joint` the ends of the pieces, put together in order."""

    text: bytes
    joint: str


def unfold(raw: bytes | memoryview | msgspec.Raw) -> Unfolded:
    """Every reading of one JSON value. Raises `Unreadable`."""
    leaves = [leaf for leaf in _leaves(_whole(raw), None, 0) if leaf[1]]
    plain = [text for _, text in leaves]
    joint = "".join(_ends(text) for key, text in leaves if key not in _STRUCTURE)
    parts = [*plain, joint, *(other for text in plain for other in _readings(text))]
    text = "\n".join(parts).encode("utf-8", "surrogatepass")
    return Unfolded(text + b"".join(_decoded(text, 0)), joint[-2 * STRIP :])


class _Pairs(list[tuple[str, Any]]):
    """An object with all its keys, those that stand twice too."""


def _whole(raw: bytes | memoryview | msgspec.Raw) -> Any:
    """The value. Of a key that stands twice a decoder keeps one, and a provider may read the other.

    Then the value written anew is shorter than it was, as it is where somebody put spaces in.
    """
    try:
        value = msgspec.json.decode(raw)
        if len(msgspec.json.encode(value)) == len(memoryview(raw)):
            return value
        return json.loads(bytes(raw), object_pairs_hook=_Pairs)
    except (*UNREADABLE, ValueError) as error:
        raise Unreadable("a part of the body cannot be decoded") from error


def parts(body: bytes) -> dict[str, msgspec.Raw]:
    """The top level of a body. Raises `Unreadable` where a key stands twice."""
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


_top = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _leaves(value: Any, key: str | None, depth: int) -> Iterator[tuple[str | None, str]]:
    """Every string with the key it stands under; keys themselves stand under `name`."""
    if depth > _DEEPEST_NESTING:
        raise Unreadable("a part of the body nests too deeply")
    match value:
        case str():
            yield key, value
            if value[:1] in {"{", "["}:
                yield from _inner(value, depth)
        case _Pairs():
            for name, item in value:
                yield "name", name
                yield from _leaves(item, name, depth + 1)
        case dict():
            yield from _leaves(_Pairs(value.items()), key, depth)
        case list():
            for item in value:
                yield from _leaves(item, key, depth + 1)
        case int() | float():
            yield key, str(value)


def _inner(text: str, depth: int) -> Iterator[tuple[str | None, str]]:
    """A string that is JSON itself, such as the arguments of a tool call."""
    try:
        value = msgspec.json.decode(text)
    except UNREADABLE:
        return
    if not isinstance(value, str):
        yield from _leaves(value, "name", depth + 50)


def _ends(text: str) -> str:
    return text if len(text) <= 2 * STRIP else f"{text[:STRIP]}\n{text[-STRIP:]}"


def _readings(text: str) -> Iterator[str]:
    """Other readings of a text, where they differ from it."""
    if not text.isascii() or "\0" in text:
        seen = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
        if seen != text:
            yield seen
            text = seen
    for _ in range(_DEEPEST):
        plain = _unescaped(text)
        if plain == text:
            return
        yield plain
        text = plain


def _unescaped(text: str) -> str:
    if "\\" in text:
        text = _ESCAPE.sub(_character, text)
    if "%" in text and _PERCENT.search(text):
        text = unquote(text, errors="replace")
    return html.unescape(text) if "&#" in text else text


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 16))


def _decoded(data: bytes, depth: int) -> Iterator[bytes]:
    """What is encoded in `data`, where it decodes to something that can be read."""
    if depth >= _DEEPEST:
        return
    for found in _ENCODED.finditer(data):
        for plain in _undone(found.group()):
            yield b"\n"
            yield plain
            yield from _decoded(plain, depth + 1)


def _undone(run: bytes) -> Iterator[bytes]:
    """Base64 in both alphabets, and hex."""
    run = _SPACE.sub(b"", run)
    if len(run) % 2 == 0 and _HEX.fullmatch(run):
        yield from _readable(bytes.fromhex(run.decode()))
    try:
        body = run.rstrip(b"=")
        body = body[: len(body) - (len(body) % 4 == 1)]
        plain = base64.b64decode(body + b"=" * (-len(body) % 4), altchars=_alphabet(body))
    except (binascii.Error, ValueError):
        return
    yield from _readable(plain)


def _alphabet(run: bytes) -> bytes | None:
    return b"-_" if b"-" in run or b"_" in run else None


def _readable(plain: bytes) -> Iterator[bytes]:
    """Text, or a file that may hold text: an image's remarks, UTF-16, what is compressed."""
    if plain.startswith(_MARKS):
        yield _inflated(plain)
    elif len(plain) >= _A_FILE or _is_text(plain):
        yield plain
    if plain.count(b"\0") * 4 > len(plain):
        yield plain.replace(b"\0", b"")


def _is_text(plain: bytes) -> bool:
    return plain.isascii() and plain.decode().translate(_BREAKS).isprintable()


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        plain = stream.decompress(data, _MOST_INFLATED)
    except zlib.error:
        return data
    if stream.unconsumed_tail:
        raise Unreadable("compressed data in the body grows without end")
    return plain
