"""Features of a typed turn: hashed words and pairs of words, pieces of words, cues and marks.

The same functions serve training and reading, so that both always agree. Hashes are CRC-32 of
UTF-8 text with a letter in front that keeps the sorts of features apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from zlib import crc32

import msgspec

from rolecall.routing.typed import Typed

VERSION = 1
"""Changes with every change of what is hashed; weights of another version are refused."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_LONGEST = 24
"""Characters of a word that are read."""
_MOST = 80
"""Words that are read."""
_SIZES = (3, 4)
"""Lengths of the pieces of a word in bytes, its two edges counted."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts whose words are not parted by spaces, or that build whole sentences into one word."""
_LENGTHS = (0, 12, 30, 70, 160, 400, 1_000)
"""Characters typed, as steps of a scale."""
_HEAD = 3
"""Words at the beginning that count as its head."""


def load_cues() -> dict[str, str]:
    """The cue of each word of `cues.toml`; the first that claims a word has it."""
    text = resources.files("rolecall.routing").joinpath("cues.toml").read_bytes()
    found: dict[str, str] = {}
    for name, words in msgspec.toml.decode(text, type=dict[str, str]).items():
        for word in words.split():
            found.setdefault(word, name)
    return found


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, each cut to a readable length."""
    return [word[:_LONGEST] for word in _WORD.findall(text.lower())[:_MOST]]


def word(text: str) -> int:
    return crc32(b"w" + text.encode())


def pair(first: str, second: str) -> int:
    return crc32(second.encode(), crc32(b"p" + first.encode() + b" "))


def beginnings(words: Sequence[str]) -> list[int]:
    """How a turn begins: its first word, its first two."""
    if not words:
        return []
    return [crc32(b"b" + " ".join(words[:count]).encode()) for count in (1, 2)]


def pieces(text: str) -> list[int]:
    """Pieces of one word: its beginning, its middle, its end."""
    if _UNSPACED.search(text):
        letters = f"<{text}>"
        return [
            crc32(b"c" + letters[at : at + size].encode())
            for size in (1, 2, 3)
            for at in range(len(letters) - size + 1)
        ]
    edged = f"<{text}>".encode()
    start = crc32(b"c")
    return [
        crc32(edged[at : at + size], start)
        for size in _SIZES
        for at in range(len(edged) - size + 1)
    ]


def cues_of(words: Sequence[str], cues: Mapping[str, str]) -> list[int]:
    """Which cues stand in a turn, which stands first, and which in its head."""
    told = [cues[word] for word in words if word in cues]
    names = [f"q{name}" for name in dict.fromkeys(told)]
    names += [f"h{name}" for name in {cues[w] for w in words[:_HEAD] if w in cues}]
    names += [f"f{' '.join(told[:count])}" for count in (1, 2) if len(told) >= count]
    return [crc32(name.encode()) for name in names]


def marks_of(typed: Typed) -> list[int]:
    """Marks of what was taken out, and the length as a step of the scale."""
    step = sum(typed.length > limit for limit in _LENGTHS)
    return [crc32(f"m{name}".encode()) for name in (*typed.marks, f"length {step}")]
