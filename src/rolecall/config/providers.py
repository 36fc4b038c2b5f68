"""From settings to the providers in use. Every mistake is named here."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from rolecall.config.known import Known
from rolecall.config.load import nearest
from rolecall.config.settings import ProviderSettings, Settings
from rolecall.errors import ConfigError
from rolecall.types import Dialect, Endpoint, KeyHeader, Provider
from rolecall.wire.dialects import WIRES


def providers_used(settings: Settings) -> list[str]:
    """Providers in the order they are named: in [providers], then in the cascades."""
    names = dict.fromkeys(settings.providers)
    for role, cascade in settings.roles.items():
        for entry in cascade:
            owner, slash, model = entry.partition("/")
            if not (owner and slash and model):
                raise ConfigError(
                    f"{settings.source}: [roles] {role} names {entry!r}; "
                    "write it as 'provider/model'"
                )
            names.setdefault(owner)
    return list(names)


def provider_of(name: str, settings: Settings, known: Known) -> Provider:
    """One provider: what is built in under its name, with what the settings say over it."""
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
    found = msgspec.structs.replace(preset, name=name, endpoints=endpoints)
    for field in ("zone", "auth", "billed"):
        value = getattr(given, field)
        if value is not None:
            found = msgspec.structs.replace(found, **{field: value})
    if given.promises:
        found = msgspec.structs.replace(found, promises=given.promises)
    if given.key_env is not None:
        found = msgspec.structs.replace(found, key_env=(given.key_env,))
    if found.auth == "key" and not found.key_env:
        raise ConfigError(f'{place} needs key_env, or auth = "none" or "client"')
    return found


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
            short_ids=hosted.short_ids,
            cache_seconds=hosted.cache.seconds,
            long_seconds=hosted.cache.long_seconds,
            long_write=hosted.cache.long_write,
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
    """The usual paths below a base URL that ends in `/v1` or the like.

    What has no such root stands beside it.
    """
    base = base_url.rstrip("/")
    host = base.removesuffix("/v1")
    return {
        dialect: Endpoint(
            url=(base if WIRES[dialect].root else host) + WIRES[dialect].path,
            key_header=_key_header(dialect),
        )
        for dialect in dialects
    }


def _key_header(dialect: Dialect) -> KeyHeader:
    match dialect:
        case "anthropic.messages":
            return "x-api-key"
        case "google.gemini":
            return "x-goog-api-key"
        case _:
            return "authorization"
