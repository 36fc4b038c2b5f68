"""Who may play and who may not, each with a reason that a person can read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from inline_snapshot import snapshot

from rolecall.config.settings import ModelSettings
from rolecall.routing.decide import decide
from rolecall.types import Ailment, Carried, Decision, Deployment, Role, Session
from routing.examples import EXAMPLES
from routing.worlds import AT, ROLES, TURN, asking, decided, record, world


def reasons(decision: Decision) -> str:
    return "".join(f"{r.deployment} ({r.reason})\n  {r.says}\n" for r in decision.rejections)


def test_reasons_of_rejection() -> None:
    """Each names what is in the way: an ailment and its end, the zone."""
    ailment = Ailment(until=AT + timedelta(minutes=2), why="HTTP 529")
    ill = msgspec.structs.replace(world(), health={"anthropic/claude-sonnet-5-5": ailment})
    assert reasons(decided(TURN, ill)) == snapshot("""\
anthropic/claude-sonnet-5-5 (unwell)
  left alone until 12:02:00 UTC: HTTP 529
""")
    remote = world(ROLES | {"local": ("anthropic/claude-haiku-5-5",)})
    assert reasons(decided(TURN, remote, x_rolecall_role="local")) == snapshot("""\
anthropic/claude-haiku-5-5 (zone)
  the role local stays at home; anthropic is in the zone 'any'
""")


def test_unjustified_says_whose_model_it_is() -> None:
    """A role that borrows from planning is told so."""
    borrowing = world({"plan": ("anthropic/claude-opus-5-5",)})
    assert reasons(decided(TURN, borrowing)) == snapshot("""\
anthropic/claude-opus-5-5 (unjustified)
  nobody says why: the stack gives this class to plan, not to code
""")


def test_whole_decision() -> None:
    """All of a decision, as the ledger keeps it."""
    decision = decided(EXAMPLES["claude-code.plan"], world())
    unversioned = msgspec.structs.replace(decision, snapshot="v")
    assert msgspec.to_builtins(unversioned, builtin_types=(Decimal,)) == snapshot(
        {
            "id": "d",
            "at": "2026-11-23T12:00:00Z",
            "snapshot": "v",
            "role": "plan",
            "kind": "architecture",
            "reason": {
                "ground": "rule",
                "rule": "claude-code.plan",
                "says": "the request is made in plan mode",
                "confidence": 1.0,
                "runner_up": {
                    "ground": "default",
                    "rule": "default",
                    "role": "code",
                    "says": "nothing says otherwise: code is the default role",
                    "confidence": None,
                },
            },
            "cascade": (
                {
                    "deployment": "anthropic/claude-opus-5-5",
                    "model_class": "frontier",
                    "forecast": {
                        "call": 0.010209,
                        "turn": 0.017508,
                        "fee": 0.0002,
                        "breaks_even": None,
                        "chance": 0.812,
                        "outcomes": 0,
                        "expected": 1.020242,
                    },
                    "justification": {
                        "kind": "rule",
                        "says": "claude-code.plan: the request is made in plan mode",
                        "until": "the rule no longer holds",
                    },
                    "instead_of": None,
                    "dialect": None,
                    "losses": (),
                },
            ),
            "rejections": (),
            "limits": (),
            "boundary": {"cause": "first", "says": "nobody has answered in this conversation yet"},
            "calls_left": 5.0,
            "latch": None,
            "notes": (),
        }
    )


@pytest.mark.parametrize(
    ("given", "role", "kind"),
    [
        (ROLES, "plan", "stack"),
        ({"code": ROLES["plan"]}, "plan", "stack"),
        ({"code": ROLES["plan"]}, "fast", "stack"),
        ({"code": ROLES["plan"]}, "code", "stack"),
        ({"plan": ROLES["plan"]}, "review", "stack"),
        ({"plan": ROLES["plan"]}, "code", None),
        ({"review": ROLES["plan"]}, "fast", None),
    ],
)
def test_strongest_class_by_stack(
    given: dict[Role, tuple[str, ...]], role: Role, kind: str | None
) -> None:
    """Assigned or lent to hard work it is justified; borrowed from hard work for easy it is not."""
    snapshot_ = msgspec.structs.replace(world(given), default_role=role)
    decision = decided(TURN, snapshot_)
    if kind is None:
        assert decision.cascade == ()
        assert decision.rejections[0].reason == "unjustified"
    else:
        assert decision.cascade[0].justification is not None
        assert decision.cascade[0].justification.kind == kind


def test_other_classes_carry_no_justification() -> None:
    """Only the strongest has to be explained."""
    assert decided(TURN, world()).cascade[0].justification is None


@pytest.mark.parametrize("name", ["rolecall/plan", "anthropic/claude-opus-5-5"])
def test_ask_justifies_and_says_why(name: str) -> None:
    """A role or a deployment asked for by name, with the person's own words."""
    decision = decided(asking(name), world(), x_rolecall_why="touches billing")
    why = decision.cascade[0].justification
    assert why is not None
    assert why.kind == "ask"
    assert name in why.says
    assert why.says.endswith(": touches billing")


def test_pin_is_that_one_and_no_other() -> None:
    """No other deployment steps in for a pinned one, well or not, known or not."""
    assert len(decided(asking("ollama/unheard-of:1b"), world()).cascade) == 1
    ailment = Ailment(until=AT + timedelta(minutes=2), why="HTTP 529")
    ill = msgspec.structs.replace(world(), health={"openai/gpt-6-luna": ailment})
    refused = decided(asking("openai/gpt-6-luna"), ill)
    assert refused.cascade == ()
    assert [r.deployment for r in refused.rejections] == ["openai/gpt-6-luna"]


def test_another_dialect_is_translated_into() -> None:
    """The decision says into which, what that loses, and why it cannot be where it cannot."""
    name = "openai/gpt-6-luna"
    plain = decided(asking(name), world()).cascade[0]
    assert (plain.dialect, plain.losses) == ("openai.responses", ())
    request = record(asking(name), world()).request
    lossy = msgspec.structs.replace(request, carried={name: Carried(losses=("top_k",))})
    chosen = decide(lossy, world(), Session(key="k"), id="d").cascade[0]
    assert chosen.losses == ("top_k",)
    refused = msgspec.structs.replace(request, carried={name: Carried(refused="no such thing")})
    rejected = decide(refused, world(), Session(key="k"), id="d").rejections[0]
    assert (rejected.reason, rejected.says) == (
        "dialect",
        "it is spoken to in openai.responses: no such thing",
    )


def test_counting_is_not_translated() -> None:
    """Tokens are counted by those who speak the client's dialect."""
    request = record(asking("openai/gpt-6-luna"), world()).request
    counting = msgspec.structs.replace(request, endpoint="count_tokens")
    rejected = decide(counting, world(), Session(key="k"), id="d").rejections[0]
    assert rejected.reason == "dialect"


def test_pinned_model_keeps_the_class_of_the_catalogue() -> None:
    """A frontier model that no cascade names is still one."""
    pinned = decided(asking("anthropic/claude-fable-5-2"), world()).cascade[0]
    assert pinned.model_class == "frontier"


def test_forecast_is_input_and_output_at_their_prices() -> None:
    """Four bytes count as a token; where the price is unknown nothing is forecast."""
    stack = world(
        {"code": ("ollama/a", "openai/b")},
        models={"ollama/a": ModelSettings(input_price=Decimal(4), output_price=Decimal(9))},
    )
    size = TURN.taken().request.body_bytes
    first, second = decided(TURN, stack).cascade
    assert first.forecast is not None
    assert first.forecast.call == pytest.approx(size / 4 * 4e-6 + 500 * 9e-6, abs=1e-6)
    assert second.forecast is None


def test_class_can_be_stated() -> None:
    """`[models] class` outranks the catalogue, in both directions."""
    stated = world(
        {"plan": ("anthropic/claude-opus-5-5", "ollama/mine")},
        models={
            "anthropic/claude-opus-5-5": ModelSettings(model_class="coding"),
            "ollama/mine": ModelSettings(model_class="frontier"),
        },
    )
    assert [r.deployment for r in decided(TURN, stated).rejections] == ["ollama/mine"]


def test_name_of_a_deployment() -> None:
    """A model's own slashes belong to the model."""
    assert Deployment(provider="openrouter", model="z/glm:free").name == "openrouter/z/glm:free"
