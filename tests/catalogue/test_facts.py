"""Every fact of the catalogue has a source and a day, and the facts agree with each other."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

import msgspec
import pytest

from rolecall.catalogue.models import Model, by_name, load_models
from rolecall.catalogue.prices import load_prices, tariff
from rolecall.catalogue.providers import load_engines, load_presets
from rolecall.errors import ConfigError
from rolecall.types import ModelClass, Role

MODELS = load_models()
DISTINCT = tuple({model.id: model for model in MODELS.values()}.values())
PRESETS = load_presets()
ENGINES = load_engines()
COMPILED_ON = date(2026, 11, 23)

SUGGESTIONS = [
    (name, role, model)
    for name, preset in PRESETS.items()
    for role, model in preset.suggest.items()
]
FITTING: dict[Role, set[ModelClass]] = {
    "plan": {"frontier", "open-weight"},
    "review": {"frontier", "open-weight"},
    "code": {"coding", "open-weight"},
    "fast": {"fast"},
}
PRICE_UNKNOWN = {("google", "gemini-4-carbon")}
"""Suggested although genai-prices 0.2.3 does not price them."""

CLIENTS_ASK_FOR = (
    # Claude Code 2.1.197 and the current tiers
    ("claude-opus-4-8", "frontier"),
    ("claude-opus-5-5", "frontier"),
    ("claude-fable-5", "frontier"),
    ("claude-fable-5-2", "frontier"),
    ("claude-sonnet-4-6", "coding"),
    ("claude-sonnet-5", "coding"),
    ("claude-sonnet-5-5", "coding"),
    ("claude-haiku-4-5-20251001", "fast"),
    ("claude-haiku-4-5", "fast"),
    ("claude-haiku-5-5", "fast"),
    # Codex 0.169
    ("gpt-6-astra", "frontier"),
    ("gpt-6.1-sol", "coding"),
    ("gpt-6.1-terra", "coding"),
    ("gpt-6-sol", "coding"),
    ("gpt-6-luna", "fast"),
    ("gpt-5.6-luna", "fast"),
    ("gpt-5.5", "frontier"),
    # Vibe 3
    ("mistral-vibe-cli-latest", "coding"),
    ("mistral-vibe-cli-fast", "fast"),
)


def test_every_model_has_a_source_and_a_day() -> None:
    """The day is not later than that of the catalogue."""
    for model in DISTINCT:
        assert model.source.strip(), model.id
        assert date(2026, 1, 1) <= model.checked <= COMPILED_ON, model.id


def test_every_endpoint_has_a_source_and_a_day() -> None:
    """A source is an address that a person can open."""
    facts = [(e.source, e.checked) for p in PRESETS.values() for e in p.endpoints.values()]
    facts += [(e.source, e.checked) for e in ENGINES.values() if e.checked is not None]
    assert len(facts) == sum(len(p.endpoints) for p in PRESETS.values()) + len(ENGINES)
    for source, checked in facts:
        assert "https://" in source
        assert checked <= COMPILED_ON, source


def test_hosted_providers_are_reached_over_tls_and_need_a_key() -> None:
    """No preset may send a key in the clear."""
    for preset in PRESETS.values():
        assert preset.key_env, preset.name
        assert preset.endpoints, preset.name
        for endpoint in preset.endpoints.values():
            assert urlsplit(endpoint.url).scheme == "https", endpoint.url


def test_engines_are_on_this_machine() -> None:
    """`local` is a promise about the address."""
    for engine in ENGINES.values():
        assert engine.zone == "local"
        assert urlsplit(engine.base_url).hostname == "127.0.0.1"
        assert engine.probe.startswith(f"{engine.base_url}/")


def test_google_takes_either_variable() -> None:
    """The first that is set wins."""
    assert PRESETS["google"].key_env == ("GEMINI_API_KEY", "GOOGLE_API_KEY")


def test_only_an_endpoint_with_a_promise_has_a_region() -> None:
    """None of the global endpoints promises where data goes."""
    assert {preset.zone for preset in PRESETS.values()} == {"any"}


def test_presets_and_engines_are_complete() -> None:
    """What issue 2 names is there."""
    hosted = "openai anthropic xai mistral google deepseek moonshot zai openrouter"
    assert set(PRESETS) == set(hosted.split())
    assert set(ENGINES) == {"ollama", "lmstudio", "llamacpp", "vllm"}


@pytest.mark.parametrize(("provider", "role", "model"), SUGGESTIONS)
def test_suggestions_are_active_and_fit(provider: str, role: Role, model: str) -> None:
    """A proposed stack names no model that is going away, and none of the wrong class."""
    assert MODELS[model].status == "active", provider
    assert MODELS[model].model_class in FITTING[role], provider


@pytest.mark.parametrize(("provider", "role", "model"), SUGGESTIONS)
def test_prices_of_suggestions_are_known_or_listed(provider: str, role: Role, model: str) -> None:
    """A missing price is a decision, not an accident."""
    found = tariff(load_prices(), prices=PRESETS[provider].prices, model=model)
    assert (found is None) == ((provider, model) in PRICE_UNKNOWN), role


def test_every_preset_has_prices() -> None:
    """The id that a preset gives is one of genai-prices."""
    assert {preset.prices for preset in PRESETS.values()} == set(load_prices().providers)


@pytest.mark.parametrize(("name", "model_class"), CLIENTS_ASK_FOR)
def test_names_that_clients_ask_for_are_known(name: str, model_class: ModelClass) -> None:
    """A name of the fast class is a hint, so the class must be right."""
    assert MODELS[name].model_class == model_class


def test_a_name_is_never_guessed() -> None:
    """Neither by prefix nor by case."""
    for name in ("claude-haiku", "claude-haiku-4-5-turbo", "GPT-6-LUNA", "gpt-6-luna-2"):
        assert name not in MODELS


def test_status_agrees_with_the_dates() -> None:
    """What is retired has its day behind it; what is deprecated has it ahead, where known."""
    for model in DISTINCT:
        match model.status:
            case "active":
                assert model.retires is None, model.id
            case "deprecated":
                assert model.retires is None or model.retires > COMPILED_ON, model.id
            case "retired":
                assert model.retires is not None, model.id
                assert model.retires <= COMPILED_ON, model.id


def test_successors_lead_to_an_active_model() -> None:
    """A chain of successors ends, at a model one can use."""
    for model in DISTINCT:
        seen = [model]
        while seen[-1].successor is not None:
            seen.append(MODELS[seen[-1].successor])
            assert len(seen) < len(DISTINCT), f"{model.id} leads round in a circle"
        assert len(seen) == 1 or seen[-1].status == "active", model.id


def test_retirements_of_the_mission_are_right() -> None:
    """The names that the mission statement asks about."""
    assert MODELS["gpt-5.2-codex"].status == "retired"
    assert MODELS["gpt-5.3-codex"].retires == date(2027, 4, 1)
    assert MODELS["grok-code-fast-1"].successor == "grok-4.3"
    assert MODELS["claude-sonnet-4-5"].retires == date(2026, 11, 30)


def test_two_models_may_not_share_a_name() -> None:
    """The message names both, and the name."""
    first = MODELS["gpt-6-luna"]
    second = msgspec.structs.replace(first, id="other", aliases=("gpt-6-luna",))
    with pytest.raises(ConfigError, match=r"'gpt-6-luna' twice, as 'gpt-6-luna' and as 'other'"):
        by_name([first, second])


def test_an_alias_leads_to_its_model() -> None:
    """Both names give the same value."""
    model: Model = MODELS["claude-haiku-4-5-20251001"]
    assert model is MODELS["claude-haiku-4-5"]
