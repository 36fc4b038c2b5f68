"""`anthropic.messages`: the Messages API, with its token counting endpoint."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.types import Usage
from rolecall.wire.parsed import Once, Parsed, Reading, Talk, decode
from rolecall.wire.steps import NOTHING, UNREADABLE, Author, Call, Result, text_or_empty
from rolecall.wire.tally import Tally, count


class _Named(Struct):
    name: Any = None
    type: Any = None


class Message(Struct):
    role: Any = None
    content: Raw = NOTHING


class _Block(Struct):
    """A `tool_use` has `id`, `name` and `input`; a `tool_result` the other three."""

    type: Any = None
    id: Any = None
    name: Any = None
    input: Raw = NOTHING
    tool_use_id: Any = None
    content: Raw = NOTHING
    is_error: Any = None


class _Body(Struct):
    model: Once
    messages: list[Message]
    system: Raw = NOTHING
    stream: bool | None = None
    max_tokens: int | None = None
    tools: list[_Named] | None = None
    metadata: Any = None
    output_config: Any = None


_blocks = msgspec.json.Decoder(list[_Block])


def _author(message: Message) -> Author:
    match message.role:
        case "user":
            return "tool" if b'"tool_result"' in bytes(message.content) else "human"
        case "system":
            return "system"
        case _:
            return "assistant"


def _blocks_of(message: Message, kind: str) -> list[_Block]:
    try:
        return [block for block in _blocks.decode(message.content) if block.type == kind]
    except UNREADABLE:
        return []  # plain text, or a shape this dialect does not know


def _calls(message: Message) -> list[Call]:
    return [
        Call(text_or_empty(block.id), block.name, block.input)
        for block in _blocks_of(message, "tool_use")
        if isinstance(block.name, str)
    ]


def _results(message: Message) -> list[Result]:
    return [
        Result(text_or_empty(block.tool_use_id), block.content, block.is_error is True)
        for block in _blocks_of(message, "tool_result")
    ]


def _thinks(message: Message) -> bool:
    if message.role != "assistant":
        return False
    content = bytes(message.content)
    return b'"signature"' in content or b'"redacted_thinking"' in content


READING = Reading(
    author=_author,
    content=lambda message: message.content,
    calls=_calls,
    results=_results,
    payload=lambda message: (message.content,),
    thinks=_thinks,
    beside=True,
)


def parse(body: bytes) -> Parsed:
    """Read what routing needs. Raises `BodyError` where the body is not this dialect's."""
    found = decode(_Body, body)
    return Parsed(
        Talk(messages=found.messages, reading=READING, prompt=found.system),
        model=str(found.model),
        stream=found.stream,
        max_tokens=found.max_tokens,
        tools=tuple(t.name for t in found.tools or () if isinstance(t.name, str)),
        fields={"metadata": found.metadata, "output_config": found.output_config},
    )


class _OutputDetails(Struct):
    thinking_tokens: int | None = None


class _Creation(Struct):
    ephemeral_1h_input_tokens: int | None = None


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Creation | None = None
    output_tokens_details: _OutputDetails | None = None


class _Head(Struct):
    model: str | None = None
    usage: _Usage | None = None


class _Answer(Struct):
    """A whole answer, or an event: `message_start` wraps the message, `message_delta` does not."""

    type: str = ""
    model: str | None = None
    usage: _Usage | None = None
    message: Any = None


class _Start(Struct):
    message: _Head


_answer = msgspec.json.Decoder(_Answer)
_start = msgspec.json.Decoder(_Start)

INTEREST = (b'"usage"', b"message_stop")


def fold(tally: Tally, data: bytes) -> Tally:
    """Take up what one event, or a whole JSON answer, says of model and usage.

    `message_delta` repeats counts cumulatively, and may leave out those of the input.
    """
    answer = _answer.decode(data)
    if answer.type == "message_stop":
        return msgspec.structs.replace(tally, finished=True)
    head = _start.decode(data).message if answer.type == "message_start" else answer
    return msgspec.structs.replace(
        tally,
        model=head.model or tally.model,
        usage=_usage(head.usage, tally.usage) if head.usage else tally.usage,
    )


def _usage(found: _Usage, before: Usage | None) -> Usage:
    """Input counts exclude cached parts in this dialect; ours include them."""
    known = before or Usage(input_tokens=0, output_tokens=0)
    read = _newer(found.cache_read_input_tokens, known.cache_read_input_tokens)
    write = _newer(found.cache_creation_input_tokens, known.cache_write_input_tokens)
    kept = None if found.cache_creation is None else found.cache_creation.ephemeral_1h_input_tokens
    details = found.output_tokens_details
    thought = None if details is None else details.thinking_tokens
    plain = known.input_tokens - known.cache_read_input_tokens - known.cache_write_input_tokens
    return Usage(
        input_tokens=_newer(found.input_tokens, plain) + read + write,
        output_tokens=_newer(found.output_tokens, known.output_tokens),
        cache_read_input_tokens=read,
        cache_write_input_tokens=write,
        reasoning_tokens=_newer(thought, known.reasoning_tokens),
        cache_write_1h_input_tokens=_newer(kept, known.cache_write_1h_input_tokens),
    )


def _newer(found: int | None, known: int) -> int:
    return known if found is None else count(found)
