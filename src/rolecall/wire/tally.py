"""What an answer has told so far: the model that spoke, its usage, whether it is finished."""

from __future__ import annotations

from msgspec import Struct

from rolecall.types import Usage


class Tally(Struct, frozen=True, kw_only=True):
    """Folded event by event. `usage` stays None until the provider reports it."""

    id: str | None = None
    """What a later request may call the answer by, where the provider keeps it."""
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


class InputDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class OutputDetails(Struct):
    reasoning_tokens: int | None = None


def detailed(
    input_tokens: int | None,
    output_tokens: int | None,
    inputs: InputDetails | None,
    outputs: OutputDetails | None,
) -> Usage | None:
    """Usage as OpenAI's dialects count it, None without a count: cached parts are in the input."""
    if input_tokens is None:
        return None
    inputs = inputs or InputDetails()
    outputs = outputs or OutputDetails()
    return Usage(
        input_tokens=count(input_tokens),
        output_tokens=count(output_tokens),
        cache_read_input_tokens=count(inputs.cached_tokens),
        cache_write_input_tokens=count(inputs.cache_write_tokens),
        reasoning_tokens=count(outputs.reasoning_tokens),
    )
