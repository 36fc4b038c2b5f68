"""Every fact of the catalogue has a source and a day, and the facts agree with each other."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlsplit

import msgspec
import pytest

from rolecall.catalogue.lifecycle import ENDED, Stage, stage, successor, surface_of
from rolecall.catalogue.models import Facts, Model, sourced
from rolecall.catalogue.prices import load_prices, tariff
from rolecall.config.known import shipped
from rolecall.errors import ConfigError
from rolecall.types import ModelClass, Role

KNOWN = shipped()
FACTS, MODELS, PRICES = KNOWN.facts, KNOWN.models, KNOWN.prices
DISTINCT = FACTS.models
PRESETS, ENGINES = KNOWN.presets, KNOWN.engines
COMPILED_ON = date(2026, 11, 24)

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


def test_every_fact_has_a_source_and_a_day() -> None:
    """A fact names a source of the file; a source has a title and a day."""
    for model in DISTINCT:
        facts = list(sourced(model))
        assert len(facts) > 1, model.id
        for kind, key in facts:
            assert key in FACTS.sources, f"{model.id}, {kind}: no source {key!r}"
    for key, source in FACTS.sources.items():
        assert source.title.strip(), key
        assert date(2025, 1, 1) <= source.dated <= COMPILED_ON, key


def test_no_source_is_left_over() -> None:
    """What is listed is used."""
    used = {key for model in DISTINCT for _, key in sourced(model)}
    assert used == set(FACTS.sources)


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
    surface = surface_of(MODELS[model], provider)
    assert surface is not None
    assert stage(surface, COMPILED_ON) == "active"
    assert MODELS[model].model_class in FITTING[role], provider


@pytest.mark.parametrize(("provider", "role", "model"), SUGGESTIONS)
def test_prices_of_suggestions_are_known(provider: str, role: Role, model: str) -> None:
    """From genai-prices, or stated here with a source."""
    assert tariff(PRICES, prices=PRESETS[provider].prices, model=model) is not None, role


def test_stated_prices_are_only_for_what_genai_prices_lacks() -> None:
    """Two sources of one price would disagree one day."""
    stated = {model.id for model in DISTINCT if model.price is not None}
    assert stated == {"gpt-6.2-astra", "gpt-6.2-sol", "gemini-4-carbon"}
    book = load_prices()
    for name in stated:
        model = MODELS[name]
        assert tariff(book, prices=PRESETS[model.vendor].prices, model=name) is None
        assert tariff(PRICES, prices=PRESETS[model.vendor].prices, model=name) is not None


def test_every_preset_has_prices() -> None:
    """The id that a preset gives is one of genai-prices."""
    assert {preset.prices for preset in PRESETS.values()} == set(PRICES.providers)


@pytest.mark.parametrize(("name", "model_class"), CLIENTS_ASK_FOR)
def test_names_that_clients_ask_for_are_known(name: str, model_class: ModelClass) -> None:
    """A name of the fast class is a hint, so the class must be right."""
    assert MODELS[name].model_class == model_class


def test_a_name_is_never_guessed() -> None:
    """Neither by prefix nor by case."""
    for name in ("claude-haiku", "claude-haiku-4-5-turbo", "GPT-6-LUNA", "gpt-6-luna-2"):
        assert name not in MODELS


def test_successors_lead_to_a_model_that_is_served() -> None:
    """Where a successor is named, the chain ends at one that the same surface serves then."""
    for model in DISTINCT:
        for surface in model.surfaces:
            if surface.successor is not None:
                day = max(COMPILED_ON, surface.retires or COMPILED_ON)
                assert successor(surface, MODELS, day) is not None, f"{model.id} on {surface.on}"


TRUE_TODAY = [
    ("gpt-5.5", "openai", "active", None),
    ("gpt-5.5", "codex-key", "active", "gpt-6-sol"),
    ("gpt-5.5", "codex-chatgpt", "retired", "gpt-6-sol"),
    ("gpt-5.4", "openai", "active", None),
    ("gpt-5.4", "codex-chatgpt", "retired", "gpt-5.6-terra"),
    ("gpt-5.2-codex", "openai", "retired", "gpt-5.6-sol"),
    ("gpt-5.3-codex", "openai", "deprecated", None),
    ("grok-code-fast-1", "xai", "substituted", "grok-4.3"),
    ("devstral-2512", "mistral", "retired", "mistral-medium-3-5"),
    ("devstral-2512", "ollama", "active", None),
    ("mistral-medium-3-5", "vibe", "active", None),
    ("codestral-2508", "mistral", "active", None),
    ("qwen3-coder-30b-a3b-instruct", "lmstudio", "active", None),
    ("gpt-oss-20b", "ollama", "active", None),
    ("claude-sonnet-4-5", "anthropic", "deprecated", "claude-sonnet-5-5"),
    ("gemini-2.5-pro", "google", "deprecated", "gemini-3.8-flash"),
]


@pytest.mark.parametrize(("name", "on", "is_now", "follower"), TRUE_TODAY)
def test_what_the_mission_names_is_right(
    name: str, on: str, is_now: Stage, follower: str | None
) -> None:
    """Each surface by itself: what one no longer serves another may."""
    surface = surface_of(MODELS[name], on)
    assert surface is not None
    assert stage(surface, COMPILED_ON) == is_now
    found = successor(surface, MODELS, COMPILED_ON)
    assert (found[0].id if found else None) == follower


TRAVELS: list[tuple[str, str, dict[date, Stage]]] = [
    (
        "gpt-5.3-codex",
        "openai",
        {
            date(2026, 2, 4): "announced",
            date(2027, 3, 31): "deprecated",
            date(2027, 4, 1): "retired",
            date(2030, 1, 1): "retired",
        },
    ),
    (
        "gemini-2.5-pro",
        "google",
        {date(2026, 11, 30): "deprecated", date(2026, 12, 1): "billed-as-successor"},
    ),
    (
        "grok-code-fast-1",
        "xai",
        {
            date(2026, 4, 30): "deprecated",
            date(2026, 5, 14): "deprecated",
            date(2026, 5, 15): "substituted",
        },
    ),
    ("gpt-6.2-astra", "openai", {date(2026, 11, 16): "announced", date(2026, 11, 17): "active"}),
]


@pytest.mark.parametrize(("name", "on", "days"), TRAVELS)
def test_time_travel(name: str, on: str, days: dict[date, Stage]) -> None:
    """The same catalogue asked at other dates: before, on and after each change."""
    surface = surface_of(MODELS[name], on)
    assert surface is not None
    assert {day: stage(surface, day) for day in days} == days


def test_every_end_is_an_end_from_its_day_on() -> None:
    """On the day before it still answers, on the day itself it does not."""
    for model in DISTINCT:
        for surface in model.surfaces:
            if surface.retires is not None:
                assert stage(surface, surface.retires) in ENDED, model.id
                assert stage(surface, surface.retires - timedelta(days=1)) not in ENDED, model.id


def test_two_models_may_not_share_a_name() -> None:
    """The message names both, and the name."""
    first = MODELS["gpt-6-luna"]
    second = msgspec.structs.replace(first, id="other", aliases=("gpt-6-luna",))
    with pytest.raises(ConfigError, match=r"'gpt-6-luna' twice, as 'gpt-6-luna' and as 'other'"):
        Facts(sources=FACTS.sources, models=(first, second)).named()


def test_an_alias_leads_to_its_model() -> None:
    """Both names give the same value."""
    model: Model = MODELS["claude-haiku-4-5-20251001"]
    assert model is MODELS["claude-haiku-4-5"]
