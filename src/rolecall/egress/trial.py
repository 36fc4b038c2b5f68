"""Ask a deployment for a word, to see whether it answers at all."""

from __future__ import annotations

from typing import Any, assert_never
from urllib.parse import quote

import msgspec

from rolecall.egress.door import Door, Parcel, Target
from rolecall.egress.lists import ANTHROPIC_VERSION
from rolecall.errors import UpstreamError
from rolecall.privacy.verdict import clear_catalogue
from rolecall.types import Deployment, Dialect, Provider

_ROOM = 16
"""Tokens; the least that OpenAI's Responses API takes."""
_WORDS = "Answer with the word yes."
_SAID = [{"role": "user", "content": _WORDS}]


async def answers(
    door: Door, provider: Provider, deployment: Deployment, *, dialect: Dialect | None = None
) -> str | None:
    """None where it answers; else why not, in one line. Costs a few tokens.

    `dialect` is the first that the provider speaks where none is given.
    """
    spoken: Dialect = next(iter(provider.endpoints)) if dialect is None else dialect
    headers = [(b"content-type", b"application/json"), *door.credentials(provider, spoken)]
    if spoken == "anthropic.messages":
        headers.append((b"anthropic-version", ANTHROPIC_VERSION))
    parcel = Parcel(headers, msgspec.json.encode(_question(spoken, deployment.model)))
    try:
        target = Target(_url(provider, spoken, deployment.model))
        reply = await door.post(clear_catalogue(), provider, target, parcel)
    except UpstreamError as error:
        return str(error)
    status = reply.status
    reply.abort()
    return None if status == 200 else f"{provider.name} answered {status}"


def _url(provider: Provider, dialect: Dialect, model: str) -> str:
    url = provider.endpoints[dialect].url.replace("{model}", quote(model))
    return f"{url}:generateContent" if dialect == "google.gemini" else url


def _question(dialect: Dialect, model: str) -> dict[str, Any]:
    match dialect:
        case "openai.responses":
            asked: dict[str, Any] = {"model": model, "input": _SAID, "max_output_tokens": _ROOM}
        case "openai.chat":
            asked = {"model": model, "messages": _SAID}
        case "anthropic.messages":
            asked = {"model": model, "messages": _SAID, "max_tokens": _ROOM}
        case "google.gemini":
            asked = {"contents": [{"role": "user", "parts": [{"text": _WORDS}]}]}
        case "ollama.chat":
            asked = {"model": model, "messages": _SAID, "stream": False}
        case "ollama.generate":
            asked = {"model": model, "prompt": _WORDS, "stream": False}
        case "openai.completions" | "mistral.fim":
            asked = {"model": model, "prompt": _WORDS, "max_tokens": _ROOM}
        case _:
            assert_never(dialect)
    return asked
