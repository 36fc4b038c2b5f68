"""`google.gemini`: generateContent, whose path names the model and whether the answer streams.

Source: PyPI google-genai 3.4.0, types.py, read 2026-11-24. Keys come as `functionCall` or as
`function_call`; both are the API's own.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from rolecall.types import Usage
from rolecall.wire.parsed import Parsed, Reading, Talk, decode
from rolecall.wire.steps import NOTHING, UNREADABLE, Author, Call, Result, text_or_empty
from rolecall.wire.tally import Tally, count


class _Call(Struct):
    """A call has `args`, a result `response`."""

    id: Any = None
    name: Any = None
    args: Raw = NOTHING
    response: Raw = NOTHING


class _Response(Struct):
    """What a function gives back, under the keys that clients use."""

    output: Raw = NOTHING
    result: Raw = NOTHING
    error: Raw = NOTHING


class _Part(Struct):
    call: _Call | None = field(name="functionCall", default=None)
    called: _Call | None = field(name="function_call", default=None)
    result: _Call | None = field(name="functionResponse", default=None)
    resulted: _Call | None = field(name="function_response", default=None)


class _Content(Struct):
    role: Any = None
    parts: Raw = NOTHING


class _Named(Struct):
    name: Any = None


class _Tool(Struct):
    declared: list[_Named] | None = field(name="functionDeclarations", default=None)
    declarations: list[_Named] | None = field(name="function_declarations", default=None)


class _Config(Struct):
    most: int | None = field(name="maxOutputTokens", default=None)
    max_tokens: int | None = field(name="max_output_tokens", default=None)
    schema: Any = field(name="responseJsonSchema", default=None)


class _Body(Struct):
    contents: list[_Content]
    instruction: _Content | None = field(name="systemInstruction", default=None)
    system: _Content | None = field(name="system_instruction", default=None)
    config: _Config | None = field(name="generationConfig", default=None)
    generation: _Config | None = field(name="generation_config", default=None)
    tools: list[_Tool] | None = None


_response = msgspec.json.Decoder(_Response)
_parts = msgspec.json.Decoder(list[_Part])


def _author(message: _Content) -> Author:
    if message.role == "model":
        return "assistant"
    parts = bytes(message.parts)
    answers = b'"functionResponse"' in parts or b'"function_response"' in parts
    return "tool" if answers else "human"


def _parts_of(message: _Content) -> list[_Part]:
    try:
        return _parts.decode(message.parts)
    except UNREADABLE:
        return []  # a shape this dialect does not know


def _calls(message: _Content) -> list[Call]:
    found = (part.call or part.called for part in _parts_of(message))
    return [
        Call(text_or_empty(call.id), call.name, call.args)
        for call in found
        if call is not None and isinstance(call.name, str)
    ]


def _results(message: _Content) -> list[Result]:
    found = (part.result or part.resulted for part in _parts_of(message))
    return [_result(one) for one in found if one is not None]


def _result(found: _Call) -> Result:
    try:
        told = _response.decode(found.response)
    except UNREADABLE:
        return Result(text_or_empty(found.id), found.response)
    failed = told.error is not NOTHING
    said = next((one for one in (told.output, told.result, told.error) if one is not NOTHING), None)
    return Result(text_or_empty(found.id), found.response if said is None else said, failed)


def _thinks(message: _Content) -> bool:
    if message.role != "model":
        return False
    parts = bytes(message.parts)
    return b'"thoughtSignature"' in parts or b'"thought_signature"' in parts


_reading = Reading(
    author=_author,
    content=lambda message: message.parts,
    calls=_calls,
    results=_results,
    payload=lambda message: (message.parts,),
    thinks=_thinks,
    beside=True,
)


def parse(body: bytes) -> Parsed:
    """Read what routing needs. Raises `BodyError` where the body is not this dialect's.

    Model and stream stand in the path, and are empty here.
    """
    found = decode(_Body, body)
    prompt = found.instruction or found.system
    config = found.config or found.generation or _Config()
    offered = (tool.declared or tool.declarations or () for tool in found.tools or ())
    return Parsed(
        Talk(
            messages=found.contents,
            reading=_reading,
            prompt=None if prompt is None else prompt.parts,
        ),
        model="",
        stream=None,
        max_tokens=config.most or config.max_tokens,
        tools=tuple(one.name for some in offered for one in some if isinstance(one.name, str)),
        fields={"response_schema": config.schema},
    )


class _Counts(Struct, rename="camel"):
    prompt_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None


class _Candidate(Struct):
    reason: str | None = field(name="finishReason", default=None)


class _Answer(Struct):
    """A whole answer, or one chunk of a stream."""

    model: str | None = field(name="modelVersion", default=None)
    counts: _Counts | None = field(name="usageMetadata", default=None)
    candidates: list[_Candidate] | None = None


_answer = msgspec.json.Decoder(_Answer)

INTEREST = (b'"usageMetadata"', b'"finishReason"')


def fold(tally: Tally, data: bytes) -> Tally:
    """Take up what one chunk, or a whole answer, says of model and usage. Chunks count up."""
    found = _answer.decode(data)
    counts = found.counts
    ends = any(one.reason for one in found.candidates or ())
    return msgspec.structs.replace(
        tally,
        model=found.model or tally.model,
        usage=tally.usage if counts is None else _usage(counts),
        finished=tally.finished or ends,
    )


def _usage(found: _Counts) -> Usage:
    """Here cached tokens are part of the prompt, and thoughts are not part of the candidates."""
    thought = count(found.thoughts_token_count)
    asked = count(found.prompt_token_count) + count(found.tool_use_prompt_token_count)
    return Usage(
        input_tokens=asked,
        output_tokens=count(found.candidates_token_count) + thought,
        cache_read_input_tokens=count(found.cached_content_token_count),
        reasoning_tokens=thought,
    )
