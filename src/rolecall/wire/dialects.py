"""The table of dialects: the path each is served under, and its verbs."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from rolecall.types import Dialect
from rolecall.wire import chat, completions, gemini, messages, ollama, responses
from rolecall.wire.parsed import Parsed
from rolecall.wire.tally import Tally


class Wire(Struct, frozen=True, kw_only=True):
    """One dialect: `parse` a request, `fold` what an answer tells into a `Tally`.

    `interest` lists byte strings one of which stands in every event worth decoding.
    `path` is appended to a provider's base URL, which ends in `root` or the like; `{model}` stands
    for the model's name. With `lines` a stream is a line of JSON for each event.
    """

    dialect: Dialect
    root: str = "/v1"
    path: str
    parse: Callable[[bytes], Parsed]
    fold: Callable[[Tally, bytes], Tally]
    interest: tuple[bytes, ...]
    lines: bool = False


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
    "google.gemini": Wire(
        dialect="google.gemini",
        root="/v1beta",
        path="/models/{model}",
        parse=gemini.parse,
        fold=gemini.fold,
        interest=gemini.INTEREST,
    ),
    "ollama.chat": Wire(
        dialect="ollama.chat",
        root="",
        path="/api/chat",
        parse=ollama.parse_chat,
        fold=ollama.fold,
        interest=ollama.INTEREST,
        lines=True,
    ),
    "ollama.generate": Wire(
        dialect="ollama.generate",
        root="",
        path="/api/generate",
        parse=ollama.parse_generate,
        fold=ollama.fold,
        interest=ollama.INTEREST,
        lines=True,
    ),
    "openai.completions": Wire(
        dialect="openai.completions",
        path="/completions",
        parse=completions.parse,
        fold=chat.fold,
        interest=chat.INTEREST,
    ),
    "mistral.fim": Wire(
        dialect="mistral.fim",
        path="/fim/completions",
        parse=completions.parse,
        fold=chat.fold,
        interest=chat.INTEREST,
    ),
}
