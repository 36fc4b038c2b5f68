"""Answers in the form of OpenAI's chat completions, whole or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.answers import Answer, Received, Tokens, ToolCall
from support.dialects.sse import cut, unnamed

CREATED = 1_790_000_000


def document(answer: Answer, received: Received) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer.text or None,
        "refusal": None,
        "annotations": [],
    }
    if answer.tool_calls:
        message["tool_calls"] = [
            _call(call, received, place) for place, call in enumerate(answer.tool_calls)
        ]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": _finish(answer),
    }
    head = _head(received, "chat.completion")
    return {**head, "choices": [choice], "usage": usage(answer.tokens), "system_fingerprint": None}


def events(answer: Answer, received: Received, *, counted: bool = False) -> Iterator[bytes]:
    """The chunks; the one with the usage only where `stream_options.include_usage` asks for it.

    With `counted` it comes unasked, as Mistral sends it.
    """
    asked = (received.json.get("stream_options") or {}).get("include_usage")
    asks_usage = counted or bool(asked)

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        whole = {**_head(received, "chat.completion.chunk"), "system_fingerprint": None}
        return unnamed({**whole, "choices": [choice], **({"usage": None} if asks_usage else {})})

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in cut(answer.text, answer.pieces):
        yield chunk({"content": piece})
    for place, call in enumerate(answer.tool_calls):
        for delta in _call_deltas(call, received, place, answer.pieces):
            yield chunk({"tool_calls": [delta]})
    yield chunk({}, _finish(answer))
    if asks_usage:
        head = {**_head(received, "chat.completion.chunk"), "system_fingerprint": None}
        yield unnamed({**head, "choices": [], "usage": usage(answer.tokens)})
    yield b"data: [DONE]\n\n"


def usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {
            "cached_tokens": tokens.cache_read,
            "cache_write_tokens": tokens.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def error(status: int, message: str) -> dict[str, Any]:
    kind = {429: "requests", 500: "server_error"}.get(status, "invalid_request_error")
    code = {429: "rate_limit_exceeded"}.get(status)
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _head(received: Received, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-scripted{received.index:04}",
        "object": kind,
        "created": CREATED,
        "model": received.model,
        "service_tier": "default",
    }


def _finish(answer: Answer) -> str:
    return "tool_calls" if answer.tool_calls else "stop"


def _call(call: ToolCall, received: Received, place: int) -> dict[str, Any]:
    return {
        "id": f"call_{received.index:04}{place:02}",
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments_json},
    }


def _call_deltas(
    call: ToolCall, received: Received, place: int, pieces: int
) -> Iterator[dict[str, Any]]:
    first = _call(call, received, place)
    yield {"index": place, **first, "function": {"name": call.name, "arguments": ""}}
    for piece in cut(call.arguments_json, pieces):
        yield {"index": place, "function": {"arguments": piece}}
