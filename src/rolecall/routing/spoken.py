"""In which dialect a deployment is spoken to. Its client's own wherever it speaks that."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.types import Dialect, Provider, Request

_ANY: tuple[Dialect, ...] = ("openai.responses", "anthropic.messages", "openai.chat")
OTHERS: Mapping[Dialect, tuple[Dialect, ...]] = {
    "openai.chat": ("openai.responses", "anthropic.messages"),
    "openai.responses": ("openai.chat", "anthropic.messages"),
    "anthropic.messages": ("openai.responses", "openai.chat"),
    "google.gemini": _ANY,
    "ollama.chat": _ANY,
    "ollama.generate": _ANY,
}
"""What a request is translated into, by the dialect it comes in, the more faithful first: Responses
gives reasoning back to its model, Chat Completions is what most providers speak best."""
FILLING: tuple[Dialect, ...] = ("openai.completions", "mistral.fim")
"""What can be asked to go on with a text."""


def spoken_to(request: Request, provider: Provider) -> Dialect | None:
    """None where the provider cannot be asked: tokens are counted in the client's dialect alone."""
    if request.dialect in provider.endpoints:
        return request.dialect
    if request.endpoint != "generate":
        return None
    others = FILLING if request.fills else OTHERS.get(request.dialect, ())
    return next((other for other in others if other in provider.endpoints), None)
