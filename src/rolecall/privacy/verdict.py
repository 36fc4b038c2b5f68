"""The verdict: where the bytes of a request may go."""

from __future__ import annotations

from msgspec import Struct

from rolecall.types import Decision, Limit, Provider

_SEAL = object()
"""Nobody else has it: what bears it was made here."""


class Clearance(Struct, frozen=True, kw_only=True):
    """A pass through `egress`, made here and nowhere else: anything else is no pass.

    `limits` must all admit a provider; without one it may be any.
    """

    limits: tuple[Limit, ...]
    seal: object = None

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise TypeError("only privacy.verdict makes a Clearance")

    def forbidding(self, provider: Provider) -> Limit | None:
        """The first limit that does not admit a provider."""
        return next((limit for limit in self.limits if not limit.admits(provider)), None)


_ROLE = Limit(rule="role", zones=("local",), says="the role local stays at home")
_PROBE = Limit(rule="probe", zones=("local",), says="a question to an engine on this machine")


def clear(decision: Decision) -> Clearance:
    """What a decision lets go out, and where to. The role `local` stays at home."""
    own = (_ROLE,) if decision.role == "local" else ()
    return Clearance(limits=(*decision.limits, *own), seal=_SEAL)


def clear_catalogue() -> Clearance:
    """A pass for lists and a trial word that the user asks for: at most a key goes along."""
    return Clearance(limits=(), seal=_SEAL)


def clear_probe() -> Clearance:
    """A pass for questions that carry nothing of a user's, such as an engine's list of models."""
    return Clearance(limits=(_PROBE,), seal=_SEAL)


def clear_own() -> Clearance:
    """A pass to a gateway of rolecall's own, which says itself where the bytes may go then."""
    return Clearance(limits=(), seal=_SEAL)
