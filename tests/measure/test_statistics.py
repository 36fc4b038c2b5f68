"""Statistics against known answers, and against chance itself."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.measure.binomial import (
    clopper_pearson,
    lower_bound,
    mcnemar,
    tail,
    upper_bound,
    wilson,
)
from rolecall.measure.paired import (
    difference,
    gain_seen,
    is_not_inferior,
    ratio,
    tasks_needed,
)
from rolecall.measure.sequential import pairs_differ, worse_than

COUNTS = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.308497),
        (5, 10, 0.187086, 0.812914),
        (8, 10, 0.443905, 0.974789),
        (10, 10, 0.691503, 1.0),
        (1, 100, 0.000253, 0.054459),
        (480, 500, 0.938897, 0.975399),
    ],
)
def test_clopper_pearson_by_the_table(successes: int, trials: int, low: float, high: float) -> None:
    """Figures of scipy 1.17.1, binomtest(...).proportion_ci(0.95, "exact")."""
    found = clopper_pearson(successes, trials)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


def test_wilson_by_the_table() -> None:
    """Figures of scipy 1.17.1, the same with "wilson"."""
    found = wilson(5, 10)
    assert (found.low, found.high) == pytest.approx((0.236593, 0.763407), abs=1e-6)
    none = wilson(0, 10)
    assert (none.low, none.high) == pytest.approx((0.0, 0.277533), abs=1e-6)
    assert wilson(0, 0) == wilson(0, 0, 0.5)


def test_nothing_failed_in_n_trials() -> None:
    """The rule of three in its exact form."""
    for trials in (1, 30, 1000):
        assert upper_bound(0, trials) == pytest.approx(1 - 0.05 ** (1 / trials))
        assert lower_bound(trials, trials) == pytest.approx(0.05 ** (1 / trials))
    assert (lower_bound(0, 0), upper_bound(0, 0)) == (0.0, 1.0)


@given(counts=COUNTS, level=st.floats(0.5, 0.999))
def test_a_bound_is_where_its_tail_says_so(counts: tuple[int, int], level: float) -> None:
    successes, trials = counts
    high, low = upper_bound(*counts, level), lower_bound(*counts, level)
    assert low <= successes / max(trials, 1) or trials == 0
    assert successes == trials or tail(successes + 1, trials, high) == pytest.approx(level)
    assert successes == 0 or tail(successes, trials, low) == pytest.approx(1 - level)


def test_mcnemar_by_hand() -> None:
    assert mcnemar(1, 9) == pytest.approx(2 * 11 / 1024)
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1.0


@pytest.mark.parametrize("counts", [(-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_said(counts: tuple[int, int]) -> None:
    for figure in (upper_bound, lower_bound, wilson, clopper_pearson):
        with pytest.raises(ValueError, match="cannot be; check the counts"):
            figure(*counts)
    with pytest.raises(ValueError, match="is no chance"):
        tail(1, 2, 1.5)


def test_the_number_of_tasks_by_hand() -> None:
    """Connor's formula: 30 % differ, ten points are to be shown with 80 % power at 5 %."""
    assert tasks_needed(0.3, 0.1) == 184
    assert tasks_needed(0.3, 0.0, margin=0.1) == 186
    assert gain_seen(0.3, 184) == pytest.approx(0.1, abs=0.001)
    with pytest.raises(ValueError, match="can never be shown"):
        tasks_needed(0.3, -0.1, margin=0.1)
    with pytest.raises(ValueError, match="lies between"):
        tasks_needed(0.05, 0.1)


def test_the_bootstrap_draws_clusters() -> None:
    """Ten copies of a task say no more than one of them."""
    values = [1.0, 0.0, 1.0, 1.0, 0.0, -1.0]
    once = difference(values, range(6))
    copies = difference(
        [v for v in values for _ in range(10)], [n for n in range(6) for _ in range(10)]
    )
    assert once.interval == copies.interval
    assert (copies.tasks, copies.clusters) == (60, 6)
    assert difference(values, range(6)) == once
    with pytest.raises(ValueError, match="no task"):
        difference([], [])


def test_a_ratio_of_sums() -> None:
    found = ratio([(2.0, 1.0)] * 5 + [(4.0, 2.0)] * 5, range(10))
    assert (found.low, found.high) == (2.0, 2.0)
    assert ratio([(1.0, 0.0)], [0]).high == math.inf


SIMULATIONS = 300


def simulated(seed: int, clusters: int, effect: float) -> tuple[list[float], list[int]]:
    """Differences of four tasks in each cluster, which share luck."""
    dice = random.Random(seed)
    values, names = [], []
    for cluster in range(clusters):
        luck = dice.gauss(0, 0.2)
        for _ in range(4):
            win = dice.random() < 0.25 + effect / 2 + luck
            loss = dice.random() < 0.25 - effect / 2 - luck
            values.append(float(win) - float(loss))
            names.append(cluster)
    return values, names


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """95 % of 300 simulations, within what 300 can tell (99.9 %: 90.3 to 98.6 %)."""
    held = 0
    for seed in range(SIMULATIONS):
        found = difference(*simulated(seed, 40, 0.0), resamples=300)
        held += found.interval.low <= 0.0 <= found.interval.high
    assert 0.903 <= held / SIMULATIONS <= 0.986


def test_no_inferiority_is_claimed_where_there_is_some() -> None:
    """True loss at the margin: at most 5 % of claims, within what 300 simulations can tell."""
    claims = sum(
        is_not_inferior(difference(*simulated(seed, 40, -0.1), resamples=300), 0.1)
        for seed in range(SIMULATIONS)
    )
    assert claims / SIMULATIONS <= 0.10
    better = sum(
        is_not_inferior(difference(*simulated(seed, 40, 0.15), resamples=300), 0.1)
        for seed in range(100)
    )
    assert better >= 90


def test_evidence_of_pairs_by_hand() -> None:
    """Ten wins in a row: C(20,10) / 2^20 against 1 / 2^10."""
    assert pairs_differ(10, 0) == pytest.approx(math.comb(20, 10) / 2**20 * 2**10)
    assert pairs_differ(0, 0) == 1.0
    assert pairs_differ(10, 10) < 1
    assert math.isfinite(pairs_differ(10_000, 0))


def test_looking_after_every_pair_is_allowed() -> None:
    """Whoever looks 400 times is misled no more often than 5 %; with a true gain it is found."""

    def refuted(chance: float, seed: int) -> bool:
        dice = random.Random(seed)
        wins = losses = 0
        for _ in range(400):
            won = dice.random() < chance
            wins, losses = wins + won, losses + (not won)
            if pairs_differ(wins, losses) >= 20:
                return True
        return False

    assert sum(refuted(0.5, seed) for seed in range(1000)) <= 65
    assert sum(refuted(0.65, seed) for seed in range(200)) >= 190


def test_a_rate_that_is_kept_is_not_refuted() -> None:
    """Looked at after each result; a rate twice as high is found within 400."""

    def refuted(rate: float, seed: int) -> bool:
        dice = random.Random(seed)
        failures = successes = 0
        for _ in range(400):
            failed = dice.random() < rate
            failures, successes = failures + failed, successes + (not failed)
            if worse_than(0.1, failures, successes) >= 20:
                return True
        return False

    assert sum(refuted(0.1, seed) for seed in range(600)) <= 45
    assert sum(refuted(0.2, seed) for seed in range(200)) >= 180
    assert worse_than(0.1, 0, 50) < 1
    with pytest.raises(ValueError, match="between 0 and 1"):
        worse_than(1.0, 1, 1)
