"""Which conversation a request belongs to, and what is in force there."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rolecall.gateway.intake import understand
from rolecall.gateway.paths import Target
from rolecall.routing.progress import after
from rolecall.routing.sessions import Sessions
from rolecall.types import Session, Turn
from routing.examples import CLAUDE, READER, TOOLS, Example
from routing.worlds import AT, TURN, decided, world

PLAIN = Example(system="You are an agent.", tools=TOOLS)


def changed(example: Example, **fields: str) -> str:
    return msgspec.structs.replace(example, **fields).taken().thread


def test_thread_is_the_same_however_long_it_grows() -> None:
    """Later turns, tool loops and modes belong to the same history."""
    assert changed(PLAIN, called="Read") == PLAIN.taken().thread
    assert changed(PLAIN, late="a mode is on") == PLAIN.taken().thread


def test_other_beginnings_are_other_threads() -> None:
    """The first words of the human, and without a session id the system prompt, tell them apart."""
    threads = {
        PLAIN.taken().thread,
        changed(PLAIN, human="Something else."),
        changed(PLAIN, system="You are another agent."),
        PLAIN.taken(**CLAUDE).thread,
    }
    assert len(threads) == 4


def test_session_id_outranks_the_system_prompt() -> None:
    """A prompt may hold the time of day: with a session id it does not split a thread."""
    example = Example(headers=CLAUDE, tools=TOOLS, system="It is 10:00.")
    assert changed(example, system="It is 10:01.") == example.taken().thread


def test_workspaces_are_apart() -> None:
    """The same words in another workspace are another conversation."""
    target = Target(PLAIN.dialect)
    threads = {
        understand(target, name, {}, PLAIN.body(), READER).thread for name in (None, "a", "b")
    }
    assert len(threads) == 3


def test_what_is_in_force_after_an_answer() -> None:
    """Role, what a follow-up keeps, deployment, one turn more; counting tokens changes nothing."""
    request = TURN.taken().request
    decision = decided(TURN, world())
    before = Session(key="k", role="plan", deployment="a/b", turns=4)
    then = after(before, request, decision, "anthropic/claude-sonnet-5-5")
    sonnet = "anthropic/claude-sonnet-5-5"
    assert then == Session(
        key="k",
        role="code",
        kept="code",
        deployment=sonnet,
        turns=5,
        players=(sonnet,),
        last=AT,
        messages=1,
        turn=Turn(decision="d", topic="any code", deployment=sonnet, messages=1, turns=1),
    )
    counting = msgspec.structs.replace(request, endpoint="count_tokens")
    assert after(before, counting, decision, "x/y") is before


@given(keys=st.lists(st.integers(0, 9), max_size=40), capacity=st.integers(1, 5))
def test_newest_conversations_are_known(keys: list[int], capacity: int) -> None:
    """Exactly the ones used last are remembered, and no more than there is room for."""
    sessions = Sessions(capacity=capacity)
    for key in keys:
        sessions.remember(Session(key=str(key), turns=1))
    newest = list(dict.fromkeys(reversed(keys)))[:capacity]
    known = [key for key in range(10) if sessions.get(str(key)).turns]
    assert known == sorted(newest)
