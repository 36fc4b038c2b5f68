"""Providers that rolecall knows without being told: hosted ones and engines on this machine.

What differs between them is data, in `providers.toml`; each fact there has a source and a date.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Literal

import msgspec
from msgspec import Struct

from rolecall.catalogue.listings import ListShape
from rolecall.types import Dialect, KeyHeader, Role

Shape = Literal["ollama", "lmstudio", "llamacpp", "vllm"]


class Endpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one dialect is spoken, and where the key goes.

    `{model}` in the URL stands for the model's name. `authorization` takes `Bearer KEY`, the other
    headers take the bare key.
    """

    url: str
    key_header: KeyHeader
    source: str
    checked: date


class ModelList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of models that can be asked for. `public` ones need no key.

    What a `complete` one leaves out is not served.
    """

    url: str
    shape: ListShape
    public: bool = False
    complete: bool = True
    source: str
    checked: date


class PriceChannel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where genai-prices publishes its data."""

    url: str
    source: str
    checked: date


class CacheTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a provider keeps what it has read; `long_write` is a multiple of the input price."""

    seconds: float = 300
    long_seconds: float = 300
    long_write: Decimal | None = None
    source: str = ""
    checked: date | None = None


class Preset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hosted provider.

    `key_env` names the variables that may hold the key; the first that is set wins.
    `prices` is the provider's id in genai-prices. `suggest` names a model id per role for a stack
    that is proposed when nothing but a key is found.
    """

    name: str
    key_env: tuple[str, ...]
    prices: str
    endpoints: dict[Dialect, Endpoint]
    zone: str = "any"
    suggest: dict[Role, str] = {}
    list: ModelList | None = None
    models_dev: str | None = None
    """The provider's id in models.dev."""
    short_ids: bool = False
    """It takes only ids of tool calls that are nine letters and digits."""
    cache: CacheTerms = CacheTerms()


class EnginePreset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A local engine at its usual place.

    `base_url` has no path and no slash at its end; `probe` is the URL that lists the engine's
    models; `shape` says how that list is written; `dialects` are those that current versions
    speak themselves.
    """

    name: str
    base_url: str
    probe: str
    shape: Shape
    dialects: tuple[Dialect, ...]
    older: str | None = None
    """Where versions before the present API list their models; the shape is told by the answer."""
    zone: str = "local"
    source: str = ""
    checked: date | None = None


def load_presets() -> dict[str, Preset]:
    """The hosted providers by name."""
    return {
        name: msgspec.convert({"name": name, **table}, Preset)
        for name, table in _tables().providers.items()
    }


def load_engines() -> dict[str, EnginePreset]:
    """The engines by name."""
    return {
        name: msgspec.convert({"name": name, **table}, EnginePreset)
        for name, table in _tables().engines.items()
    }


def load_channels() -> tuple[ModelList, PriceChannel]:
    """models.dev, and where genai-prices publishes: what can be asked without a key."""
    tables = _tables()
    return tables.models_dev, tables.price_channel


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The file before its names move into the values."""

    providers: dict[str, dict[str, object]]
    engines: dict[str, dict[str, object]]
    models_dev: ModelList
    price_channel: PriceChannel


def _tables() -> _File:
    text = resources.files("rolecall.catalogue").joinpath("providers.toml").read_bytes()
    return msgspec.toml.decode(text, type=_File)
