"""`openai.completions` and `mistral.fim`: text that goes on after a prompt, before a suffix.

Sources: PyPI openai 3.54.0, types/completion_create_params.py; PyPI mistralai 3.7.0,
models/fimcompletionrequest.py; both read 2026-11-24. Answers tell their usage as Chat Completions
do.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

from rolecall.wire.chat import READING, Message
from rolecall.wire.parsed import Once, Parsed, Talk, decode
from rolecall.wire.steps import NOTHING


class _Body(Struct):
    model: Once
    prompt: Raw = NOTHING
    suffix: Any = None
    stream: bool | None = None
    max_tokens: int | None = None


def parse(body: bytes) -> Parsed:
    """Read what routing needs. Raises `BodyError` where the body is not this dialect's."""
    found = decode(_Body, body)
    return Parsed(
        Talk(messages=[Message(role="user", content=found.prompt)], reading=READING),
        model=str(found.model),
        stream=found.stream,
        max_tokens=found.max_tokens,
        tools=(),
        fields={"suffix": found.suffix or None, "completes": "yes"},
    )
