"""In which dialect a deployment is spoken to. Its client's own wherever it speaks that."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.types import Dialect, Provider, Request

OTHERS: Mapping[Dialect, tuple[Dialect, ...]] = {
    "openai.chat": ("openai.responses", "anthropic.messages"),
    "openai.responses": ("openai.chat", "anthropic.messages"),
    "anthropic.messages": ("openai.responses", "openai.chat"),
}
"""What a request is translated into, by the dialect it comes in, the more faithful first: Responses
gives reasoning back to its model, Chat Completions is what most providers speak best."""


def spoken_to(request: Request, provider: Provider) -> Dialect | None:
    """None where the provider cannot be asked: tokens are counted in the client's dialect alone."""
    if request.dialect in provider.endpoints:
        return request.dialect
    if request.endpoint != "generate":
        return None
    return next((other for other in OTHERS[request.dialect] if other in provider.endpoints), None)
