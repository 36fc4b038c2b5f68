"""Answers in the form of Ollama's own API, whole or as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.answers import Answer, Received
from support.dialects.sse import compact, cut


def document(answer: Answer, received: Received) -> dict[str, Any]:
    return _last(answer, received, answer.text)


def events(answer: Answer, received: Received) -> Iterator[bytes]:
    for piece in cut(answer.text, answer.pieces):
        yield _line(_said(received, piece))
    yield _line(_last(answer, received, ""))


def error(_: int, message: str) -> dict[str, Any]:
    return {"error": message}


def _said(received: Received, text: str) -> dict[str, Any]:
    head = {"model": received.model, "created_at": "2026-11-24T00:00:00Z", "done": False}
    if received.path.endswith("/generate"):
        return {**head, "response": text}
    return {**head, "message": {"role": "assistant", "content": text}}


def _last(answer: Answer, received: Received, text: str) -> dict[str, Any]:
    said = _said(received, text)
    if answer.tool_calls:
        functions = [{"name": c.name, "arguments": c.arguments} for c in answer.tool_calls]
        said.get("message", said)["tool_calls"] = [{"function": one} for one in functions]
    counts = {"prompt_eval_count": answer.tokens.input, "eval_count": answer.tokens.output}
    return {**said, "done": True, "done_reason": "stop", "total_duration": 5, **counts}


def _line(value: dict[str, Any]) -> bytes:
    return f"{compact(value)}\n".encode()
