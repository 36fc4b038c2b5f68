"""The verdict: where the bytes of a request may go."""

from __future__ import annotations

from msgspec import Struct

from rolecall.types import Decision, Provider


class Clearance(Struct, frozen=True, kw_only=True):
    """A pass through `egress`. `zones` is None where no rule narrows where data may go."""

    zones: frozenset[str] | None

    def admits(self, provider: Provider) -> bool:
        return self.zones is None or provider.zone in self.zones


def clear(decision: Decision) -> Clearance:
    """The role `local` stays at home; every other role may go where the stack sends it."""
    return Clearance(zones=frozenset({"local"}) if decision.role == "local" else None)


def clear_catalogue() -> Clearance:
    """A pass for lists and a trial word that the user asks for: at most a key goes along."""
    return Clearance(zones=None)


def clear_probe() -> Clearance:
    """A pass for questions that carry nothing of a user's, such as an engine's list of models."""
    return Clearance(zones=frozenset({"local"}))
