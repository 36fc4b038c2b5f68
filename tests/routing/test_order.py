"""Grounds outrank each other: ask, client's rule, phase, generic rule, hint, default."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.routing.decide import decide
from rolecall.types import (
    DIALECTS,
    Ailment,
    Decision,
    Ground,
    Request,
    Role,
    Session,
    Signal,
    Signals,
    Snapshot,
)
from rolecall.types import ROLES as ALL_ROLES
from routing.examples import CLAUDE, EXAMPLES, TOOLS, Example
from routing.worlds import AT, ROLES, TURN, asking, decided, world

HAIKU = "claude-haiku-5-5"
FIM = EXAMPLES["generic.fill-in-the-middle-marker"]
LOOP = Example(headers=CLAUDE, tools=TOOLS, called="Read")
REVIEWING = Session(key="k", role="review", deployment="anthropic/claude-opus-5-5")
MIXED_LOOP = msgspec.structs.replace(LOOP, tools=[], human=FIM.human)
"""A generic rule would hold, and a loop is open."""


@pytest.mark.parametrize(
    ("example", "session", "role_asked", "ground", "role"),
    [
        (asking(HAIKU, EXAMPLES["claude-code.title"]), REVIEWING, "plan", "ask", "plan"),
        (asking(HAIKU, EXAMPLES["claude-code.plan"]), None, "auto", "rule", "plan"),
        (asking(HAIKU, MIXED_LOOP), REVIEWING, "auto", "phase", "review"),
        (asking("claude-opus-5-5", FIM), None, "auto", "rule", "fast"),
        (asking(HAIKU), None, "auto", "hint", "fast"),
        (asking("claude-sonnet-5-5"), None, "auto", "default", "code"),
    ],
)
def test_strongest_ground_decides(
    example: Example, session: Session | None, role_asked: str, ground: Ground, role: Role
) -> None:
    """Each line would be decided otherwise by one of the grounds below it."""
    decision = decided(example, world(), session, x_rolecall_role=role_asked)
    assert (decision.reason.ground, decision.role) == (ground, role)


def test_header_outranks_the_name_of_a_model() -> None:
    """The person who adds a header knows more than the client's settings."""
    decision = decided(asking("rolecall/fast"), world(), x_rolecall_role="plan")
    assert decision.role == "plan"
    pinned = decided(asking("openai/gpt-6-luna"), world(), x_rolecall_role="plan")
    assert "openai/gpt-6-luna" not in [c.deployment for c in pinned.cascade]


@pytest.mark.parametrize(
    "name", ["rolecall/auto", "auto", "gpt", "other/claude-opus-5-5", "openai/", ""]
)
def test_names_that_ask_for_nothing(name: str) -> None:
    """`rolecall/auto`, unknown names and providers outside of the stack leave it to rolecall."""
    assert decided(asking(name), world()).reason.ground == "default"


def test_default_role_is_the_users() -> None:
    """`[routing] default_role` plays what nothing else decides; the reason says so."""
    snapshot = msgspec.structs.replace(world(), default_role="fast")
    decision = decided(TURN, snapshot)
    assert decision.role == "fast"
    assert decision.reason.says == "nothing says otherwise: fast is the default role"


def test_work_plays_the_role_that_the_user_gives_it() -> None:
    """`[routing.work]` moves one kind of work."""
    snapshot = world()
    moved = msgspec.structs.replace(snapshot, work_roles={**snapshot.work_roles, "title": "local"})
    assert decided(EXAMPLES["claude-code.title"], moved).role == "local"


def test_loop_of_an_unknown_session_is_decided_anew() -> None:
    """After a restart nothing is in force: the default role plays, not an error."""
    assert decided(LOOP, world()).reason.ground == "default"


def test_rule_without_a_boundary_waits_for_the_end_of_the_loop() -> None:
    """A sub-agent's header in the middle of a loop changes nothing; at its first turn it does."""
    headers = {**CLAUDE, "x-claude-code-agent-id": "a"}
    in_loop = Example(headers=headers, tools=TOOLS, called="Read")
    assert decided(in_loop, world(), REVIEWING).role == "review"
    assert decided(EXAMPLES["claude-code.subagent"], world(), REVIEWING).role == "fast"


def test_ask_changes_the_role_even_in_a_loop() -> None:
    """Who asks in so many words is obeyed at once."""
    assert decided(LOOP, world(), REVIEWING, x_rolecall_role="code").role == "code"


def test_next_turn_is_decided_anew() -> None:
    """Without an open loop the role in force is not a ground."""
    assert decided(TURN, world(), REVIEWING).reason.ground == "default"


def test_loop_goes_on_with_the_next_where_its_deployment_is_unwell() -> None:
    """Staying is a preference among those that may play, never a reason to fail."""
    name = "anthropic/claude-haiku-5-5"
    snapshot = world(ROLES | {"fast": (name, "anthropic/claude-sonnet-5-5")})
    ill = msgspec.structs.replace(
        snapshot, health={name: Ailment(until=AT.replace(year=2027), why="HTTP 500")}
    )
    decision = decided(LOOP, ill, Session(key="k", role="fast", deployment=name))
    assert [c.deployment for c in decision.cascade] == ["anthropic/claude-sonnet-5-5"]
    assert decision.rejections[0].reason == "unwell"


def test_counting_tokens_stays_with_its_conversation() -> None:
    """It asks what the next turn will cost where the conversation is now."""
    taken = TURN.taken().request
    counting = msgspec.structs.replace(taken, endpoint="count_tokens")
    decision = decide(counting, world(), REVIEWING, id="d")
    assert (decision.role, decision.reason.ground) == ("review", "phase")
    assert decision.chosen is not None
    assert decision.chosen.deployment == REVIEWING.deployment


NAMES = st.sampled_from(
    [
        "rolecall/auto",
        *(f"rolecall/{role}" for role in ALL_ROLES),
        *sorted({name for cascade in ROLES.values() for name in cascade}),
        HAIKU,
        "anthropic/",
        "x",
    ]
)
WORLDS = [
    world(),
    world({"plan": ROLES["plan"]}),
    world({"code": ("openai/gpt-6-astra", "ollama/m")}),
]


def requests() -> st.SearchStrategy[Request]:
    """Any request that could come, meaningful or not."""
    works = st.sampled_from(["turn", "continuation", "title", "plan", "review", "subagent"])
    rule = st.just(Signal(rule="c.r", says="is an example"))
    signals = st.builds(
        Signals,
        work=works,
        decided_by=st.none() | rule,
        generic=st.booleans(),
        boundary=st.booleans(),
    )
    return st.builds(
        Request,
        dialect=st.sampled_from(DIALECTS),
        endpoint=st.sampled_from(["generate", "count_tokens"]),
        asked_model=NAMES,
        asked_role=st.none() | st.sampled_from(ALL_ROLES),
        why=st.none() | st.text(max_size=9),
        body_bytes=st.integers(0, 10**9),
        messages=st.integers(0, 999),
        tools=st.integers(0, 99),
        loop_open=st.booleans(),
        signals=signals,
    )


@given(
    request=requests(),
    snapshot=st.sampled_from(WORLDS),
    role=st.none() | st.sampled_from(ALL_ROLES),
    held=st.none() | NAMES,
    ill=st.sets(NAMES, max_size=4),
)
def test_decision_is_a_function_of_what_is_recorded(
    request: Request, snapshot: Snapshot, role: Role | None, held: str | None, ill: set[str]
) -> None:
    """Again, and after a way through JSON, it comes out the same; and its promises hold."""
    ailment = Ailment(until=AT.replace(year=2027), why="HTTP 500")
    snapshot = msgspec.structs.replace(snapshot, health=dict.fromkeys(sorted(ill), ailment))
    session = Session(key="k", role=role, deployment=held)
    decision = decide(request, snapshot, session, id="d")
    stored = decide(
        msgspec.json.decode(msgspec.json.encode(request), type=Request),
        msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot),
        msgspec.json.decode(msgspec.json.encode(session), type=Session),
        id="d",
    )
    assert stored == decision
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
    for candidate in decision.cascade:
        assert candidate.deployment not in ill
        assert (candidate.justification is None) == (candidate.model_class != "frontier")
        provider = snapshot.providers[candidate.deployment.partition("/")[0]]
        assert decision.role != "local" or provider.zone == "local"
        assert (candidate.dialect or request.dialect) in provider.endpoints
        assert candidate.dialect != request.dialect
