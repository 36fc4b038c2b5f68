"""What has retired does not play; its successor does where the user lets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from rolecall.config.build import build, with_traits
from rolecall.config.settings import RoutingSettings, Settings
from rolecall.types import OnRetired, Retirement, Snapshot, Traits
from routing.examples import TOOLS, Example
from routing.worlds import KNOWN, asking, decided

RETIRES = datetime(2026, 12, 11, tzinfo=UTC)
CHAT = Example(dialect="openai.chat", tools=TOOLS)
BIG = Example(tools=TOOLS, human="word " * 8_000)


def stack(on_retired: OnRetired, at: datetime, *code: str) -> Snapshot:
    routing = RoutingSettings(text_confidence=1, on_retired=on_retired)
    return build(Settings(roles={"code": code}, routing=routing), KNOWN, rules="r", at=at)


@pytest.mark.parametrize(
    ("at", "plays"),
    [
        (RETIRES - timedelta(seconds=1), "openai/gpt-5"),
        (RETIRES, "mistral/mistral-medium-3-5"),
        (RETIRES + timedelta(days=400), "mistral/mistral-medium-3-5"),
    ],
)
def test_retired_entry_is_rejected_from_the_first_second_of_its_day(
    at: datetime, plays: str
) -> None:
    """The next of the cascade plays; the rejection names who follows."""
    decision = decided(CHAT, stack("refuse", at, "openai/gpt-5", "mistral/mistral-medium-3-5"))
    assert decision.chosen is not None
    assert decision.chosen.deployment == plays
    for rejection in decision.rejections:
        assert (rejection.deployment, rejection.reason) == ("openai/gpt-5", "retired")
        assert rejection.says == (
            "retired by openai on 2026-12-11; openai/gpt-6.1-sol follows it (`rolecall migrate`)"
        )


def test_successor_is_followed_where_the_user_says_so() -> None:
    """The decision says in whose place it plays, and what it is."""
    decision = decided(CHAT, stack("successor", RETIRES, "openai/gpt-5"))
    assert decision.chosen is not None
    assert decision.chosen.deployment == "openai/gpt-6.1-sol"
    assert decision.chosen.instead_of == "openai/gpt-5"
    assert decision.chosen.model_class == "coding"
    assert decision.chosen.forecast is not None
    assert decision.rejections == ()


def test_following_changes_nothing_before_the_day() -> None:
    """A model that is still served plays itself."""
    before = stack("successor", RETIRES - timedelta(days=1), "openai/gpt-5")
    chosen = decided(CHAT, before).chosen
    assert chosen is not None
    assert (chosen.deployment, chosen.instead_of) == ("openai/gpt-5", None)


def test_retired_name_that_still_answers_is_refused_too() -> None:
    """Another model at another price would answer: nobody asked for that."""
    world = stack("refuse", datetime(2026, 11, 23, tzinfo=UTC), "xai/grok-code-fast-1")
    decision = decided(CHAT, world)
    assert decision.chosen is None
    assert "another model answers under its name" in decision.rejections[0].says


def test_name_that_a_client_pins_is_refused_as_well() -> None:
    """Also a dated id that no cascade names."""
    world = stack("refuse", RETIRES, "openai/gpt-6.1-sol")
    decision = decided(asking("openai/gpt-5-2025-08-07", CHAT), world)
    assert [one.reason for one in decision.rejections] == ["retired"]


def test_successors_in_a_circle_end() -> None:
    """A damaged catalogue leads to a rejection and not round for ever."""
    circle = {
        "openai/a": Retirement(day=RETIRES.date(), successor="openai/b"),
        "openai/b": Retirement(day=RETIRES.date(), successor="openai/a"),
    }
    world = msgspec.structs.replace(stack("successor", RETIRES, "openai/a"), retirements=circle)
    decision = decided(CHAT, world)
    assert [one.reason for one in decision.rejections] == ["retired"]


def test_request_that_a_local_engine_would_cut_off_is_rejected() -> None:
    """The context in force counts, not what the model could read."""
    settings = Settings(roles={"local": ("ollama/qwen3-coder:30b",)})
    traits = {"ollama/qwen3-coder:30b": Traits(context=4096)}
    whole = build(settings, KNOWN, rules="r", at=RETIRES)
    world = with_traits(whole, traits)
    assert world.version != whole.version
    decision = decided(BIG, world)
    assert decision.chosen is None
    rejection = decision.rejections[0]
    assert rejection.reason == "context"
    assert "it reads 4,096 and cuts off the rest" in rejection.says
    wide = with_traits(world, {"ollama/qwen3-coder:30b": Traits(context=65536)})
    assert decided(BIG, wide).chosen is not None
    assert with_traits(world, {}) is world  # too busy to answer: what it said still holds
