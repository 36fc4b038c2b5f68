"""`openai.chat`: Chat Completions, as OpenAI and most engines speak it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.types import Usage
from rolecall.wire.parsed import Once, Parsed, Reading, Talk, decode
from rolecall.wire.steps import NOTHING, Author, Call, Result, text_or_empty
from rolecall.wire.tally import InputDetails, OutputDetails, Tally, detailed


class _Function(Struct):
    name: Any = None
    arguments: Raw = NOTHING


class Named(Struct):
    """A tool that is offered, or a call of one."""

    function: _Function | None = None
    type: Any = None
    id: Any = None


class Message(Struct):
    """A message, also as Ollama has it."""

    role: Any = None
    content: Raw = NOTHING
    tool_calls: list[Named] | None = None
    tool_call_id: Any = None
    reasoning_content: Raw = NOTHING


class _Body(Struct):
    model: Once
    messages: list[Message]
    stream: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[Named] | None = None
    metadata: Any = None
    response_format: Any = None
    prompt_cache_key: Any = None
    suffix: Any = None


def _author(message: Message) -> Author:
    match message.role:
        case "user":
            return "human"
        case "tool" | "function":
            return "tool"
        case "system" | "developer":
            return "system"
        case _:
            return "assistant"


def names_of(items: list[Named] | None) -> tuple[str, ...]:
    names = (item.function.name if item.function else item.type for item in items or ())
    return tuple(name for name in names if isinstance(name, str))


def _calls(message: Message) -> list[Call]:
    return [
        Call(text_or_empty(call.id), call.function.name, call.function.arguments)
        for call in message.tool_calls or ()
        if call.function is not None and isinstance(call.function.name, str)
    ]


def _results(message: Message) -> tuple[Result]:
    return (Result(text_or_empty(message.tool_call_id), message.content),)


def _payload(message: Message) -> tuple[Raw, ...]:
    functions = (call.function for call in message.tool_calls or ())
    return (message.content, *(found.arguments for found in functions if found is not None))


READING = Reading(
    author=_author,
    content=lambda message: message.content,
    calls=_calls,
    results=_results,
    payload=_payload,
    thinks=lambda message: message.reasoning_content is not NOTHING,
)


def parse(body: bytes) -> Parsed:
    """Read what routing needs. Raises `BodyError` where the body is not this dialect's."""
    found = decode(_Body, body)
    return Parsed(
        Talk(messages=found.messages, reading=READING),
        model=str(found.model),
        stream=found.stream,
        max_tokens=found.max_completion_tokens or found.max_tokens,
        tools=names_of(found.tools),
        fields={
            "metadata": found.metadata,
            "response_format": found.response_format,
            "prompt_cache_key": found.prompt_cache_key,
            "suffix": found.suffix,
        },
    )


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None

    def counted(self) -> Usage | None:
        return detailed(
            self.prompt_tokens,
            self.completion_tokens,
            self.prompt_tokens_details,
            self.completion_tokens_details,
        )


class _Answer(Struct):
    """A whole answer, or one chunk of a stream: usage stands in the same place in both."""

    model: str | None = None
    usage: _Usage | None = None


_answer = msgspec.json.Decoder(_Answer)

INTEREST = (b'"usage"', b"[DONE]")


def fold(tally: Tally, data: bytes) -> Tally:
    """Take up what one event, or a whole JSON answer, says of model and usage."""
    if data == b"[DONE]":
        return msgspec.structs.replace(tally, finished=True)
    answer = _answer.decode(data)
    return msgspec.structs.replace(
        tally,
        model=answer.model or tally.model,
        usage=(answer.usage.counted() if answer.usage else None) or tally.usage,
    )
