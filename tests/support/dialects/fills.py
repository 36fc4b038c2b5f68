"""Answers in the form of OpenAI's older completions, whole or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.answers import Answer, Received
from support.dialects import chat
from support.dialects.sse import cut, unnamed


def document(answer: Answer, received: Received) -> dict[str, Any]:
    return {**_said(received, answer.text, "stop"), "usage": chat.usage(answer.tokens)}


def events(answer: Answer, received: Received) -> Iterator[bytes]:
    for piece in cut(answer.text, answer.pieces):
        yield unnamed(_said(received, piece, None))
    yield unnamed(_said(received, "", "stop"))
    if (received.json.get("stream_options") or {}).get("include_usage"):
        usage = chat.usage(answer.tokens)
        yield unnamed({**_said(received, "", None), "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _said(received: Received, text: str, finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {
        "id": f"cmpl-scripted{received.index:04}",
        "object": "text_completion",
        "created": chat.CREATED,
        "model": received.model,
        "choices": [choice],
    }
