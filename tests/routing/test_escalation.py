"""When work counts as failing, and who helps then."""

from __future__ import annotations

import msgspec
import pytest

from rolecall.routing.boundaries import LONGEST
from rolecall.routing.decide import decide
from rolecall.routing.escalation import failing, stronger
from rolecall.types import (
    Economics,
    Latch,
    Request,
    Role,
    Session,
    Signals,
    Trajectory,
)
from routing.worlds import AT, ROLES, world

SONNET, OPUS = "anthropic/claude-sonnet-5-5", "anthropic/claude-opus-5-5"
SEEN = Trajectory(turns=3, messages=20)
RED = {"tested": 4, "tests": "failed", "failures": 3}


def request(**seen: object) -> Request:
    return Request(
        dialect="anthropic.messages",
        asked_model="rolecall/auto",
        body_bytes=9_000,
        messages=20,
        tools=2,
        trajectory=msgspec.structs.replace(SEEN, **seen),
        signals=Signals(),
    )


def session(latch: Latch | None = None, deployment: str = SONNET) -> Session:
    return Session(
        key="k", role="code", deployment=deployment, turns=8, last=AT, messages=18, latch=latch
    )


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        ({}, ""),
        (RED, ""),  # red three times, each time otherwise: that is how work goes
        ({"pushed_back": True}, ""),
        (RED | {"same_failures": 1}, "the tests failed 3 times in a row and the same way 2 times"),
        (RED | {"pushed_back": True}, "the tests failed 3 times in a row and the person objects"),
        (
            RED | {"reverts": 2},
            "the tests failed 3 times in a row and edits were taken back 2 times",
        ),
        (
            {"tests": "failed", "tested": 1, "failures": 1, "idle": 30, "pushed_back": True},
            "the person objects and no edit went in for 30 steps",
        ),
    ],
)
def test_two_signs_make_a_failure(seen: dict[str, object], says: str) -> None:
    """One is none."""
    assert failing(request(**seen), session()) == says


def test_what_came_before_an_escalation_counts_for_no_second_one() -> None:
    """Two new failing runs, the same way, are needed again."""
    latch = Latch(decision="d", role="code", before=SONNET, now=OPUS, says="x", tested=4)
    same = RED | {"same_failures": 2}
    assert failing(request(**same), session(latch)) == ""
    worse = same | {"tested": 6, "failures": 5, "same_failures": 4}
    assert failing(request(**worse), session(latch)) != ""


@pytest.mark.parametrize(
    ("roles", "role", "found"),
    [
        (ROLES, "code", (OPUS, "openai/gpt-6-astra")),
        ({"code": (SONNET,), "fast": ROLES["fast"]}, "code", ()),
        ({"code": (SONNET, "openai/gpt-6.1-sol")}, "code", ("openai/gpt-6.1-sol",)),
        (
            {"code": (SONNET, OPUS), "plan": ("openai/gpt-6-astra",)},
            "code",
            (OPUS, "openai/gpt-6-astra"),
        ),
    ],
)
def test_one_class_up_else_the_next_of_the_cascade(
    roles: dict[Role, tuple[str, ...]], role: Role, found: tuple[str, ...]
) -> None:
    """The role's own cascade first; a cascade of one has nobody else."""
    assert stronger(role, session(), world(roles)) == found


def chosen(seen: dict[str, object], before: Session, *, escalate: bool = True) -> str:
    snapshot = msgspec.structs.replace(world(), economics=Economics(escalate=escalate))
    decision = decide(request(**seen), snapshot, before, id="now")
    assert decision.chosen is not None
    return decision.chosen.deployment


def test_it_is_escalated_once_and_ends_after_its_calls() -> None:
    """Switched off it never is; after 100 calls the role's own model plays again."""
    same = RED | {"same_failures": 2}
    assert chosen(same, session()) == OPUS
    assert chosen(same, session(), escalate=False) == SONNET
    latch = Latch(decision="d", role="code", before=SONNET, now=OPUS, says="x", tested=4)
    assert chosen(same, session(latch, OPUS)) == OPUS
    spent = msgspec.structs.replace(latch, calls=LONGEST)
    assert chosen(same, session(spent, OPUS)) == SONNET
