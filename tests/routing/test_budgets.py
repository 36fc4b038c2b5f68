"""What may be spent in a day: told before, done at the limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.gateway.purse import Purse
from rolecall.types import AtLimit, Budget, Decision, Economics
from routing.worlds import TURN, asking, decided, world

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def spent(amount: str, at_limit: AtLimit, name: str = "day") -> Decision:
    budget = Budget(
        day=Decimal(10),
        roles={"code": Decimal(4)},
        keys={"anthropic": Decimal(6)},
        at_limit=at_limit,
    )
    found = msgspec.structs.replace(
        world(), economics=Economics(budget=budget), spent={name: Decimal(amount)}
    )
    return decided(TURN, found)


def test_nothing_is_said_below_the_warning() -> None:
    """79 % of a day is nobody's concern."""
    assert spent("7.90", "refuse").notes == ()


@pytest.mark.parametrize(
    ("at_limit", "then"),
    [
        ("downgrade", "then the role fast plays"),
        ("local", "then the role local plays"),
        ("refuse", "then requests are refused until tomorrow"),
    ],
)
def test_near_the_limit_it_says_what_it_will_do(at_limit: AtLimit, then: str) -> None:
    """The role stays as it is."""
    found = spent("8.00", at_limit)
    assert found.notes == (f"$8.00 of today's $10.00 is spent; {then}",)
    assert found.role == "code"


@pytest.mark.parametrize(
    ("at_limit", "role", "plays"),
    [
        ("downgrade", "fast", "openai/gpt-6-luna"),
        ("local", "local", "ollama/qwen3-coder:30b"),
    ],
)
def test_at_the_limit_it_does_it(at_limit: AtLimit, role: str, plays: str) -> None:
    """And the decision says which budget did."""
    found = spent("10.00", at_limit)
    assert (found.role, found.reason.ground, found.reason.rule) == (role, "budget", "budget.day")
    assert found.reason.runner_up is not None
    assert found.reason.runner_up.role == "code"
    assert found.chosen is not None
    assert found.chosen.deployment == plays


def test_at_the_limit_it_refuses() -> None:
    """Each of the cascade is rejected, with the amount."""
    found = spent("10.01", "refuse")
    assert found.cascade == ()
    assert {one.reason for one in found.rejections if one.reason != "dialect"} == {"budget"}
    assert "$10.01 of today's $10.00 is spent" in found.rejections[-1].says


@pytest.mark.parametrize("name", ["role code", "key anthropic"])
def test_a_role_and_a_key_have_limits_of_their_own(name: str) -> None:
    """Others play on."""
    found = spent("7", "downgrade", name)
    assert found.role == "fast"
    assert found.reason.rule == f"budget.{name}"
    other = spent("7", "downgrade", "role plan")
    assert other.role == "code"


def test_an_ask_is_no_way_round_a_budget() -> None:
    """Whoever asks for the planner gets what the budget leaves."""
    budget = Economics(budget=Budget(day=Decimal(1)))
    found = msgspec.structs.replace(world(), economics=budget, spent={"day": Decimal(2)})
    for name in ("rolecall/plan", "anthropic/claude-opus-5-5"):
        decision = decided(asking(name), found)
        assert decision.role == "fast"
        assert decision.chosen is not None
        assert decision.chosen.deployment == "openai/gpt-6-luna"


@given(
    calls=st.lists(st.tuples(st.integers(1, 90), st.integers(0, 200), st.booleans()), max_size=40)
)
def test_calls_at_once_overspend_by_at_most_one_call_each(
    calls: list[tuple[int, int, bool]],
) -> None:
    """Amounts in cents: what is expected is reserved, what is billed takes its place.

    A call begins only while less than the limit is spent or reserved; so beyond the limit is at
    most the one call that crossed it, and what calls under way cost more than was expected.
    """
    purse = Purse(Budget(day=Decimal(1)))
    purse.at(NOW)
    waiting = []
    reserved = billed = Decimal(0)
    over = Decimal(0)
    for expected, cost, ends in calls:
        if purse.at(NOW).get("day", Decimal(0)) < 1:
            waiting.append((purse.reserve(["day", "role code"], expected / 100), expected, cost))
            reserved += Decimal(expected) / 100
        if ends and waiting:
            held, was, is_ = waiting.pop(0)
            held.settle(Decimal(is_) / 100)
            held.settle(Decimal(99))  # settled once: the second says nothing
            reserved -= Decimal(was) / 100
            billed += Decimal(is_) / 100
            over += max(Decimal(is_ - was) / 100, Decimal(0))
        assert purse.at(NOW).get("day", Decimal(0)) == reserved + billed
        assert reserved + billed <= 1 + Decimal("0.9") + over
    assert "role code" not in purse.spent  # it has no limit


def test_a_day_ends_at_midnight_and_a_clock_set_back_gives_nothing_back() -> None:
    """What is settled after midnight counts for the new day."""
    purse = Purse(Budget(day=Decimal(1)))
    purse.at(NOW)
    early, late = (purse.reserve(["day"], 0.4) for _ in range(2))
    early.settle(Decimal("0.5"))
    assert purse.at(NOW + timedelta(days=1)) == {}
    late.settle(Decimal("0.3"))
    assert purse.at(NOW + timedelta(days=1)) == {"day": Decimal("0.3")}
    assert purse.at(NOW) == {"day": Decimal("0.3")}
    unknown = purse.reserve(["day"], 0.2)
    unknown.settle(None)
    assert purse.spent["day"] == Decimal("0.5")
