"""Verdicts on trials whose truth is known: how often they are right, and what they rest on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from rolecall.measure.contrasts import shown
from rolecall.measure.pairs import Key, arms, pairs, table
from rolecall.measure.simulated import Truth, planned, simulated
from rolecall.measure.verdicts import Found, Verdict, evidence, settled, verdicts
from rolecall.types.trials import Arm, Run, Trial

EQUAL = Truth(solves=(0.5, 0.5), costs=(0.1, 0.1))
BETTER = Truth(solves=(0.4, 0.8), costs=(0.1, 0.1))
CHEAPER = Truth(solves=(0.6, 0.6), costs=(0.1, 0.02), luck=0.2, alike=0.95)
WORSE = Truth(solves=(0.8, 0.4), costs=(0.1, 0.02))


def keys(runs: Sequence[Run]) -> list[Key]:
    return [run.key for run in runs]


def judged(trial: Trial, runs: Sequence[Run]) -> Found:
    return verdicts(table(trial, runs, keys(runs)))


def whole(found: Found) -> Verdict:
    """The first candidate's, over all kinds."""
    return found.verdicts[0]


def switches(truth: Truth, tasks: int, repetitions: int, seeds: int) -> int:
    """Trials that would have been a switch at any look, by their evidence alone."""
    count = 0
    for seed in range(seeds):
        trial, runs = simulated(truth, tasks, repetitions=repetitions, seed=seed)
        found = table(trial, runs, keys(runs))
        others = [arm for arm in arms(trial) if arm.candidate != trial.candidates[0]]
        most = max(evidence(shown(found, arm)) for arm in others)
        count += most >= 20 * len(others)
    return count


@pytest.mark.parametrize(
    ("truth", "tasks", "repetitions"),
    [
        (EQUAL, 60, 1),
        (replace(EQUAL, luck=0.0, alike=0.0), 60, 1),
        (replace(EQUAL, luck=0.0, alike=0.0), 25, 3),
        (replace(EQUAL, luck=1.0), 25, 3),
        (Truth(solves=(0.5, 0.5, 0.5), costs=(0.1, 0.1, 0.1)), 40, 1),
        (Truth(solves=(0.6, 0.5), costs=(0.1, 0.01)), 60, 1),
        (Truth(solves=(0.5, 0.5), costs=(0.1, 0.3)), 60, 1),
    ],
    ids=["equal", "apart", "repeated", "luck alone", "three", "worse by the margin", "dearer"],
)
def test_no_wrong_switch_beyond_the_level(truth: Truth, tasks: int, repetitions: int) -> None:
    """Whoever looks after every task: 5 % at most, with what 300 trials can tell (99.9 %: 27)."""
    assert switches(truth, tasks, repetitions, 300) <= 27


@pytest.mark.parametrize(
    ("truth", "tasks", "least"),
    [
        (BETTER, 40, 85),
        (Truth(solves=(0.5, 0.7), costs=(0.1, 0.1)), 100, 70),
        (CHEAPER, 150, 75),
    ],
    ids=["40 points", "20 points", "as good and cheaper"],
)
def test_a_true_gain_is_found(truth: Truth, tasks: int, least: int) -> None:
    """The power that docs/trials.md states, less what a hundred trials can tell."""
    assert switches(truth, tasks, 1, 100) >= least


def test_equal_candidates_over_kinds_and_looks() -> None:
    """The whole verdict at four looks, over three kinds: any wrong switch, in 15 trials."""
    truth = replace(EQUAL, kinds=("fix", "tests", "docs"))
    wrong = 0
    for seed in range(15):
        trial, runs = simulated(truth, 30, seed=seed)
        looks = [runs[: len(runs) * part // 4] for part in range(1, 5)]
        found = [verdicts(table(trial, seen, keys(runs))) for seen in looks]
        wrong += any(one.word == "switch" for look in found for one in look.verdicts)
    assert wrong <= 4


def test_words_that_fit_the_truth() -> None:
    """Better and cheaper are a switch, worse and equal are kept, and a few tasks settle nothing."""
    better = whole(judged(*simulated(BETTER, 60)))
    assert (better.word, better.why) == ("switch", "better")
    assert {"better", "safe"} <= set(better.claims)
    cheaper = whole(judged(*simulated(CHEAPER, 200)))
    assert (cheaper.word, cheaper.why) == ("switch", "cheaper")
    worse = whole(judged(*simulated(WORSE, 60)))
    assert (worse.word, worse.why) == ("keep", "worse")
    equal = whole(judged(*simulated(replace(EQUAL, luck=0.2, alike=1.0), 300)))
    assert (equal.word, equal.why) == ("keep", "no gain")
    few = whole(judged(*simulated(BETTER, 5)))
    assert (few.word, few.why) == ("not enough data", "open")
    assert few.more is not None
    assert few.more.word == "switch"
    assert few.more.cost is not None


def test_an_early_look_is_part_of_the_later_one() -> None:
    """What was shown stays shown: the evidence at any look never falls as runs come in."""
    trial, runs = simulated(Truth(solves=(0.5, 0.7), costs=(0.1, 0.1)), 40, seed=4)
    other = arms(trial)[1]
    before = 0.0
    for count in range(0, len(runs), 7):
        now = evidence(shown(table(trial, runs[:count], keys(runs)), other))
        assert now >= before
        before = now
    assert before > 1


def test_quick_runs_are_no_selection() -> None:
    """A task counts once the trial has come to it, not before those planned ahead of it."""
    trial, runs = simulated(BETTER, 30)
    trial = replace(trial, control=False)
    order = planned(trial, random.Random(2))
    by_key = {run.key: run for run in runs}
    done = [by_key[key] for key in order if key[0] != order[0][0]]
    found = table(trial, done, order)
    seen = shown(found, arms(trial)[1]).better.at
    assert seen < len(pairs(found, arms(trial)[1]))
    everything = [by_key[key] for key in order]
    assert shown(table(trial, everything, order), arms(trial)[1]).better.at > seen


def test_a_half_done_trial_of_repetitions_says_something() -> None:
    """Where each task has one repetition of three, those are looked at, at a part of the bet."""
    trial, runs = simulated(Truth(solves=(0.1, 0.9), costs=(0.1, 0.1)), 60, repetitions=3)
    first = [run for run in runs if run.repetition == 1]
    order = sorted(keys(runs), key=lambda key: key[2])
    found = shown(table(trial, first, order), arms(trial)[1])
    assert found.better.most > 20
    assert found.better.most < shown(table(trial, runs, order), arms(trial)[1]).better.most


def test_repetitions_are_one_task() -> None:
    """The same runs ten times over show no more than once."""
    trial, runs = simulated(replace(EQUAL, luck=0.0), 20, seed=5)
    trial = replace(trial, repetitions=10)
    copies = [replace(run, repetition=number) for number in range(1, 11) for run in runs]
    once, often = judged(replace(trial, repetitions=1), runs), judged(trial, copies)
    one, ten = whole(once).contrast, whole(often).contrast
    assert one.figures is not None
    assert ten.figures is not None
    assert ten.figures.gain.mean == pytest.approx(one.figures.gain.mean)
    assert ten.figures.gain.interval.low == pytest.approx(one.figures.gain.interval.low)
    assert whole(often).evidence <= whole(once).evidence


def test_runs_that_nobody_could_judge_are_left_out_and_counted() -> None:
    trial, runs = simulated(BETTER, 40)
    broken = [
        replace(run, solved=None, stop="lost") if run.task in {"t1", "t2"} else run for run in runs
    ]
    found = judged(trial, broken)
    assert found.left_out == 6
    assert found.unpaired == 2
    assert whole(found).contrast.tasks == 38


def test_weak_judges_are_excluded_and_named() -> None:
    trial, runs = simulated(BETTER, 40)
    weak = {"t3": "its judge lets mutants pass", "elsewhere": "not of this trial"}
    found = verdicts(table(trial, runs, keys(runs), weak))
    assert whole(found).contrast.tasks == 39
    assert found.excluded == {"t3": "its judge lets mutants pass"}


def test_only_tasks_of_both_count() -> None:
    """A trial that was stopped compares like with like."""
    trial, runs = simulated(BETTER, 40)
    other = Arm(candidate=trial.candidates[1])
    partial = [run for run in runs if run.arm != other or run.task in {"t0", "t1", "t2"}]
    found = judged(trial, partial)
    assert whole(found).contrast.tasks == 3
    assert found.unpaired == 37


def test_a_control_that_differs_from_itself_settles_nothing() -> None:
    """Something is not equal for all arms then, whatever it is."""
    trial, runs = simulated(BETTER, 60)
    control = Arm(candidate=trial.candidates[0], control=True)
    drifted = [replace(run, solved=True) if run.arm == control else run for run in runs]
    spoilt = [
        replace(run, solved=False) if run.arm == Arm(candidate=trial.candidates[0]) else run
        for run in drifted
    ]
    found = judged(trial, spoilt)
    assert found.unfair
    assert (whole(found).word, whole(found).why) == ("not enough data", "unfair")


def test_the_control_shows_the_noise() -> None:
    found = judged(*simulated(EQUAL, 60))
    assert found.control is not None
    assert found.control.figures is not None
    own = found.control.figures.gain.interval
    assert own.low <= 0 <= own.high
    assert not found.unfair


def test_an_unknown_price_is_not_cheap() -> None:
    """Without a price nobody can say that a candidate costs less."""
    trial, runs = simulated(CHEAPER, 200)
    free = [
        replace(run, cost=None) if run.arm.candidate == trial.candidates[1] else run for run in runs
    ]
    found = whole(judged(trial, free))
    assert found.word == "not enough data"
    assert found.contrast.figures is not None
    assert found.contrast.figures.money is None
    assert "cheaper" not in found.claims


def test_a_few_dear_runs_undo_many_cheap_ones() -> None:
    """Cheaper on most tasks, dearer in sum: that is not cheaper."""
    trial, runs = simulated(CHEAPER, 100)
    other = Arm(candidate=trial.candidates[1])
    dear = [
        replace(run, cost=Decimal(100)) if run.arm == other and run.task == "t7" else run
        for run in runs
    ]
    found = whole(judged(trial, dear))
    assert found.contrast.shown.cheaper.most > 200
    assert "cheaper" not in found.claims


def test_settled_is_said_of_all_candidates() -> None:
    """One candidate of two that is open keeps a trial going."""
    assert settled(table(*simulated(BETTER, 60)))
    three = Truth(solves=(0.4, 0.9, 0.45), costs=(0.1, 0.1, 0.1))
    assert not settled(table(*simulated(three, 40)))
    trial, _ = simulated(BETTER, 5)
    assert not settled(table(trial, []))
    assert whole(judged(trial, [])).why == "no task"


def test_one_kind_is_asked_once() -> None:
    """The whole and its only kind are one question; several kinds share half of the error."""
    assert [one.contrast.kind for one in judged(*simulated(BETTER, 20)).verdicts] == [None]
    both = judged(*simulated(replace(BETTER, kinds=("fix", "docs")), 20))
    assert [one.contrast.kind for one in both.verdicts] == [None, "docs", "fix"]
    assert {round(one.needed) for one in both.verdicts} <= {20, 40, 80}


def test_a_verdict_is_written_and_read() -> None:
    found = judged(*simulated(BETTER, 20))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Found) == found
