"""From settings to the world: providers, deployments, stack. Every mistake is named here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from rolecall.catalogue.models import Model
from rolecall.catalogue.prices import PriceBook, rates, tariff
from rolecall.catalogue.providers import EnginePreset, Preset
from rolecall.config.load import nearest
from rolecall.config.settings import ModelSettings, ProviderSettings, Settings
from rolecall.errors import ConfigError
from rolecall.routing.decide import LOGIC
from rolecall.types import (
    ROLES,
    Deployment,
    Dialect,
    Endpoint,
    KeyHeader,
    Kind,
    Provider,
    Rates,
    Role,
    Snapshot,
    Work,
)
from rolecall.wire.dialects import WIRES

WORK_ROLES: dict[Work, Role] = {
    "subagent": "fast",
    "title": "fast",
    "summary": "fast",
    "compaction": "fast",
    "approval": "fast",
    "memory": "fast",
    "commit": "fast",
    "completion": "fast",
    "chore": "fast",
    "plan": "plan",
    "review": "review",
}
"""Who plays the work that a rule has named; `[routing.work]` changes it. Other work goes to the
default role."""

KIND_ROLES: dict[Kind, Role] = {
    "architecture": "plan",
    "debugging": "plan",
    "refactor": "plan",
    "review": "review",
    "implement": "code",
    "fix": "code",
    "tests": "fast",
    "docs": "fast",
    "transform": "fast",
    "question": "fast",
    "completion": "fast",
    "chore": "fast",
}
"""Who plays each kind of work that the words of a turn ask for; `[routing.kind]` changes it. A
`followup` has no role of its own: it keeps the one that is in force."""

LENDERS: dict[Role, tuple[Role, ...]] = {
    "plan": ("review", "code", "fast", "local"),
    "review": ("plan", "code", "fast", "local"),
    "code": ("fast", "local", "plan", "review"),
    "fast": ("code", "local", "plan", "review"),
    "local": (),
}
"""Whose cascade plays a role that the stack leaves out. `local` borrows from nobody."""

_TOO_DEAR = 1_000_000
"""USD per million tokens. `inf` and `nan` are numbers in TOML."""
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for the time in what a snapshot's version is computed from."""


class Known(Struct, frozen=True, kw_only=True):
    """What the catalogue knows, loaded once."""

    presets: Mapping[str, Preset]
    engines: Mapping[str, EnginePreset]
    models: Mapping[str, Model]
    prices: PriceBook


def build(settings: Settings, known: Known, *, rules: str, at: datetime) -> Snapshot:
    """The world that the settings describe. Raises `ConfigError` at the first mistake."""
    names = _providers_used(settings)
    providers = {name: _provider(name, settings, known) for name in names}
    deployments = _deployments(settings, providers, known, at)
    stack, borrowed = _stack(settings)
    snapshot = Snapshot(
        version="",
        providers=providers,
        deployments=deployments,
        stack=stack,
        borrowed=borrowed,
        default_role=settings.routing.default_role,
        work_roles=WORK_ROLES | settings.routing.work,
        model_classes={name: model.model_class for name, model in known.models.items()},
        rules=rules,
        kind_roles=KIND_ROLES | settings.routing.kind,
        text_confidence=settings.routing.text_confidence,
        logic=LOGIC,
        at=at,
    )
    timeless = msgspec.structs.replace(snapshot, at=_NO_TIME)
    version = blake2b(
        msgspec.json.encode(timeless, order="deterministic"), digest_size=8
    ).hexdigest()
    return msgspec.structs.replace(snapshot, version=version)


def keys(settings: Settings, snapshot: Snapshot, environ: Mapping[str, str]) -> dict[str, str]:
    """The providers' keys, read once. A missing one is an error that names its variable."""
    found: dict[str, str] = {}
    for name, provider in snapshot.providers.items():
        if provider.auth != "key":
            continue
        values = ((name, environ.get(name, "").strip()) for name in provider.key_env)
        variable, value = next(((name, text) for name, text in values if text), ("", ""))
        if not value:
            wanted = " or ".join(provider.key_env)
            raise ConfigError(
                f"{settings.source}: [providers.{name}] needs its key in {wanted}, which is not "
                f'set; export it, or set auth = "client" to pass each client\'s own key on'
            )
        if not (value.isascii() and value.isprintable()):
            raise ConfigError(
                f"{settings.source}: [providers.{name}] takes its key from {variable}, which holds "
                "a line break or a letter that no key has; export it anew"
            )
        found[name] = value
    return found


def _providers_used(settings: Settings) -> list[str]:
    """Providers in the order they are named: in [providers], then in the cascades."""
    names = dict.fromkeys(settings.providers)
    for role, cascade in settings.roles.items():
        for entry in cascade:
            provider, slash, model = entry.partition("/")
            if not (provider and slash and model):
                raise ConfigError(
                    f"{settings.source}: [roles] {role} names {entry!r}; "
                    "write it as 'provider/model'"
                )
            names.setdefault(provider)
    return list(names)


def _provider(name: str, settings: Settings, known: Known) -> Provider:
    given = settings.providers.get(name, ProviderSettings())
    place = f"{settings.source}: [providers.{name}]"
    preset = _preset(name, known)
    _check_urls(place, given)
    endpoints = _endpoints(given, preset)
    if not endpoints:
        if name in settings.providers:
            raise ConfigError(f"{place} needs base_url and dialects; it is not a built-in provider")
        names = [*settings.providers, *known.presets, *known.engines]
        raise ConfigError(
            f"{settings.source}: [roles] uses the provider {name!r}, which is not known; "
            f"{nearest(name, names)}"
        )
    provider = msgspec.structs.replace(preset, name=name, endpoints=endpoints)
    for field in ("zone", "auth", "billed"):
        value = getattr(given, field)
        if value is not None:
            provider = msgspec.structs.replace(provider, **{field: value})
    if given.key_env is not None:
        provider = msgspec.structs.replace(provider, key_env=(given.key_env,))
    if provider.auth == "key" and not provider.key_env:
        raise ConfigError(f'{place} needs key_env, or auth = "none" or "client"')
    return provider


def _check_urls(place: str, given: ProviderSettings) -> None:
    urls = {str(dialect): url for dialect, url in (given.endpoints or {}).items()}
    if given.base_url is not None:
        urls["base_url"] = given.base_url
    for key, url in urls.items():
        if not _is_address(url):
            raise ConfigError(f"{place} {key} is {url!r}; write it like 'https://host/v1'")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:  # a port or an IPv6 address that is none
        return False


def _preset(name: str, known: Known) -> Provider:
    """What is built in under this name; an empty provider where nothing is."""
    hosted = known.presets.get(name)
    if hosted is not None:
        endpoints = {
            dialect: Endpoint(url=e.url, key_header=e.key_header)
            for dialect, e in hosted.endpoints.items()
        }
        return Provider(
            name=name,
            endpoints=endpoints,
            zone=hosted.zone,
            key_env=hosted.key_env,
            prices=hosted.prices,
        )
    engine = known.engines.get(name)
    if engine is not None:
        endpoints = _at_base(f"{engine.base_url}/v1", engine.dialects)
        return Provider(name=name, endpoints=endpoints, zone=engine.zone, auth="none", billed=False)
    return Provider(name=name, endpoints={})


def _endpoints(given: ProviderSettings, preset: Provider) -> dict[Dialect, Endpoint]:
    endpoints = preset.endpoints
    if given.base_url is not None:
        endpoints = _at_base(given.base_url, given.dialects or tuple(endpoints))
    elif given.dialects is not None:
        endpoints = {d: e for d, e in endpoints.items() if d in given.dialects}
    if given.endpoints is not None:
        own = {
            d: Endpoint(url=url, key_header=_key_header(d)) for d, url in given.endpoints.items()
        }
        endpoints = endpoints | own
    return endpoints


def _at_base(base_url: str, dialects: tuple[Dialect, ...]) -> dict[Dialect, Endpoint]:
    """The usual paths below a base URL that ends in `/v1` or the like."""
    base = base_url.rstrip("/")
    return {d: Endpoint(url=base + WIRES[d].path, key_header=_key_header(d)) for d in dialects}


def _key_header(dialect: Dialect) -> KeyHeader:
    return "x-api-key" if dialect == "anthropic.messages" else "authorization"


def _deployments(
    settings: Settings, providers: Mapping[str, Provider], known: Known, at: datetime
) -> dict[str, Deployment]:
    _check_prices(settings)
    names = dict.fromkeys(name for cascade in settings.roles.values() for name in cascade)
    for name in settings.models:
        if name not in names:
            says = f"{settings.source}: [models.{name!r}] is in no cascade; {nearest(name, names)}"
            raise ConfigError(says)
    return {
        name: _deployment(name, settings.models.get(name, ModelSettings()), providers, known, at)
        for name in names
    }


def _deployment(
    name: str,
    given: ModelSettings,
    providers: Mapping[str, Provider],
    known: Known,
    at: datetime,
) -> Deployment:
    provider, _, model = name.partition("/")
    fact = known.models.get(model)
    return Deployment(
        provider=provider,
        model=model,
        model_class=given.model_class or (fact.model_class if fact else None),
        rates=_rates(given, providers[provider], model, known.prices, at),
    )


def _check_prices(settings: Settings) -> None:
    for name, given in settings.models.items():
        prices = (given.input_price, given.output_price, given.cache_read_price)
        place = f"{settings.source}: [models.{name!r}]"
        if any(price is not None for price in prices) and None in prices[:2]:
            raise ConfigError(f"{place} needs input_price and output_price, both or neither")
        if not all(p is None or (p.is_finite() and 0 <= p < _TOO_DEAR) for p in prices):
            raise ConfigError(f"{place} has a price that is none; write USD per million tokens")


def _rates(
    given: ModelSettings, provider: Provider, model: str, book: PriceBook, at: datetime
) -> Rates | None:
    if given.input_price is not None and given.output_price is not None:
        return Rates(
            input=given.input_price,
            output=given.output_price,
            cache_read=given.cache_read_price,
            stated=True,
        )
    found = tariff(book, prices=provider.prices, model=model) if provider.billed else None
    return None if found is None else rates(found, at)


def _stack(settings: Settings) -> tuple[dict[Role, tuple[str, ...]], dict[Role, Role]]:
    """The cascades, those that are borrowed among them."""
    given = {role: cascade for role, cascade in settings.roles.items() if cascade}
    if not given:
        raise ConfigError(f"{settings.source}: [roles] names no deployment; give at least code")
    borrowed: dict[Role, Role] = {}
    for role in ROLES:
        lender = next((other for other in LENDERS[role] if other in given), None)
        if role not in given and lender is not None:
            borrowed[role] = lender
    return given | {role: given[lender] for role, lender in borrowed.items()}, borrowed
