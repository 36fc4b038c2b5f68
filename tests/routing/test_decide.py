"""The decision: role, cascade and reasons, each from the strongest ground there is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.config.settings import ModelSettings, ProviderSettings
from rolecall.routing.costs import pricing
from rolecall.routing.decide import decide
from rolecall.routing.explain import flips, redecide
from rolecall.routing.sessions import Sessions
from rolecall.types import Ailment, Record, Role, Session, Snapshot, Usage
from routing.examples import CLAUDE, EXAMPLES, TOOLS, Example
from routing.worlds import AT, KNOWN, ROLES, TURN, asking, decided, record, world


def test_default_role_plays_a_plain_turn() -> None:
    """Where nothing says otherwise the default role plays, and the decision says just that."""
    decision = decided(TURN, world())
    assert (decision.role, decision.reason.ground) == ("code", "default")
    assert [(c.deployment, c.dialect) for c in decision.cascade] == [
        ("anthropic/claude-sonnet-5-5", None),
        ("openai/gpt-6.1-sol", "openai.responses"),
    ]
    assert decision.rejections == ()


@pytest.mark.parametrize("role", get_args(Role))
def test_header_asks_for_a_role(role: Role) -> None:
    """An explicit ask outranks every rule, and is its own justification."""
    decision = decided(
        EXAMPLES["claude-code.title"], world(), x_rolecall_role=role, x_rolecall_why="billing"
    )
    assert (decision.role, decision.reason.ground) == (role, "ask")
    for candidate in decision.cascade:
        if candidate.model_class == "frontier":
            assert candidate.justification is not None
            assert candidate.justification.says.endswith(": billing")


def test_model_name_asks_for_a_role_or_pins_a_deployment() -> None:
    """`rolecall/plan` is a role; a deployment of a provider in the stack is that and no other."""
    assert decided(asking("rolecall/plan"), world()).role == "plan"
    pinned = decided(asking("anthropic/claude-fable-5-2"), world())
    assert [c.deployment for c in pinned.cascade] == ["anthropic/claude-fable-5-2"]
    assert pinned.cascade[0].justification is not None
    assert pinned.cascade[0].justification.kind == "ask"


def test_other_names_are_hints() -> None:
    """A fast-class name hints at `fast`; the name of a frontier model grants nothing."""
    assert decided(asking("claude-haiku-5-5"), world()).reason.ground == "hint"
    assert decided(asking("claude-haiku-5-5"), world()).role == "fast"
    strong = decided(asking("claude-opus-5-5"), world())
    assert (strong.role, strong.reason.ground) == ("code", "default")
    plan = asking("claude-haiku-5-5", EXAMPLES["claude-code.plan"])
    assert decided(plan, world()).role == "plan"


def test_open_loop_keeps_role_and_deployment() -> None:
    """In the middle of a tool loop nothing is switched, whatever the cascade says."""
    loop = Example(headers=CLAUDE, tools=TOOLS, called="Read")
    before = Session(key="k", role="fast", deployment="anthropic/claude-haiku-5-5")
    snapshot = world(
        ROLES | {"fast": ("anthropic/claude-sonnet-5-5", "anthropic/claude-haiku-5-5")}
    )
    decision = decided(loop, snapshot, before)
    assert (decision.role, decision.reason.ground) == ("fast", "phase")
    assert decision.chosen is not None
    assert decision.chosen.deployment == "anthropic/claude-haiku-5-5"
    in_plan = msgspec.structs.replace(loop, late="Plan mode is active.")
    assert decided(in_plan, snapshot, before).role == "fast"


def test_boundary_rules_change_the_role_in_a_loop() -> None:
    """A chore has a history of its own, and an approved plan is carried out by `code`."""
    before = Session(key="k", role="plan", deployment="anthropic/claude-opus-5-5")
    assert decided(EXAMPLES["claude-code.compaction"], world(), before).role == "fast"
    assert decided(EXAMPLES["claude-code.plan-approved"], world(), before).role == "code"


def test_strongest_class_needs_a_reason() -> None:
    """A role that borrows from planning does not get its frontier model with it."""
    snapshot = world({"plan": ("anthropic/claude-opus-5-5", "anthropic/claude-sonnet-5-5")})
    assert snapshot.borrowed["code"] == "plan"
    decision = decided(TURN, snapshot)
    assert [c.deployment for c in decision.cascade] == ["anthropic/claude-sonnet-5-5"]
    assert decision.rejections[0].reason == "unjustified"
    planned = decided(EXAMPLES["claude-code.plan"], snapshot)
    assert planned.chosen is not None
    assert planned.chosen.justification is not None
    assert planned.chosen.justification.kind == "rule"
    stacked = decided(TURN, world({"code": ("anthropic/claude-opus-5-5",)}))
    assert stacked.cascade[0].justification is not None
    assert stacked.cascade[0].justification.kind == "stack"


def test_local_stays_at_home() -> None:
    """The role `local` is refused rather than played elsewhere."""
    decision = decided(
        TURN, world(ROLES | {"local": ("anthropic/claude-haiku-5-5",)}), x_rolecall_role="local"
    )
    assert decision.cascade == ()
    assert decision.rejections[0].reason == "zone"
    without = world({"code": ROLES["code"]})
    assert decided(TURN, without, x_rolecall_role="local").cascade == ()


def test_unwell_deployment_is_left_alone_until_its_time() -> None:
    """An ailment rejects, with its reason and its end, and then passes."""
    name = "anthropic/claude-sonnet-5-5"
    ailment = Ailment(until=AT + timedelta(seconds=10), why="HTTP 500")
    ill = msgspec.structs.replace(world(), health={name: ailment})
    rejection = next(r for r in decided(TURN, ill).rejections if r.deployment == name)
    assert (rejection.reason, rejection.until) == ("unwell", ailment.until)
    later = msgspec.structs.replace(ill, at=AT + timedelta(seconds=10))
    assert decided(TURN, later).chosen is not None


@pytest.mark.parametrize("name", EXAMPLES)
def test_decisions_can_be_taken_again(name: str) -> None:
    """A record that went through JSON is decided as it was."""
    snapshot = world()
    kept = msgspec.json.decode(msgspec.json.encode(record(EXAMPLES[name], snapshot)), type=Record)
    stored = msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot)
    assert redecide(kept, stored) == kept.decision


def test_flips_name_what_would_change_the_player() -> None:
    """Each flip is one change and the deployment that would play then."""
    found = {
        flip.change: flip for flip in flips(record(EXAMPLES["claude-code.title"], world()), world())
    }
    assert found["if openai/gpt-6-luna fails"].deployment == "anthropic/claude-haiku-5-5"
    assert found["without the rule claude-code.title"].deployment == "anthropic/claude-sonnet-5-5"
    assert found["with the header x-rolecall-role: plan"].deployment == "anthropic/claude-opus-5-5"


def test_prices_known_unknown_and_free() -> None:
    """A stated price holds, an unknown one stays unknown, and one's own engine costs nothing."""
    snapshot = world(
        {"code": ("mine/a", "mine/b", "ollama/c")},
        providers={
            "mine": ProviderSettings(base_url="http://h/v1", dialects=("openai.chat",), auth="none")
        },
        models={"mine/a": ModelSettings(input_price=Decimal(2), output_price=Decimal(10))},
    )
    price = pricing(KNOWN.prices, snapshot)
    usage = Usage(input_tokens=1_000_000, output_tokens=100_000)
    assert price("mine/a", usage, AT) == Decimal(3)
    assert price("mine/b", usage, AT) is None
    assert price("ollama/c", usage, AT) == 0


def test_sessions_are_bounded() -> None:
    """The conversation longest unused is forgotten first."""
    sessions = Sessions(capacity=3)
    for key in "abcd":
        sessions.remember(Session(key=key, role="plan"))
    assert sessions.get("a").role is None
    assert sessions.get("d").role == "plan"


@given(
    names=st.lists(st.sampled_from(sorted(EXAMPLES)), min_size=1, max_size=3),
    role=st.sampled_from([None, *get_args(Role)]),
    deployment=st.sampled_from([None, *{name for cascade in ROLES.values() for name in cascade}]),
)
def test_decide_is_pure(names: list[str], role: Role | None, deployment: str | None) -> None:
    """The same values give the same decision, and no deployment is passed over in silence."""
    snapshot = world()
    for name in names:
        taken = EXAMPLES[name].taken()
        session = Session(key="k", role=role, deployment=deployment)
        first = decide(taken.request, snapshot, session, id="d")
        assert first == decide(taken.request, snapshot, session, id="d")
        named = {c.deployment for c in first.cascade} | {r.deployment for r in first.rejections}
        assert named == set(snapshot.stack[first.role])
