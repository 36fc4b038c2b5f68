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


def count(tokens: int | None) -> int:
    """A token count as reported; absent and negative ones are 0."""
    return max(tokens or 0, 0)
