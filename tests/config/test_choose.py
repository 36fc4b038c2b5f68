"""The stack that `rolecall init` proposes: what a senior engineer would check before signing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import msgspec
import pytest

from rolecall.catalogue.ages import Patience
from rolecall.catalogue.lifecycle import stage, surface_of
from rolecall.config.build import build
from rolecall.config.choose import Proposal, Wishes, choose, fitting_local
from rolecall.config.propose import Engine
from rolecall.config.settings import Settings
from rolecall.types import MAIN_DIALECTS, Role
from routing.worlds import KNOWN

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLLAMA = Engine(name="ollama", models=("qwen3-coder:30b", "gpt-oss:20b"))
THREE = ("openai", "anthropic", "google")
NAMES = sorted(KNOWN.presets)
PAIRS = [*combinations(NAMES, 1), *combinations(NAMES, 2)]
HOME = "ollama/qwen3-coder:30b"


def chosen(
    *names: str, engines: tuple[Engine, ...] = (), at: datetime = AT, wishes: Wishes | None = None
) -> Proposal:
    presets = [KNOWN.presets[name] for name in names]
    return choose(presets, engines, wishes or Wishes(), KNOWN, Patience(), at)


def players(proposal: Proposal, role: Role) -> list[str]:
    return [choice.deployment for choice in proposal.roles.get(role, ())]


def heard_by(names: list[str]) -> set[str]:
    """The dialects that some of these deployments' providers speak."""
    return {d for name in names for d in KNOWN.presets[name.partition("/")[0]].endpoints}


def test_three_keys_and_an_engine() -> None:
    """Strong for planning, another family to review, the workhorse codes, the cheapest is fast."""
    proposal = chosen(*THREE, engines=(OLLAMA,))
    assert players(proposal, "plan")[0] == "anthropic/claude-opus-5-5"
    assert players(proposal, "code")[0] == "openai/gpt-6.1-sol"
    assert players(proposal, "review")[0] == "anthropic/claude-opus-5-5"
    assert players(proposal, "fast")[0] == "openai/gpt-6-luna"
    assert players(proposal, "local") == ["ollama/qwen3-coder:30b"]
    assert proposal.stale == ()
    assert proposal.missing == ()
    review = proposal.roles["review"][0]
    assert "another family than the executor" in review.why
    assert review.session is not None
    assert "Terminal-Bench 4.0 58.2" in proposal.roles["code"][0].why


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_any_keys_give_a_stack_that_stands(names: tuple[str, ...]) -> None:
    """Every entry is served and priced, and each dialect of the providers has a coder."""
    proposal = chosen(*names)
    settings = Settings(roles={role: tuple(players(proposal, role)) for role in proposal.roles})
    snapshot = build(settings, KNOWN, rules="r", at=AT)
    for name, deployment in snapshot.deployments.items():
        surface = surface_of(KNOWN.models[deployment.model], deployment.provider)
        assert surface is not None
        assert stage(surface, AT.date()) == "active", name
        assert deployment.rates is not None, name
    assert {"plan", "review", "code"} <= set(proposal.roles), names
    spoken = {dialect for name in names for dialect in KNOWN.presets[name].endpoints}
    assert heard_by(players(proposal, "code")) == spoken


def test_own_reviewer_is_told() -> None:
    """One vendor alone reviews itself, beside an engine too; OpenRouter has two families."""
    for engines in ((), (OLLAMA,)):
        assert any(
            "claude reviews what claude" in m for m in chosen("anthropic", engines=engines).missing
        )
    assert not any("reviews what" in line for line in chosen("openrouter").missing)


def test_favourite_goes_first_and_budget_changes_who_plans() -> None:
    """A favourite never makes the author its own reviewer; low budgets plan with the workhorse."""
    google = chosen(*THREE, wishes=Wishes(vendor="google"))
    assert players(google, "code")[0].startswith("google/")
    assert players(google, "plan")[0].startswith("google/")
    assert not players(google, "review")[0].startswith("google/")
    low = chosen(*THREE, wishes=Wishes(budget="low"))
    assert players(low, "plan")[0] == "openai/gpt-6.1-sol"
    assert players(low, "review")[0] == "anthropic/claude-opus-5-5"


def test_home_means_home() -> None:
    """No provider is named, whatever keys are there."""
    home = chosen(*THREE, engines=(OLLAMA,), wishes=Wishes(privacy="home"))
    assert {name for role in home.roles for name in players(home, role)} == {
        "ollama/qwen3-coder:30b"
    }
    nothing = chosen(*THREE, wishes=Wishes(privacy="home"))
    assert nothing.roles == {}
    assert any("no model on this machine" in line for line in nothing.missing)


def test_stale_facts_become_no_default() -> None:
    """A month later nothing is proposed from what nobody has confirmed since."""
    later = chosen(*THREE, at=AT + timedelta(days=40))
    assert later.roles == {}
    assert any("openai/gpt-6.1-sol: its facts are 46 days old" in line for line in later.stale)


def test_what_ends_is_not_proposed() -> None:
    """From the day an end is announced a model is no default any more."""
    openai = KNOWN.presets["openai"]
    worse = msgspec.structs.replace(openai, suggest={"code": "gpt-5", "plan": "gpt-5"})
    proposal = choose([worse], [], Wishes(), KNOWN, Patience(), AT)
    assert "openai/gpt-5" not in players(proposal, "code")


def test_each_dialect_has_somebody() -> None:
    """Nothing is translated: Claude Code needs a speaker of its own API in every cascade."""
    proposal = chosen(*THREE)
    roles: tuple[Role, ...] = ("plan", "review", "code", "fast")
    for role in roles:
        assert heard_by(players(proposal, role)) >= set(MAIN_DIALECTS), role


FITS = [(8, None), (24, "qwen3.6-27b"), (256, "devstral-2512")]


@pytest.mark.parametrize(("memory", "first"), FITS)
def test_local_model_fits_the_memory(memory: float, first: str | None) -> None:
    """The largest that leaves a quarter of the memory free."""
    found = [model.id for model in fitting_local(KNOWN, memory)]
    assert (found[0] if found else None) == first
