"""Bets on bounded means against known answers, and against chance itself."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.measure.betting import SHARES, above, below, lasting, tasks_more
from rolecall.measure.several import needed

VALUES = st.lists(st.floats(-1, 1), max_size=30)


def test_a_capital_by_hand() -> None:
    """Three wins: the mean over all shares of (1 + share) three times."""
    found = above([1.0, 1.0, 1.0, 0.0], 0.0)
    assert found.now == found.most == pytest.approx(sum((1 + s) ** 3 for s in SHARES) / len(SHARES))
    assert found.at == 3
    assert above([], 0.2).most == 1.0


def test_a_mean_below_the_tested_one_loses() -> None:
    """With a margin of a tenth a tie is a small win, a loss nearly all of a bet's loss."""
    tie = above([0.0], -0.1).now
    assert tie == pytest.approx(1 + 0.5 * 0.1 / 0.9)
    assert above([-1.0], -0.1).now == pytest.approx(1 - 0.5)


@given(values=VALUES, low=st.floats(-0.9, 0.9), high=st.floats(-0.9, 0.9))
def test_evidence_for_more_is_evidence_for_less(
    values: list[float], low: float, high: float
) -> None:
    """What shows a mean above one shows it above every lower one."""
    low, high = sorted((low, high))
    assert above(values, low).now >= above(values, high).now * (1 - 1e-9)


@given(values=VALUES, mean=st.floats(-0.9, 0.9))
def test_below_is_above_mirrored(values: list[float], mean: float) -> None:
    mirrored = above([-value for value in values], -mean)
    assert below(values, mean) == mirrored
    assert mirrored.most >= max(mirrored.now, 1.0)


@given(values=st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=40))
def test_the_lasting_interval_is_what_bets_do_not_refute(values: list[float]) -> None:
    """Just inside its ends neither bet has 1/d, just outside one of them has."""
    found = lasting(values, 0.95)
    for end, towards in ((found.low, 1e-6), (found.high, -1e-6)):
        inside, outside = end + towards, end - towards
        if -1 < outside < 1 and -1 < inside < 1:
            most = max(above(values, outside).now, below(values, outside).now)
            assert most >= 20 * (1 - 1e-4)
            assert min(above(values, inside).now, below(values, inside).now) < 20
    assert found.low <= sum(values) / len(values) <= found.high


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(ValueError, match="outside -1 to 1"):
        above([1.5], 0.0)
    with pytest.raises(ValueError, match="no mean to test"):
        above([0.5], -1.0)
    with pytest.raises(ValueError, match="no chance of an error"):
        needed({"a": 1.0}, {"a": 1.0}, 0.0)


def test_wealth_does_not_overflow() -> None:
    assert math.isfinite(above([1.0] * 5000, 0.0).most)
    assert lasting([1.0] * 5000).high == pytest.approx(1.0, abs=1e-6)


def draws(seed: int, mean: float, count: int) -> Iterator[float]:
    """Differences of tasks: three in ten differ."""
    dice = random.Random(seed)
    for _ in range(count):
        luck = dice.random()
        yield 1.0 if luck < 0.15 + mean / 2 else -1.0 if luck > 0.85 + mean / 2 else 0.0


def test_looking_after_each_task_misleads_no_more_than_said() -> None:
    """600 times 300 looks at equal candidates: at most 5 %, with what 600 can tell (99.9 %)."""
    wrong = sum(above(draws(seed, 0.0, 300), 0.0).most >= 20 for seed in range(600))
    assert wrong <= 48
    late = sum(above(draws(seed, -0.1, 300), -0.1).most >= 20 for seed in range(600))
    assert late <= 48


def test_the_lasting_interval_holds_at_every_look() -> None:
    """The truth lies above its lower end after 10, 20, ... 100 tasks, 95 % of times at once."""
    held = 0
    for seed in range(120):
        values = list(draws(seed, 0.1, 100))
        found = [lasting(values[:count]) for count in range(10, 101, 10)]
        held += all(one.low <= 0.1 for one in found)
    assert held >= 108


@pytest.mark.parametrize(
    ("gain", "seen", "mean"), [(0.2, 20, 0.0), (0.1, 50, 0.0), (0.0, 30, -0.1)]
)
def test_so_many_more_tasks_settle_it(gain: float, seen: int, mean: float) -> None:
    """Where tasks to come are like those seen, four of five trials are settled by then."""
    won, lost = (0.3 + gain) / 2, (0.3 - gain) / 2
    values = [1.0] * round(seen * won) + [-1.0] * round(seen * lost)
    values += [0.0] * (seen - len(values))
    random.Random(1).shuffle(values)
    count = tasks_more(values, mean, needed=20)
    assert count is not None
    settled = 0
    for seed in range(100):
        dice = random.Random(seed)
        settled += above([*values, *dice.choices(values, k=count)], mean).most >= 20
    assert 72 <= settled <= 98


def test_what_never_settles_is_said() -> None:
    assert tasks_more([0.0, -1.0, 1.0, -1.0], 0.0, needed=20) is None
    assert tasks_more([], 0.0, needed=20) is None
    assert tasks_more([1.0] * 10, 0.0, needed=20) == 0


def test_holm_by_hand() -> None:
    """The strongest of four bears all four; each that is refuted leaves its part to the others."""
    found = needed({"a": 100.0, "b": 61.0, "c": 30.0, "d": 39.0}, dict.fromkeys("abcd", 0.25), 0.05)
    assert found == pytest.approx({"a": 80, "b": 60, "d": 40, "c": 40})
    equal = dict.fromkeys("abcd", 79.0)
    assert set(needed(equal, dict.fromkeys("abcd", 1.0), 0.05).values()) == {80.0}


def test_holm_by_weight() -> None:
    """Half of the error is for the whole, half for two kinds; each leaves its part to the rest."""
    weights = {"whole": 0.5, "fix": 0.25, "docs": 0.25}
    found = needed({"whole": 45.0, "fix": 30.0, "docs": 1.0}, weights, 0.05)
    assert found == pytest.approx({"whole": 40, "fix": 40, "docs": 40})
    assert needed({"whole": 39.0, "fix": 30.0, "docs": 1.0}, weights, 0.05)["fix"] == 80
