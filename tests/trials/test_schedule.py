"""The order of runs, and what a budget lets start."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rolecall.measure.pairs import arms
from rolecall.trials.running.schedule import (
    Purse,
    expected,
    order,
    pending,
    reserve,
    settle,
)
from rolecall.types.trials import Arm, Run, RunLimits, Trial

TRIAL = Trial(
    id="t",
    at=datetime(2026, 11, 27, tzinfo=UTC),
    repository="/r",
    agent="mini-swe-agent",
    candidates=("up/a", "up/b", "up/c"),
    tasks=tuple(f"task-{number}" for number in range(10)),
    repetitions=2,
)


def run(key: tuple[str, Arm, int], cost: str | None = "1") -> Run:
    task, arm, repetition = key
    return Run(
        trial="t",
        task=task,
        kind="fix",
        arm=arm,
        repetition=repetition,
        at=TRIAL.at,
        stop="finished",
        solved=True,
        says="",
        cost=None if cost is None else Decimal(cost),
    )


def test_every_run_is_there_once() -> None:
    """Tasks times arms, the control included, times repetitions."""
    found = order(TRIAL)
    assert len(found) == len(set(found)) == 10 * 4 * 2
    assert Counter(arm for _, arm, _ in found) == dict.fromkeys(arms(TRIAL), 20)
    assert [arm.control for arm in arms(TRIAL)] == [False, False, False, True]
    assert arms(replace(TRIAL, control=False)) == tuple(map(_arm, TRIAL.candidates))


def _arm(name: str) -> Arm:
    return Arm(candidate=name)


def test_order_is_the_seeds() -> None:
    """The same seed gives the same order, another one another."""
    assert order(TRIAL) == order(TRIAL)
    assert order(TRIAL) != order(replace(TRIAL, seed=2))


def test_arms_take_turns() -> None:
    """Wherever a trial is stopped, no arm is more than one task ahead of another; none is first."""
    found = order(TRIAL)
    for length in range(len(found)):
        counts = Counter(arm for _, arm, _ in found[:length])
        most = [counts[arm] for arm in arms(TRIAL)]
        assert max(most) - min(most) <= 1
    firsts = Counter(arm for _, arm, _ in found[::4])
    assert len(firsts) == 4


def test_first_repetition_comes_before_the_second() -> None:
    """Every task has its turn before one has its second, and not in the order of their names."""
    found = [repetition for _, _, repetition in order(TRIAL)]
    assert found == sorted(found)
    assert [task for task, _, _ in order(TRIAL)][:40:4] != list(TRIAL.tasks)


def test_pending_are_those_without_a_run_and_the_lost() -> None:
    """In their order."""
    first, second, *rest = order(TRIAL)
    runs = [run(first), replace(run(second), stop="lost", solved=None)]
    assert pending(TRIAL, runs) == [second, *rest]


def test_expected_cost_is_the_mean_so_far() -> None:
    """Else what was planned, never more than a run may spend; else that."""
    first, *_ = order(TRIAL)
    arm = first[1]
    runs = [run(first, "1"), run((first[0], arm, 2), "2"), run((first[0], arm, 3), None)]
    assert expected(arm.candidate, runs, TRIAL, {}) == Decimal("1.5")
    limited = replace(TRIAL, limits=RunLimits(spend=Decimal(3)))
    assert expected("up/x", [], limited, {"up/x": Decimal(2)}) == 2
    assert expected("up/x", [], limited, {"up/x": Decimal(9)}) == 3
    assert expected("up/x", [], limited, {}) == 3


@given(
    budget=st.decimals("0.01", "20", places=2),
    most=st.none() | st.decimals("0.01", "5", places=2),
    costs=st.lists(st.decimals("0", "1", places=2), min_size=1, max_size=40),
    slots=st.integers(1, 4),
)
def test_budget_is_never_exceeded(
    budget: Decimal, most: Decimal | None, costs: list[Decimal], slots: int
) -> None:
    """Whatever runs cost, up to what each may spend, and however many are under way at once."""
    purse = Purse(budget=budget)
    under_way: list[tuple[tuple[str, Arm, int], Decimal]] = []
    for number, share in enumerate(costs):
        key = (f"task-{number}", Arm(candidate="up/a"), 1)
        if purse.admits(Decimal("0.01")):
            ration = purse.ration(most, slots - len(under_way))
            assert ration is not None
            assert most is None or ration <= most
            purse = reserve(purse, key, ration)
            under_way.append((key, ration * share))
        if len(under_way) == slots:
            ended, cost = under_way.pop(0)
            purse = settle(purse, ended, cost)
        assert purse.spent + sum(purse.reserved.values()) <= budget
    assert purse.spent <= budget


def test_without_a_budget_everything_may_start() -> None:
    """A run has its own limit then, or none."""
    purse = Purse(budget=None)
    assert purse.admits(Decimal(10**9))
    assert purse.ration(None, 1) is None
    assert purse.ration(Decimal(2), 1) == 2


def test_run_that_the_budget_cannot_do_does_not_start() -> None:
    """Nor any once nothing is left, be it expected to cost nothing."""
    purse = Purse(budget=Decimal(1), spent=Decimal("0.5"))
    assert purse.admits(Decimal("0.5"))
    assert not purse.admits(Decimal("0.51"))
    assert not Purse(budget=Decimal(1), spent=Decimal(1)).admits(Decimal(0))
