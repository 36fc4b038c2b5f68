"""What an answer has told so far: the model that spoke, its usage, whether it is finished."""

from __future__ import annotations

from msgspec import Struct

from rolecall.types import Usage


class Tally(Struct, frozen=True, kw_only=True):
    """Folded event by event. `usage` stays None until the provider reports it."""

    model: str | None = None
    usage: Usage | None = None
    finished: bool = False
    malformed: int = 0
    """Events that should have been read and could not be. They were forwarded all the same."""


_MOST_TOKENS = 2**53
"""No real count comes near; a ledger keeps integers below 2**63."""


def count(tokens: int | None) -> int:
    """A token count as reported; absent and negative ones are 0, absurd ones are cut."""
    return min(max(tokens or 0, 0), _MOST_TOKENS)
