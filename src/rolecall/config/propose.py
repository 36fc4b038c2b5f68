"""A stack from what is there, where nobody has written one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from rolecall.catalogue.providers import Preset
from rolecall.config.settings import ProviderSettings, Settings
from rolecall.types import ROLES, Role

EMBEDDED = "embedded"
"""The provider name of the engine that comes with rolecall."""


class Engine(Struct, frozen=True, kw_only=True):
    """A local engine that answered, and the models it offers."""

    name: str
    models: tuple[str, ...]


def hosted(presets: Mapping[str, Preset], environ: Mapping[str, str]) -> list[Preset]:
    """The presets whose key is set."""
    return [p for p in presets.values() if any(environ.get(name, "").strip() for name in p.key_env)]


def propose(found: Sequence[Preset], engines: Sequence[Engine]) -> Settings:
    """Hosted providers play in the order of the presets; engines on this machine play `local`.

    Without a hosted provider the engines play every role, and without any engine the embedded
    one does.
    """
    local = tuple(f"{engine.name}/{model}" for engine in engines for model in engine.models[:1])
    roles: dict[Role, tuple[str, ...]] = {}
    for role in ROLES:
        cascade = tuple(f"{p.name}/{p.suggest[role]}" for p in found if role in p.suggest)
        if cascade:
            roles[role] = cascade
    if not roles and local:
        roles = {"code": local}
    if local:
        roles["local"] = local
    if not roles:
        return embedded_only()
    return Settings(roles=roles)


def embedded_only() -> Settings:
    name = f"{EMBEDDED}/smollm2-135m"
    return Settings(roles=dict.fromkeys(ROLES, (name,)))


def with_embedded(settings: Settings, base_url: str) -> Settings:
    """The settings with the embedded engine at the address where it now runs."""
    provider = ProviderSettings(
        base_url=base_url,
        dialects=("openai.chat", "openai.responses", "anthropic.messages"),
        zone="local",
        auth="none",
        billed=False,
    )
    providers = {**settings.providers, EMBEDDED: provider}
    return msgspec.structs.replace(settings, providers=providers)


def uses_embedded(settings: Settings) -> bool:
    """Whether a cascade names the embedded engine without saying where it runs."""
    entries = [entry for cascade in settings.roles.values() for entry in cascade]
    named = any(entry.startswith(f"{EMBEDDED}/") for entry in entries)
    return named and EMBEDDED not in settings.providers
