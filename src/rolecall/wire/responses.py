"""`openai.responses`: the Responses API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.types import Usage
from rolecall.wire.parsed import Once, Parsed, Reading, Talk, decode
from rolecall.wire.steps import NOTHING, Author, Call, Result, text_or_empty
from rolecall.wire.tally import InputDetails, OutputDetails, Tally, detailed


class Item(Struct):
    """An input item: a message, a tool call, its output, or something newer."""

    type: Any = None
    role: Any = None
    content: Raw = NOTHING
    name: Any = None
    call_id: Any = None
    arguments: Raw = NOTHING
    input: Raw = NOTHING
    output: Raw = NOTHING
    encrypted_content: Raw = NOTHING
    tools: Any = None
    """Of an `additional_tools` item: for models it knows, Codex 0.169 offers tools there."""


class _Named(Struct):
    name: Any = None
    type: Any = None


class _Body(Struct):
    model: Once
    input: list[Item] | str | None = None
    """Left out where a stored prompt or the state of an earlier response stands for it."""
    instructions: Raw = NOTHING
    stream: bool | None = None
    max_output_tokens: int | None = None
    tools: list[_Named] | None = None
    metadata: Any = None
    text: Any = None
    prompt_cache_key: Any = None
    client_metadata: Any = None
    previous_response_id: Any = None


def _author(item: Item) -> Author:
    match item.role:
        case "user":
            return "human"
        case "system" | "developer":
            return "system"
        case "assistant":
            return "assistant"
        case _:
            is_output = isinstance(item.type, str) and item.type.endswith("_output")
            return "tool" if is_output else "assistant"


def _calls(item: Item) -> tuple[Call, ...]:
    """A function's arguments are JSON in a string, a custom tool's input is text."""
    if not isinstance(item.name, str):
        return ()
    given = item.input if item.arguments == NOTHING else item.arguments
    return (Call(text_or_empty(item.call_id), item.name, given),)


READING = Reading(
    author=_author,
    content=lambda item: item.content,
    calls=_calls,
    results=lambda item: (Result(text_or_empty(item.call_id), item.output),),
    payload=lambda item: (item.content, item.arguments, item.input, item.output),
    thinks=lambda item: item.encrypted_content is not NOTHING,
)


def parse(body: bytes) -> Parsed:
    """Read what routing needs. Raises `BodyError` where the body is not this dialect's."""
    found = decode(_Body, body)
    items = found.input
    if isinstance(items, str):
        items = [Item(role="user", content=Raw(msgspec.json.encode(items)))]
    return Parsed(
        Talk(messages=items or (), reading=READING, prompt=found.instructions),
        model=str(found.model),
        stream=found.stream,
        max_tokens=found.max_output_tokens,
        tools=(*_tool_names(found.tools), *_tools_among(items or ())),
        fields={
            "metadata": found.metadata,
            "text": found.text,
            "prompt_cache_key": found.prompt_cache_key,
            "client_metadata": found.client_metadata,
            "previous_response_id": found.previous_response_id,
        },
    )


def _tool_names(tools: list[_Named] | None) -> list[str]:
    """Built-in tools have a type and no name."""
    names = (tool.name if isinstance(tool.name, str) else tool.type for tool in tools or ())
    return [name for name in names if isinstance(name, str)]


def _tools_among(items: Sequence[Item]) -> Iterator[str]:
    """Names of tools that are offered among the messages, those within a namespace too."""
    for item in items:
        if item.type == "additional_tools" and isinstance(item.tools, list):
            yield from _names_in(item.tools)


def _names_in(tools: Iterable[Any]) -> Iterator[str]:
    for tool in tools:
        if not isinstance(tool, dict):
            continue
        inner = tool.get("tools")
        if isinstance(inner, list):
            yield from _names_in(inner)
        elif isinstance(tool.get("name"), str):
            yield tool["name"]


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None

    def counted(self) -> Usage | None:
        return detailed(
            self.input_tokens,
            self.output_tokens,
            self.input_tokens_details,
            self.output_tokens_details,
        )


class _Answer(Struct):
    """A whole answer, or an event that carries one in `response`."""

    type: str = ""
    id: str | None = None
    model: str | None = None
    usage: _Usage | None = None
    response: Any = None


class _Inner(Struct):
    id: str | None = None
    model: str | None = None
    usage: _Usage | None = None


class _Wrapped(Struct):
    response: _Inner


_answer = msgspec.json.Decoder(_Answer)
_wrapped = msgspec.json.Decoder(_Wrapped)

_LAST = frozenset({"response.completed", "response.incomplete", "response.failed"})
INTEREST = (b'"usage"', b"response.completed", b"response.incomplete", b"response.failed")


def fold(tally: Tally, data: bytes) -> Tally:
    """Take up what one event, or a whole JSON answer, says of model and usage."""
    answer = _answer.decode(data)
    wrapped = answer.type.startswith("response.") and answer.response is not None
    head = _wrapped.decode(data).response if wrapped else answer
    return msgspec.structs.replace(
        tally,
        id=head.id or tally.id,
        model=head.model or tally.model,
        usage=(head.usage.counted() if head.usage else None) or tally.usage,
        finished=tally.finished or answer.type in _LAST,
    )
