"""Ask providers, models.dev and genai-prices what is true today. Only when the user asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from rolecall import __version__
from rolecall.egress.door import LIST, Door
from rolecall.errors import UpstreamError
from rolecall.privacy.verdict import clear_catalogue
from rolecall.types import Dialect, Endpoint, Provider

ANTHROPIC_VERSION = b"2023-06-01"
"""https://docs.anthropic.com/en/api/versioning"""


class Question(Struct, frozen=True, kw_only=True):
    """A list to ask for. `key` says where a key goes; a public list is asked without one."""

    about: str
    url: str
    key: Endpoint | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """The body, or why there is none."""

    question: Question
    body: bytes | None = None
    wrong: str | None = None


async def ask(door: Door, questions: Sequence[Question]) -> list[Answer]:
    """All at once. One that fails leaves the others alone."""
    return list(await asyncio.gather(*(_ask(door, one) for one in questions)))


async def _ask(door: Door, one: Question) -> Answer:
    dialect: Dialect = "openai.chat"
    endpoints = {} if one.key is None else {dialect: one.key}
    provider = Provider(name=one.about, endpoints=endpoints)
    headers = [
        (b"user-agent", f"rolecall/{__version__}".encode()),
        (b"accept", b"application/json"),
    ]
    if one.key is not None:
        headers += door.credentials(provider, dialect)
        if one.key.key_header == "x-api-key":
            headers.append((b"anthropic-version", ANTHROPIC_VERSION))
    try:
        body = await door.get(clear_catalogue(), provider, one.url, bounds=LIST, headers=headers)
    except UpstreamError as error:
        return Answer(question=one, wrong=str(error))
    return Answer(question=one, body=body)
