"""What would flip a decision, and prices of what was used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
from inline_snapshot import snapshot

from rolecall.config.settings import ModelSettings, ProviderSettings
from rolecall.routing.costs import pricing
from rolecall.routing.explain import flips, redecide
from rolecall.types import Ailment, Record, Session, Snapshot, Usage
from routing.examples import CLAUDE, EXAMPLES, TOOLS, Example
from routing.worlds import AT, KNOWN, ROLES, TURN, record, world

USED = Usage(input_tokens=1_000_000, output_tokens=100_000, cache_read_input_tokens=500_000)


def told(found: Record, world_: Snapshot) -> list[str]:
    return [f"{f.change}: {f.deployment} plays {f.role}" for f in flips(found, world_)]


def test_flips_of_a_plain_turn() -> None:
    """One way for each deployment that could play, and nobody twice."""
    assert told(record(TURN, world()), world()) == snapshot(
        [
            "if anthropic/claude-sonnet-5-5 fails: openai/gpt-6.1-sol plays code",
            "with the header x-rolecall-role: plan: anthropic/claude-opus-5-5 plays plan",
            "with the header x-rolecall-role: review: openai/gpt-6-astra plays review",
            "with the header x-rolecall-role: fast: openai/gpt-6-luna plays fast",
            "with the header x-rolecall-role: local: ollama/qwen3-coder:30b plays local",
        ]
    )


def test_flips_of_a_rule() -> None:
    """The failure of the player, the rule taken away, and each role asked for."""
    assert told(record(EXAMPLES["claude-code.plan"], world()), world()) == snapshot(
        [
            "if anthropic/claude-opus-5-5 fails: None plays plan",
            "without the rule claude-code.plan: anthropic/claude-sonnet-5-5 plays code",
            "with the header x-rolecall-role: review: openai/gpt-6-astra plays review",
            "with the header x-rolecall-role: fast: openai/gpt-6-luna plays fast",
            "with the header x-rolecall-role: local: ollama/qwen3-coder:30b plays local",
        ]
    )


def test_flips_of_an_ailment() -> None:
    """Where somebody is unwell, the decision says who would play otherwise."""
    name = "anthropic/claude-sonnet-5-5"
    ailment = Ailment(until=AT + timedelta(minutes=1), why="HTTP 500")
    ill = msgspec.structs.replace(world(), health={name: ailment})
    assert f"if every deployment were well: {name} plays code" in told(record(TURN, ill), world())


def test_flips_of_a_rule_in_a_loop_fall_back_to_the_phase() -> None:
    """Without its rule a request in a loop is a continuation in the role in force."""
    before = Session(key="k", role="plan", deployment="anthropic/claude-opus-5-5")
    found = record(EXAMPLES["claude-code.plan-approved"], world(), before)
    line = "without the rule claude-code.plan-approved: anthropic/claude-opus-5-5 plays plan"
    assert line in told(found, world())


def test_moment_of_the_decision_is_what_counts() -> None:
    """Decided again later, the health and the time of then are in force."""
    name = "anthropic/claude-sonnet-5-5"
    ailment = Ailment(until=AT + timedelta(seconds=1), why="HTTP 500")
    then = msgspec.structs.replace(world(), health={name: ailment})
    later = msgspec.structs.replace(world(), at=AT + timedelta(days=1))
    found = record(TURN, then)
    assert redecide(found, later) == found.decision


def test_other_world_gives_another_decision() -> None:
    """Replay compares what it is meant to compare: another stack does not pass for the same."""
    found = record(Example(headers=CLAUDE, tools=TOOLS), world())
    other = world(ROLES | {"code": ("anthropic/claude-haiku-5-5",)})
    assert redecide(found, other) != found.decision


def test_prices_by_provider_and_statement() -> None:
    """Catalogue, stated price, stated cache price, no price, no bill, and a stated one for that."""
    stack = world(
        {"code": ("anthropic/claude-haiku-5-5", "mine/a", "mine/b", "mine/c", "ollama/d")},
        providers={
            "mine": ProviderSettings(
                base_url="http://host/v1", dialects=("openai.chat",), auth="none"
            ),
            "free": ProviderSettings(
                base_url="http://host/v1", dialects=("openai.chat",), auth="none", billed=False
            ),
        },
        models={
            "mine/a": ModelSettings(input_price=Decimal(2), output_price=Decimal(10)),
            "mine/b": ModelSettings(
                input_price=Decimal(2), output_price=Decimal(10), cache_read_price=Decimal("0.2")
            ),
            "ollama/d": ModelSettings(input_price=Decimal(1), output_price=Decimal(1)),
        },
    )
    price = pricing(KNOWN.prices, stack)
    assert price("mine/a", USED, AT) == Decimal(3)
    assert price("mine/b", USED, AT) == Decimal("2.1")
    assert price("mine/c", USED, AT) is None
    assert price("free/whatever", USED, AT) == 0
    assert price("ollama/d", USED, AT) == Decimal("1.1")
    known = price("anthropic/claude-haiku-5-5", USED, AT)
    assert known is not None
    assert known > 0


def test_price_of_pinned_models_is_remembered_within_bounds() -> None:
    """Clients may pin any name: the same question after thousands of others has the same answer."""
    price = pricing(KNOWN.prices, world())
    before = price("anthropic/claude-haiku-5-5", USED, AT)
    assert all(price(f"openai/unknown-{n}", USED, AT) is None for n in range(2500))
    assert price("anthropic/claude-haiku-5-5", USED, AT) == before
