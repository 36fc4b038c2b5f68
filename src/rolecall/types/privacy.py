"""Where the bytes of a request may go."""

from __future__ import annotations

from msgspec import Struct

from rolecall.types.providers import Provider
from rolecall.types.words import Otherwise


class Limit(Struct, frozen=True, kw_only=True):
    """Where a rule of privacy lets the bytes of a request go: to any one of `zones`.

    A zone, a promise or the name of a provider; the zone `local` is always among them. `says`
    tells why, and never quotes a request.
    """

    rule: str
    zones: tuple[str, ...]
    says: str
    otherwise: Otherwise = "refuse"
    carried: bool = False
    """Nothing in this request asks for it: its session has carried something that did."""

    def admits(self, provider: Provider) -> bool:
        own = (provider.name, provider.zone, *provider.promises)
        return provider.zone == "local" or any(name in self.zones for name in own)


class PrivacyRule(Struct, frozen=True, kw_only=True):
    """A rule of privacy: all that it names must hold, of each list any entry.

    `workspaces` and `people` are names; `repositories` globs of a remote's address; `paths` globs;
    `secrets` asks for a finding of the secret scanner; `terms` are plain words, `patterns` regular
    expressions (RE2). One that names none of these holds for every request.
    """

    name: str
    zones: tuple[str, ...]
    workspaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    secrets: bool = False
    terms: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    otherwise: Otherwise = "refuse"


class Workspace(Struct, frozen=True, kw_only=True):
    """A folder that clients are bound to by `/w/<name>/`, and the address of its git remote."""

    name: str
    path: str
    remote: str | None = None


class Rules(Struct, frozen=True, kw_only=True):
    """What privacy goes by: rules in their order, of which the first that holds decides."""

    rules: tuple[PrivacyRule, ...] = ()
    workspaces: tuple[Workspace, ...] = ()
