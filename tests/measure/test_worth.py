"""Standings, premium work, promises and proposals, on outcomes with known answers."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from ledger.records import record
from rolecall.measure.binomial import upper_bound
from rolecall.measure.premium import premium
from rolecall.measure.promises import needed, promises
from rolecall.measure.propose import Wish, advice
from rolecall.measure.standings import Scoreboard, of
from rolecall.types import (
    Attempt,
    Boundary,
    Candidate,
    Evidence,
    How,
    Justification,
    Outcome,
    Record,
    place,
)
from routing.worlds import world

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def outcome(
    number: int,
    accepted: bool,
    *,
    how: How = "tests",
    topic: str = "docs",
    deployment: str = "up/a",
    cost: str = "0.1",
    days: float = 0,
) -> Outcome:
    return Outcome(
        decision=f"{deployment}{number}",
        at=NOW - timedelta(days=days),
        how=how,
        accepted=accepted,
        topic=topic,
        deployment=deployment,
        says="because",
        calls=2,
        cost=Decimal(cost),
    )


def test_no_outcome_is_no_standing() -> None:
    """Nothing is promised of nothing."""
    found = of([], NOW, 0.1)
    assert (found.accepted, found.failed, found.bound, found.refuted) == (0, 0, 1.0, False)
    assert Scoreboard([], NOW, 0.1).standings == {}


def test_old_outcomes_count_less_and_hints_little() -> None:
    """Half after 90 days, a quarter where nothing verifies; the bound counts what is verified."""
    found = of([outcome(1, True, days=90), outcome(2, False, how="retry")], NOW, 0.1)
    assert (found.accepted, found.failed) == (0.5, 0.25)
    assert (found.passed, found.lost, found.verified) == (1, 0, 1)
    assert found.bound == pytest.approx(upper_bound(0, 1), abs=1e-4)


def test_of_two_words_on_the_same_work_the_better_proof_counts() -> None:
    """In whatever order they come; of equal proof the newer."""
    words = [
        outcome(1, True, how="tests"),
        outcome(1, False, how="git"),
        outcome(1, True, how="edits"),
    ]
    for order in (words, words[::-1]):
        board = Scoreboard(order, NOW, 0.1)
        assert (board.standings[place("docs", "up/a")].lost) == 1
    later = [outcome(1, False, days=1), outcome(1, True)]
    assert Scoreboard(later, NOW, 0.1).standings[place("docs", "up/a")].passed == 1


def test_a_promise_that_is_kept_is_rarely_withdrawn_and_a_broken_one_soon() -> None:
    """Looked at after each of 200 outcomes: 10 % allowed, 10 % and 30 % true."""
    dice = random.Random(3)
    withdrawn = {0.1: 0, 0.3: 0}
    for rate in withdrawn:
        for _ in range(100):
            board = Scoreboard([], NOW, 0.1)
            for number in range(200):
                board.take([outcome(number, dice.random() >= rate)], NOW)
                if board.standings[place("docs", "up/a")].refuted:
                    withdrawn[rate] += 1
                    break
    assert withdrawn[0.1] <= 9  # 5 are promised on average; 9 or fewer in 97 of 100 such tests
    assert withdrawn[0.3] >= 95


@pytest.mark.parametrize(("failed", "trials", "more"), [(0, 0, 29), (0, 29, 0), (1, 20, 26)])
def test_how_many_more_outcomes_a_promise_needs(failed: int, trials: int, more: int) -> None:
    """29 without a failure bound it by 10 %; known from the rule that 0.9**29 < 0.05 < 0.9**28."""
    assert needed(failed, trials, 0.1) == more


def test_promises_of_a_stack() -> None:
    """Every kind that a cheaper class plays, with its state."""
    cheap = world().stack["fast"][0]
    outcomes = [outcome(n, True, deployment=cheap) for n in range(30)]
    outcomes += [outcome(n, n < 5, topic="tests", deployment=cheap) for n in range(100, 120)]
    board = Scoreboard(outcomes, NOW, 0.1)
    states = {one.kind: one.state for one in promises(world(), board.standings)}
    assert states["docs"] == "kept"
    assert states["tests"] == "withdrawn"
    assert states["question"] == "unproven"
    assert "implement" not in states


def premium_call(number: int, why: Justification | None, cost: str | None) -> Record:
    found = record(number)
    strong = Candidate(deployment="up/a", model_class="frontier", justification=why)
    boundary = Boundary(cause="first", says="it begins")
    decision = msgspec.structs.replace(found.decision, cascade=(strong,), boundary=boundary)
    attempt: Attempt = msgspec.structs.replace(
        found.attempts[0], cost=None if cost is None else Decimal(cost)
    )
    return msgspec.structs.replace(found, decision=decision, attempts=(attempt,))


def test_premium_work_by_justification() -> None:
    """Cost, how it turned out, and what nobody explained."""
    asked = Justification(kind="ask", says="the client asks", until="another is asked for")
    records = [
        premium_call(1, asked, "0.5"),
        premium_call(2, asked, None),
        premium_call(3, None, "0.1"),
        record(4),
    ]
    good = msgspec.structs.replace(outcome(0, True), decision=records[0].decision.id)
    first, second = premium(records, [good])
    assert (first.kind, first.calls, first.cost, first.unpriced) == ("ask", 2, Decimal("0.5"), 1)
    assert (first.accepted, first.failed, first.unknown) == (1, 0, 1)
    assert (second.kind, second.calls, second.cost) == ("none", 1, Decimal("0.1"))


def many(deployment: str, accepted: int, trials: int, cost: str) -> list[Outcome]:
    return [outcome(n, n < accepted, deployment=deployment, cost=cost) for n in range(trials)]


@pytest.mark.parametrize(
    ("cheap", "dear", "wish", "verdict"),
    [
        ((95, 100), (96, 100), Wish(floor=0.85), "switch"),
        ((60, 100), (96, 100), Wish(), "keep"),
        ((10, 12), (11, 12), Wish(floor=0.5), "switch"),
        ((9, 12), (11, 12), Wish(floor=0.7), "not enough data"),
        ((3, 3), (11, 12), Wish(), "not enough data"),
    ],
)
def test_proposals(cheap: tuple[int, int], dear: tuple[int, int], wish: Wish, verdict: str) -> None:
    """A cheaper one is proposed where its interval is above the floor, a better one if shown."""
    alone = msgspec.structs.replace(world(), evidence=Evidence(again=0.0))  # no second helps
    outcomes = many("up/cheap", *cheap, "0.05") + many("up/dear", *dear, "0.5")
    (found,) = advice(outcomes, {"docs": "up/dear"}, wish, alone)
    assert found.verdict == verdict, found


def test_a_cascade_is_on_the_frontier_where_it_pays() -> None:
    """Cheap first: 60 % and, of the failures noticed, 0.9 x 0.35 x 0.95 of the rest."""
    outcomes = many("up/cheap", 60, 100, "0.05") + many("up/dear", 95, 100, "0.5")
    (found,) = advice(outcomes, {"docs": "up/dear"}, Wish(budget=0.4), world())
    cascade = next(one for one in found.tried if one.names == ("up/cheap", "up/dear"))
    assert cascade.accepted == pytest.approx(0.6 + 0.4 * 0.9 * 0.95 * 0.35)
    assert cascade.cost == pytest.approx(0.05 + 0.4 * 0.9 * 0.5)
    assert found.untried["anthropic/claude-opus-5-5"] == 0.812
    assert advice([], {}, Wish(), world()) == []
