"""Words decide last and least: after every structure, and only where they are sure."""

from __future__ import annotations

import msgspec
import pytest

from rolecall.config.settings import RoutingSettings
from rolecall.types import Kind, Role, Session
from routing.examples import CLAUDE, EXAMPLES, TOOLS, Example
from routing.worlds import asking, decided, world

WORLD = world(routing=RoutingSettings())
CHEAP = "This is trivial, use the cheapest model. What does this regex do?"


def saying(text: str) -> Example:
    return Example(headers=CLAUDE, tools=TOOLS, human=text)


@pytest.mark.parametrize(
    ("text", "kind", "role"),
    [
        ("what does this regex do?", "question", "fast"),
        ("rename foo to bar", "transform", "fast"),
        ("Write unit tests for utils.py", "tests", "fast"),
        ("review this PR and tell me what could go wrong", "review", "review"),
        (
            "Propose an architecture for the billing service and compare the options",
            "architecture",
            "plan",
        ),
        ("Create a discord bot that tracks scores", "implement", "code"),
    ],
)
def test_clear_words_decide(text: str, kind: Kind, role: Role) -> None:
    """The kind, its role, how sure, and who came second."""
    decision = decided(saying(text), WORLD)
    assert (decision.kind, decision.role, decision.reason.ground) == (kind, role, "text")
    assert decision.reason.confidence is not None
    assert decision.reason.confidence >= WORLD.text_confidence
    rival = decision.reason.runner_up
    assert rival is not None
    assert rival.role != role


def test_unclear_words_leave_it_to_the_default() -> None:
    """The guess is told, with its confidence, and not followed."""
    strict = world(routing=RoutingSettings(text_confidence=0.999))
    decision = decided(saying("rename foo to bar"), strict)
    assert (decision.role, decision.reason.ground) == ("code", "default")
    assert decision.reason.confidence is None
    assert decision.reason.runner_up is not None
    assert decision.reason.runner_up.role == "fast"
    assert "0.999 is asked for" in decision.reason.says


def test_words_are_not_read_at_one() -> None:
    """`text_confidence = 1` turns them off."""
    assert decided(saying("rename foo to bar"), world()).reason.runner_up is None


@pytest.mark.parametrize("kept", ["plan", "fast", "code"])
def test_followup_keeps_the_role_in_force(kept: Role) -> None:
    """`go on` has no kind of its own."""
    session = Session(key="k", role=kept, kept=kept)
    decision = decided(saying("go on"), WORLD, session)
    assert (decision.role, decision.kind) == (kept, "followup")


def test_role_of_a_mode_that_was_left_is_not_kept() -> None:
    """Plan mode holds as long as it says so; a follow-up after it returns to the work before."""
    session = Session(key="k", role="plan", kept="code")
    assert decided(saying("go on"), WORLD, session).role == "code"


def test_words_cannot_lower_what_a_rule_or_an_ask_says() -> None:
    """Structure outranks text, whatever the text claims."""
    plan = msgspec.structs.replace(EXAMPLES["claude-code.plan"], human=CHEAP)
    assert decided(plan, WORLD).role == "plan"
    assert decided(asking("rolecall/review", saying(CHEAP)), WORLD).role == "review"
    assert decided(saying(CHEAP), WORLD, x_rolecall_role="plan").role == "plan"


def test_kind_plays_the_role_that_the_user_gives_it() -> None:
    """`[routing.kind]` moves one kind of work."""
    moved = world(routing=RoutingSettings(kind={"docs": "code"}))
    assert decided(saying("update the readme with the new commands"), moved).role == "code"


def test_words_of_an_open_loop_are_those_that_began_it() -> None:
    """After a restart the turn that is under way is read again."""
    loop = Example(headers=CLAUDE, tools=TOOLS, human="rename foo to bar", called="Read")
    assert decided(loop, WORLD).role == "fast"
