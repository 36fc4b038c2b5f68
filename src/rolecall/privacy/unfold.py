"""What the parts of a body say, in every reading of them that somebody could make.

A scanner sees what it is shown. So the JSON is decoded, strings that hold JSON are decoded once
more, and beside the plain text stand its other readings: without zero-width and look-alike
characters, with escapes and percent signs undone, what is encoded decoded, and what is cut into
pieces put together. Pure.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import msgspec
import re2
from msgspec import Raw, Struct

from rolecall.privacy.encoded import Unreadable, decoded
from rolecall.wire.steps import UNREADABLE

STRIP = 128
"""Characters at both ends of a text that are read together with its neighbours."""
BACK = 3
"""Pieces before one that are read together with it: a text may be cut into several."""
_DEEPEST = 3
"""Times that escapes are undone in what came of undoing escapes."""
_DEEPEST_NESTING = 200
_STRUCTURE = frozenset(
    {"type", "role", "id", "tool_use_id", "tool_call_id", "call_id", "status", "name", "media_type"}
)
"""Keys whose values stand between the pieces of a text and are none themselves."""
_USUAL = _STRUCTURE | {"content", "text", "tool_calls", "function", "arguments", "input", "output"}
_OPENING = frozenset("{[")
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
_HIDING = re2.compile("[" + "".join(f"\\x{{{a:x}}}-\\x{{{b:x}}}" for a, b in _RANGES) + "]")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_ESCAPED = re2.compile(rb"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}|&#")


class Unfolded(Struct, frozen=True, kw_only=True):
    """`text` is all there is to scan; the stretch that begins at `starts[n]` is of `owners[n]`.

    `joints` are the ends of the texts of each piece, put together in order.
    """

    text: bytes
    starts: list[int]
    owners: list[int]
    joints: list[str]

    def owners_of(self, start: int, end: int) -> list[int]:
        """The pieces that a place in the text is of."""
        first = bisect_right(self.starts, start) - 1
        last = bisect_right(self.starts, max(start, end - 1)) - 1
        return self.owners[first : last + 1]


def unfold(pieces: Sequence[Raw], before: Sequence[str] = ()) -> Unfolded:
    """Every reading of pieces that stand in a row, after some whose joints are `before`.

    Raises `Unreadable`.
    """
    joints = list(before)
    parts: list[bytes] = []
    starts: list[int] = []
    size = 0
    for piece in pieces:
        part, joint = _piece(piece, "".join(joints[-BACK:])[-2 * STRIP :])
        joints.append(joint[-2 * STRIP :])
        parts.append(part)
        starts.append(size)
        size += len(part) + 1
    plain = Unfolded(
        text=b"\n".join(parts),
        starts=starts,
        owners=list(range(len(starts))),
        joints=joints[len(before) :],
    )
    return _with_decoded(plain)


def joint_of(raw: Raw) -> str:
    """The ends of the texts of one piece, put together, as far as a later piece may go on."""
    return "".join(_leaves(whole(raw)).ends)[-2 * STRIP :]


def _piece(raw: Raw, before: str) -> tuple[bytes, str]:
    """All readings of a piece with its seam to what stands before it, and its joint."""
    leaves = _leaves(whole(raw))
    text, joint = "\n".join(leaves.texts), "".join(leaves.ends)
    seam = before + joint[:STRIP] if before else ""
    parts = [text, *_readings(text), joint, seam]
    return "\n".join(parts).encode("utf-8", "surrogatepass"), joint


def _with_decoded(plain: Unfolded) -> Unfolded:
    """With what is encoded in the text at its end, each of the piece it stands in."""
    parts, starts, owners = [plain.text], plain.starts, plain.owners
    size = len(plain.text) + 1
    for at, part in decoded(plain.text):
        if len(parts) == 1:
            starts, owners = [*starts], [*owners]
        owners.append(plain.owners_of(at, at)[0])
        starts.append(size)
        parts.append(part)
        size += len(part) + 1
    return Unfolded(text=b"\n".join(parts), starts=starts, owners=owners, joints=plain.joints)


class _Pairs(list[tuple[str, Any]]):
    """An object with all its keys, those that stand twice too."""


def whole(raw: Raw) -> Any:
    """The value of a piece. Raises `Unreadable`.

    Of a key that stands twice a decoder keeps one, and a provider may read the other. Then the
    value written anew is shorter than it was, as it is where somebody put spaces in.
    """
    try:
        value = msgspec.json.decode(raw)
        if len(msgspec.json.encode(value)) == len(memoryview(raw)):
            return value
        return json.loads(bytes(raw), object_pairs_hook=_Pairs)
    except (*UNREADABLE, ValueError) as error:
        raise Unreadable("a part of the body cannot be decoded") from error


class _Leaves:
    """The strings of a value in their order, and the ends of those that may go on elsewhere."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.ends: list[str] = []

    def add(self, value: Any, key: str, depth: int) -> None:
        """What stands under `key`. Keys themselves are texts, but for those every client writes."""
        if depth > _DEEPEST_NESTING:
            raise Unreadable("a part of the body nests too deeply")
        kind = type(value)
        if kind is str:
            self._add_text(value, key, depth)
        elif kind is dict or kind is _Pairs:
            for name, item in value.items() if kind is dict else value:
                if name not in _USUAL:
                    self.texts.append(name)
                self.add(item, name, depth + 1)
        elif kind is list:
            for item in value:
                self.add(item, key, depth + 1)
        elif value is not None:
            self.texts.append(str(value))

    def _add_text(self, text: str, key: str, depth: int) -> None:
        self.texts.append(text)
        if key not in _STRUCTURE:
            whole = len(text) <= 2 * STRIP
            self.ends.append(text if whole else f"{text[:STRIP]}\n{text[-STRIP:]}")
        if text[:1] in _OPENING:
            with suppress(*UNREADABLE):  # it only looks like JSON
                self.add(msgspec.json.decode(text), "name", depth + 50)


def texts_of(value: Any) -> list[str]:
    """Every string of a value, keys too, and those of JSON in strings."""
    return _leaves(value).texts


def _leaves(value: Any) -> _Leaves:
    found = _Leaves()
    found.add(value, "", 0)
    return found


def _readings(text: str) -> Iterator[str]:
    """Other readings of a text, where they differ from it."""
    if not text.isascii() or "\0" in text:
        seen = _seen(text)
        if seen != text:
            yield seen
            text = seen
    for _ in range(_DEEPEST):
        text = _escaped_lines(text)
        plain = _unescaped(text)
        if plain == text:
            return
        yield plain
        text = plain


def _seen(text: str) -> str:
    """As a person sees it: without what does not show, and letters in their common form."""
    if _HIDING.search(text):
        text = text.translate(_INVISIBLE)
    return unicodedata.normalize("NFKC", text)


def _escaped_lines(text: str) -> str:
    """The lines that hold an escape."""
    if not _ESCAPED.search(text.encode("utf-8", "surrogatepass")):
        return ""
    lines = text.split("\n")
    return "\n".join([line for line in lines if "%" in line or "\\" in line or "&#" in line])


def _unescaped(text: str) -> str:
    text = _ESCAPE.sub(_character, text)
    return html.unescape(unquote(text, errors="replace"))


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 16))
