"""From settings to the rules of privacy. Every mistake is named here."""

from __future__ import annotations

import ipaddress
from hashlib import blake2b

import msgspec
import re2

from rolecall.config.load import nearest
from rolecall.config.settings import PrivacyRuleSettings, Settings
from rolecall.errors import ConfigError
from rolecall.types import PrivacyRule, Rules, Workspace

ANYWHERE = "any"
"""The zone that stands for every provider: a rule that ends in it makes an exception."""


def privacy(settings: Settings) -> Rules:
    """What the settings say of privacy. Raises `ConfigError`."""
    return Rules(rules=_rules(settings), workspaces=_workspaces(settings))


def digest(found: Rules) -> str:
    """Names a set of rules without telling what they look for; empty where there is none."""
    if found == Rules():
        return ""
    return blake2b(msgspec.json.encode(found), digest_size=8).hexdigest()


def _rules(settings: Settings) -> tuple[PrivacyRule, ...]:
    """The rules in their order. Raises `ConfigError` at the first that cannot hold."""
    found: list[PrivacyRule] = []
    for given in settings.privacy.rules:
        place = f"{settings.source}: [[privacy.rules]] {given.name!r}"
        if not given.name or any(given.name == other.name for other in found):
            raise ConfigError(f"{place} needs a name of its own")
        _check(place, given, settings)
        found.append(msgspec.convert(msgspec.structs.asdict(given), PrivacyRule))
    return tuple(found)


def _check(place: str, rule: PrivacyRuleSettings, settings: Settings) -> None:
    if not rule.zones:
        raise ConfigError(f'{place} names no zone; write zones = ["local"]')
    if rule.otherwise == "redact" and not rule.secrets:
        raise ConfigError(f"{place} redacts, which only a rule with secrets = true can")
    for name in rule.workspaces:
        if name not in settings.workspaces:
            says = nearest(name, settings.workspaces) if settings.workspaces else "there is none"
            raise ConfigError(f"{place} names the workspace {name!r}; {says}: `rolecall workspace`")
    for name in rule.people:
        if name not in settings.server.people:
            raise ConfigError(f"{place} names {name!r}, who is not in [server.people]")
    options = re2.Options()
    options.log_errors = False
    for pattern in rule.patterns:
        try:
            re2.compile(pattern, options)
        except re2.error as error:
            said = error.args[0].decode() if isinstance(error.args[0], bytes) else error
            raise ConfigError(f"{place} has the pattern {pattern!r}: {said}") from error
    if not all([*rule.terms, *rule.patterns, *rule.paths]):
        raise ConfigError(f"{place} has an empty term, pattern or path")


def _workspaces(settings: Settings) -> tuple[Workspace, ...]:
    """The folders that clients are bound to."""
    return tuple(
        Workspace(name=name, path=given.path, remote=given.remote)
        for name, given in settings.workspaces.items()
    )


def networks(settings: Settings) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Addresses beside loopback that count as local. A name is none: it may change its answer."""
    found: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for text in settings.privacy.local_networks:
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            says = f"{settings.source}: [privacy] local_networks has {text!r}"
            raise ConfigError(f"{says}; write addresses or networks, as 192.168.1.0/24") from error
    return tuple(found)
