"""The kind of work that a typed turn asks for, read by a small linear model.

Multinomial logistic regression over the features of `ngrams`. `training/train.py` makes the
weights; `docs/recognition.md` says how often they are right. Text is read last and decides least:
what structure says comes first, and where the reading is not sure it is not followed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from importlib import resources
from itertools import pairwise

import msgspec
from msgspec import Struct

from rolecall.routing import ngrams
from rolecall.routing.typed import HEAD, TAIL, ends, typed
from rolecall.types import Kind

FIRST, LATER = "first", "later"
"""Marks of where a turn stands in its conversation, where that is known."""
_MOST_WORDS, _MOST_TURNS = 5_000, 2_000
"""Words and turns whose reading is remembered; a turn comes again with each step of its loop."""
_LEAST = 0.02
"""Chances below this are not told."""

Row = tuple[int, ...]


class Weights(Struct, frozen=True, kw_only=True):
    """What training found. `rows` holds a signed byte for each hash of `hashes` and each kind.

    A score is the bias plus `scale` times the sum over features of their share times their row;
    chances are the softmax of the scores divided by `temperature` (Guo et al. 2017, temperature
    scaling). `about` says from what it was trained, and when.
    """

    features: int
    about: str
    kinds: tuple[Kind, ...]
    bias: tuple[float, ...]
    scale: float
    temperature: float
    share: dict[str, float]
    hashes: bytes
    rows: bytes


def load_weights() -> Weights:
    """The weights that ship with rolecall."""
    blob = resources.files("rolecall.routing").joinpath("kinds.bin").read_bytes()
    return msgspec.msgpack.decode(blob, type=Weights)


class KindReader:
    """Reads turns. Remembers words it has met, and the newest turns by a digest of their text."""

    def __init__(self, weights: Weights, cues: Mapping[str, str]) -> None:
        if weights.features != ngrams.VERSION:
            says = f"weights for features {weights.features}, code has {ngrams.VERSION}"
            raise ValueError(f"{says}; run training/train.py")
        width = len(weights.kinds)
        hashes = (found for (found,) in struct.iter_unpack("<I", weights.hashes))
        rows = struct.iter_unpack(f"{width}b", weights.rows)
        self._rows: dict[int, Row] = dict(zip(hashes, rows, strict=True))
        self._nothing: Row = (0,) * width
        self._weights = weights
        self._cues = cues
        self._words: dict[str, tuple[int, Row]] = {}
        self._turns: dict[bytes, dict[Kind, float]] = {}

    def read(self, text: str, place: str | None = None) -> dict[Kind, float]:
        """The chance of each kind, the likeliest first; nothing where nobody typed a word.

        `place` is `FIRST`, `LATER` or None where it is not known.
        """
        text = ends(text, HEAD, TAIL)
        told = blake2b(text.encode("utf-8", "replace"), digest_size=12, salt=(place or "").encode())
        key = told.digest()
        found = self._turns.get(key)
        if found is None:
            found = self._read(text, place)
            if len(self._turns) >= _MOST_TURNS:
                self._turns.clear()
            self._turns[key] = found
        return found

    def _read(self, text: str, place: str | None) -> dict[Kind, float]:
        turn = typed(text)
        words = ngrams.words_of(turn.words)
        if not words:
            return {}
        scores = list(self._weights.bias)
        for share, row in self._blocks(words, [*ngrams.marks_of(turn), *_placed(place)]):
            factor = share * self._weights.scale
            scores = [score + factor * value for score, value in zip(scores, row, strict=True)]
        return _chances(self._weights.kinds, scores, self._weights.temperature)

    def _blocks(self, words: list[str], marks: list[int]) -> Iterator[tuple[float, Row]]:
        """Each sort of features with its share: words and pieces by the root of their number."""
        share = self._weights.share
        hashes = {ngrams.word(word) for word in words}
        hashes.update(ngrams.pair(a, b) for a, b in pairwise(words))
        hashes.update(ngrams.beginnings(words))
        yield share["words"] / math.sqrt(len(hashes)), self._sum(hashes)
        met = [self._pieces(word) for word in set(words)]
        count = sum(count for count, _ in met)
        yield share["pieces"] / math.sqrt(count), _total(row for _, row in met)
        yield share["marks"], self._sum(marks)
        yield share["cues"], self._sum(ngrams.cues_of(words, self._cues))

    def _pieces(self, word: str) -> tuple[int, Row]:
        found = self._words.get(word)
        if found is None:
            hashes = ngrams.pieces(word)
            if len(self._words) >= _MOST_WORDS:
                self._words.clear()
            found = self._words[word] = (len(hashes), self._sum(hashes))
        return found

    def _sum(self, hashes: Iterable[int]) -> Row:
        rows = self._rows
        known = [rows[found] for found in hashes if found in rows]
        return _total(known) if known else self._nothing


def _placed(place: str | None) -> list[int]:
    return [] if place is None else [ngrams.word(f"\0{place}")]


def _total(rows: Iterable[Row]) -> Row:
    return tuple(map(sum, zip(*rows, strict=True)))


def _chances(kinds: Iterable[Kind], scores: list[float], temperature: float) -> dict[Kind, float]:
    top = max(scores)
    powers = [math.exp((score - top) / temperature) for score in scores]
    total = sum(powers)
    pairs = sorted(zip(powers, kinds, strict=True), reverse=True)
    return {kind: round(p / total, 3) for p, kind in pairs if p / total >= _LEAST}
