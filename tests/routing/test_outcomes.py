"""What a request tells of earlier work, and what outcomes do to a cheaper role."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from rolecall.routing.guarantee import raised
from rolecall.routing.progress import told
from rolecall.types import (
    How,
    Reason,
    Request,
    Session,
    Signals,
    Standing,
    Trajectory,
    Turn,
    place,
)
from routing.worlds import AT, world

TURN = Turn(
    decision="d",
    topic="fix",
    deployment="up/a",
    turns=2,
    tested=1,
    edits=3,
    calls=4,
    cost=Decimal("0.2"),
)
BEFORE = Trajectory(turns=2, tested=1, edits=3, steps=2)


def request(trajectory: Trajectory, *, messages: int = 9, loop: bool = True) -> Request:
    return Request(
        dialect="openai.chat",
        asked_model="rolecall/auto",
        body_bytes=10,
        messages=messages,
        tools=1,
        loop_open=loop,
        trajectory=trajectory,
        signals=Signals(),
    )


def heard(
    turn: Turn = TURN, *, messages: int = 9, loop: bool = True, **seen: object
) -> list[tuple[How, bool]]:
    session = Session(key="k", messages=8, body_bytes=10, turn=turn)
    trajectory = msgspec.structs.replace(BEFORE, **seen)
    found = told(request(trajectory, messages=messages, loop=loop), session, AT)
    assert all((one.decision, one.topic, one.deployment) == ("d", "fix", "up/a") for one in found)
    assert all((one.calls, one.cost) == (4, Decimal("0.2")) for one in found)
    return [(one.how, one.accepted) for one in found]


def test_nothing_is_made_up() -> None:
    """Without a test run, an edit or a word nothing is known."""
    assert heard() == []
    assert heard(turns=3) == []
    assert told(request(BEFORE), Session(key="k"), AT) == ()


def test_test_runs_tell_and_say_it_once() -> None:
    """Red, then green; what was told is told again only at the end, with all that it took."""
    assert heard(tested=2, tests="failed") == [("tests", False)]
    assert heard(tested=3, tests="passed") == [("tests", True)]
    red = msgspec.structs.replace(TURN, told="failed")
    assert heard(red, tested=2, tests="failed") == []
    assert heard(red, tested=3, tests="passed") == [("tests", True)]
    assert heard(red, turns=3, tested=3, tests="failed") == [("tests", False)]


def test_the_next_word_of_a_person_tells() -> None:
    """An objection, or none although edits went in; both may stand beside what tests say."""
    assert heard(turns=3, edits=5) == [("edits", True)]
    assert heard(turns=3, edits=5, pushed_back=True) == [("pushback", False)]
    assert heard(turns=3, tested=2, tests="passed", pushed_back=True) == [
        ("tests", True),
        ("pushback", False),
    ]


def test_the_same_request_again_is_a_hint() -> None:
    """Nobody asks twice for what was good; a tool loop that goes on is something else."""
    assert heard(messages=8, loop=False) == [("retry", False)]
    assert heard(messages=8, loop=True) == []


DOCS = Reason(ground="text", rule="text.docs", says="the words of the turn read like docs")


def test_a_kind_that_the_user_routes_down_is_watched_too() -> None:
    """`[routing.kind] fix = "fast"`: withdrawn like the others where outcomes refute it."""
    cheap = world().stack["fast"][0]
    own = Standing(passed=2, lost=9, bound=0.9, refuted=True)
    kinds = {**world().kind_roles, "fix": "fast"}
    found = msgspec.structs.replace(world(), standings={place("fix", cheap): own}, kind_roles=kinds)
    words = Reason(ground="text", rule="text.fix", says="the words of the turn read like a fix")
    assert raised("fast", words, request(Trajectory(turns=3), loop=False), found)[0] == "code"


@pytest.mark.parametrize(("refuted", "role"), [(False, "fast"), (True, "code")])
def test_a_refuted_kind_is_played_one_role_up(refuted: bool, role: str) -> None:
    """By itself, with the counts, and with the role it would have had beside it."""
    cheap = world().stack["fast"][0]
    own = Standing(passed=12, lost=8, bound=0.6, refuted=refuted)
    found = msgspec.structs.replace(world(), standings={place("docs", cheap): own})
    got, reason = raised("fast", DOCS, request(Trajectory(turns=3), loop=False), found)
    assert got == role
    if refuted:
        assert reason.ground == "evidence"
        assert reason.says == (
            f"{cheap} failed at docs in 8 of 20 verified outcomes, "
            "more than the 10% that are allowed"
        )
        assert reason.runner_up is not None
        assert reason.runner_up.role == "fast"
