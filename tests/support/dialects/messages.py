"""Answers in the form of Anthropic's messages, whole or streamed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from support.answers import Answer, Received, Tokens
from support.dialects.sse import compact, cut, named


def document(answer: Answer, received: Received) -> dict[str, Any]:
    message = _message(received, usage(answer.tokens))
    return {**message, "content": _blocks(answer, received), "stop_reason": _stop(answer)}


def events(answer: Answer, received: Received) -> Iterator[bytes]:
    """`message_start` counts the input and one token of output; `message_delta` has the rest."""
    start = usage(answer.tokens) | {"output_tokens": min(1, answer.tokens.output)}
    yield named({"type": "message_start", "message": _message(received, start)})
    for index, block in enumerate(_blocks(answer, received)):
        empty, deltas = _opened(block, answer.pieces)
        yield named({"type": "content_block_start", "index": index, "content_block": empty})
        if index == 0:
            yield named({"type": "ping"})
        for delta in deltas:
            yield named({"type": "content_block_delta", "index": index, "delta": delta})
        yield named({"type": "content_block_stop", "index": index})
    yield named(
        {
            "type": "message_delta",
            "delta": {"stop_reason": _stop(answer), "stop_sequence": None},
            "usage": _counts(answer.tokens),
        }
    )
    yield named({"type": "message_stop"})


def usage(tokens: Tokens) -> dict[str, Any]:
    return {
        **_counts(tokens),
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.cache_write,
            "ephemeral_1h_input_tokens": 0,
        },
        "service_tier": "standard",
    }


def error(status: int, message: str) -> dict[str, Any]:
    kinds = {400: "invalid_request_error", 404: "not_found_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "api_error")
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": "req_scripted",
    }


def _counts(tokens: Tokens) -> dict[str, Any]:
    """Here `input_tokens` leaves the cached parts out."""
    counts: dict[str, Any] = {
        "input_tokens": tokens.input - tokens.cache_read - tokens.cache_write,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "output_tokens": tokens.output,
    }
    if tokens.reasoning:
        counts["output_tokens_details"] = {"thinking_tokens": tokens.reasoning}
    return counts


def _message(received: Received, counts: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"msg_scripted{received.index:04}",
        "type": "message",
        "role": "assistant",
        "model": received.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": counts,
    }


def _stop(answer: Answer) -> str:
    return "tool_use" if answer.tool_calls else "end_turn"


def _blocks(answer: Answer, received: Received) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.reasoning:
        signature = base64.b64encode(f"signature {received.index}".encode()).decode()
        blocks.append({"type": "thinking", "thinking": answer.reasoning, "signature": signature})
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    for place, call in enumerate(answer.tool_calls):
        call_id = f"toolu_{received.index:04}{place:02}"
        blocks.append(
            {"type": "tool_use", "id": call_id, "name": call.name, "input": call.arguments}
        )
    return blocks


def _opened(block: dict[str, Any], pieces: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it starts in a stream, and the deltas that fill it."""
    match block["type"]:
        case "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": piece}
                for piece in cut(block["thinking"], pieces)
            ]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*deltas, signed]
        case "text":
            texts = cut(block["text"], pieces)
            return {**block, "text": ""}, [{"type": "text_delta", "text": t} for t in texts]
        case _:
            parts = ["", *cut(compact(block["input"]), pieces)]
            filling = [{"type": "input_json_delta", "partial_json": part} for part in parts]
            return {**block, "input": {}}, filling
