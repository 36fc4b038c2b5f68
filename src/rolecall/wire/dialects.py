"""The table of dialects: the path each is served under, and its verbs."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from rolecall.types import Dialect
from rolecall.wire import chat, messages, responses
from rolecall.wire.parsed import Parsed
from rolecall.wire.tally import Tally


class Wire(Struct, frozen=True, kw_only=True):
    """One dialect: `parse` a request, `fold` what an answer tells into a `Tally`.

    `interest` lists byte strings one of which stands in every event worth decoding.
    `path` is appended to a provider's base URL, which ends in `/v1` or the like.
    """

    dialect: Dialect
    path: str
    parse: Callable[[bytes], Parsed]
    fold: Callable[[Tally, bytes], Tally]
    interest: tuple[bytes, ...]


WIRES: dict[Dialect, Wire] = {
    "openai.chat": Wire(
        dialect="openai.chat",
        path="/chat/completions",
        parse=chat.parse,
        fold=chat.fold,
        interest=chat.INTEREST,
    ),
    "openai.responses": Wire(
        dialect="openai.responses",
        path="/responses",
        parse=responses.parse,
        fold=responses.fold,
        interest=responses.INTEREST,
    ),
    "anthropic.messages": Wire(
        dialect="anthropic.messages",
        path="/messages",
        parse=messages.parse,
        fold=messages.fold,
        interest=messages.INTEREST,
    ),
}
