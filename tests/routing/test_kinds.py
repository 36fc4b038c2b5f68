"""The shipped weights: they fit the code, and reading is quick, bounded and repeatable."""

from __future__ import annotations

import gc
import time

import msgspec
import pytest

from rolecall.config.build import KIND_ROLES
from rolecall.routing import ngrams
from rolecall.routing.kinds import FIRST, LATER, KindReader, load_weights
from rolecall.routing.ngrams import load_cues

WEIGHTS = load_weights()
CUES = load_cues()


def reader() -> KindReader:
    return KindReader(WEIGHTS, CUES)


def test_weights_fit_the_features() -> None:
    """Weights of other features would read nonsense: they are refused."""
    assert WEIGHTS.features == ngrams.VERSION
    other = msgspec.structs.replace(WEIGHTS, features=ngrams.VERSION + 1)
    with pytest.raises(ValueError, match=r"run training/train\.py"):
        KindReader(other, CUES)


def test_each_kind_that_is_told_has_a_role() -> None:
    """A follow-up has the role of its conversation; each other kind has one of its own."""
    assert set(WEIGHTS.kinds) - {"followup"} <= set(KIND_ROLES)


def test_chances_are_chances() -> None:
    """The likeliest first; what is left out of them is little."""
    found = reader().read("Why does the login test fail on Windows?", FIRST)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert 0.8 < sum(found.values()) <= 1.005


def test_reading_does_not_depend_on_what_was_read_before() -> None:
    """What is remembered changes the time that a reading takes, and nothing else."""
    texts = [f"rename item{n} in file{n}.py, then explain part{n}" for n in range(6_000)]
    used = reader()
    for text in texts:
        used.read(text)
    for text in texts[::997]:
        assert used.read(text, LATER) == reader().read(text, LATER)


def test_long_text_costs_no_more_than_a_short_one() -> None:
    """Only both ends of a text are read."""
    short, long = "fix the parser " * 500, "fix the parser " * 200_000
    times = []
    for text in (short, long):
        gc.collect()
        used = reader()
        began = time.perf_counter()
        used.read(text)
        times.append(time.perf_counter() - began)
    assert times[1] < 10 * times[0] + 0.005
