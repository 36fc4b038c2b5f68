"""Answers in the form of OpenAI's Responses, whole or streamed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import count
from typing import Any

from support.answers import Answer, Received, Tokens, ToolCall
from support.dialects.chat import CREATED
from support.dialects.sse import cut, named

ECHOED = (
    "instructions",
    "max_output_tokens",
    "metadata",
    "previous_response_id",
    "prompt_cache_key",
    "store",
)


def document(answer: Answer, received: Received) -> dict[str, Any]:
    return _response(received, "completed", items(answer, received), usage(answer.tokens))


def events(answer: Answer, received: Received) -> Iterator[bytes]:
    number = count()

    def event(kind: str, **fields: Any) -> bytes:
        return named({"type": kind, "sequence_number": next(number), **fields})

    started = _response(received, "in_progress", [], None)
    yield event("response.created", response=started)
    yield event("response.in_progress", response=started)
    for index, item in enumerate(items(answer, received)):
        yield event("response.output_item.added", output_index=index, item=_opened(item))
        for kind, fields in _filling(item, answer.pieces):
            place = {"item_id": item["id"], "output_index": index}
            yield event(kind, **place, **fields)
        yield event("response.output_item.done", output_index=index, item=item)
    yield event("response.completed", response=document(answer, received))


def usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {
            "cached_tokens": tokens.cache_read,
            "cache_write_tokens": tokens.cache_write,
        },
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }


def items(answer: Answer, received: Received) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if answer.reasoning:
        sealed = base64.b64encode(answer.reasoning.encode()).decode()
        thought = {"type": "summary_text", "text": answer.reasoning}
        identity = f"rs_scripted{received.index:04}"
        made.append(
            {
                "id": identity,
                "type": "reasoning",
                "summary": [thought],
                "encrypted_content": sealed,
            }
        )
    if answer.text:
        part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        made.append(
            {
                "id": f"msg_scripted{received.index:04}",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [part],
            }
        )
    made += [_call(call, received, place) for place, call in enumerate(answer.tool_calls)]
    return made


def _call(call: ToolCall, received: Received, place: int) -> dict[str, Any]:
    number = f"{received.index:04}{place:02}"
    common: dict[str, Any] = {"status": "completed", "call_id": f"call_{number}", "name": call.name}
    if call.namespace is not None:
        common["namespace"] = call.namespace
    if call.freeform is not None:
        custom = {"id": f"ctc_{number}", "type": "custom_tool_call"}
        return {**custom, **common, "input": call.freeform}
    function = {"id": f"fc_{number}", "type": "function_call"}
    return {**function, **common, "arguments": call.arguments_json}


def _opened(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it is announced, before anything fills it."""
    empty: dict[str, dict[str, Any]] = {
        "reasoning": {"summary": [], "encrypted_content": ""},
        "message": {"status": "in_progress", "content": []},
        "function_call": {"status": "in_progress", "arguments": ""},
        "custom_tool_call": {"status": "in_progress", "input": ""},
    }
    return {**item, **empty[item["type"]]}


def _filling(item: dict[str, Any], pieces: int) -> Iterator[tuple[str, dict[str, Any]]]:
    match item["type"]:
        case "message":
            yield from _text_events(item["content"][0], pieces)
        case "reasoning":
            yield from _summary_events(item["summary"][0], pieces)
        case "function_call":
            for piece in cut(item["arguments"], pieces):
                yield "response.function_call_arguments.delta", {"delta": piece}
            done = {"name": item["name"], "arguments": item["arguments"]}
            yield "response.function_call_arguments.done", done
        case _:
            for piece in cut(item["input"], pieces):
                yield "response.custom_tool_call_input.delta", {"delta": piece}
            yield "response.custom_tool_call_input.done", {"input": item["input"]}


def _text_events(part: dict[str, Any], pieces: int) -> Iterator[tuple[str, dict[str, Any]]]:
    at = {"content_index": 0}
    yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
    for piece in cut(part["text"], pieces):
        yield "response.output_text.delta", {**at, "delta": piece, "logprobs": []}
    yield "response.output_text.done", {**at, "text": part["text"], "logprobs": []}
    yield "response.content_part.done", {**at, "part": part}


def _summary_events(part: dict[str, Any], pieces: int) -> Iterator[tuple[str, dict[str, Any]]]:
    at = {"summary_index": 0}
    yield "response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}
    for piece in cut(part["text"], pieces):
        yield "response.reasoning_summary_text.delta", {**at, "delta": piece}
    yield "response.reasoning_summary_text.done", {**at, "text": part["text"]}
    yield "response.reasoning_summary_part.done", {**at, "part": part}


def _response(
    received: Received, status: str, output: list[dict[str, Any]], counts: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "id": f"resp_scripted{received.index:04}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        **{name: received.json.get(name) for name in ECHOED},
        "model": received.model,
        "output": output,
        "parallel_tool_calls": received.json.get("parallel_tool_calls", True),
        "tool_choice": received.json.get("tool_choice", "auto"),
        "tools": received.json.get("tools", []),
        "usage": counts,
    }
