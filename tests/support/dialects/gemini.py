"""Answers in the form of Gemini's generateContent, whole or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.answers import Answer, Received, Tokens
from support.dialects.sse import cut, unnamed


def document(answer: Answer, received: Received) -> dict[str, Any]:
    texts = [{"text": answer.text}] if answer.text else []
    return _answer(received, [*texts, *_calls(answer)], answer.tokens, "STOP")


def events(answer: Answer, received: Received) -> Iterator[bytes]:
    for piece in cut(answer.text, answer.pieces):
        yield unnamed(_answer(received, [{"text": piece}], answer.tokens))
    for call in _calls(answer):
        yield unnamed(_answer(received, [call], answer.tokens))
    yield unnamed(_answer(received, [{"text": ""}], answer.tokens, "STOP"))


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}}


def _answer(
    received: Received, parts: list[Any], tokens: Tokens, finish: str | None = None
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    counts = {
        "promptTokenCount": tokens.input,
        "cachedContentTokenCount": tokens.cache_read,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "thoughtsTokenCount": tokens.reasoning,
        "totalTokenCount": tokens.input + tokens.output,
    }
    head = {"modelVersion": received.model, "responseId": f"scripted{received.index:04}"}
    return {"candidates": [candidate], "usageMetadata": counts, **head}


def _calls(answer: Answer) -> list[dict[str, Any]]:
    """The first of parallel calls is signed, as Gemini 3 does it."""
    return [
        {
            "functionCall": {"name": call.name, "args": call.arguments},
            **({} if place else {"thoughtSignature": "c2NyaXB0ZWQ="}),
        }
        for place, call in enumerate(answer.tool_calls)
    ]
