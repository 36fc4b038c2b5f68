"""Requests of Chat Completions, read and written.

Source: https://developers.openai.com/api/reference/chat-completions and PyPI openai 3.54.0,
types/chat/completion_create_params.py, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rolecall.wire.translate.conversation import (
    Choice,
    Conversation,
    Effort,
    Format,
    Media,
    Message,
    Part,
    Refusal,
    Seal,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
)
from rolecall.wire.translate.losses import Losses, Refused, word
from rolecall.wire.translate.shapes import (
    Json,
    a_text,
    an_object,
    mark_of,
    media_of,
    named,
    number,
    objects,
    penalties_of,
    said,
    schema_of,
    texts,
    whole,
    within,
)

_READ = named(
    "model messages tools tool_choice parallel_tool_calls max_tokens max_completion_tokens "
    "temperature top_p top_k stop seed presence_penalty frequency_penalty stream "
    "stream_options reasoning_effort response_format user safety_identifier prompt_cache_key "
    "verbosity n store metadata service_tier logprobs modalities functions function_call"
)
_MESSAGE = named(
    "role content tool_calls tool_call_id refusal reasoning_content reasoning annotations "
    "cache_control"
)
_PART = named("type text refusal image_url file cache_control")
_UNTOLD = frozenset({"store", "metadata", "service_tier"})
"""Settings that speak of the provider's own house: kept answers, tags, queues."""


def read(body: Json, losses: Losses) -> Conversation:
    """Raises `Refused` where it cannot be said in another dialect."""
    _refuse(body)
    losses.unknown("", body, _READ)
    losses.unknown("", {key: body.get(key) for key in _UNTOLD}, ())
    messages = objects(body.get("messages"), "messages")
    return Conversation(
        messages=tuple(_message(one, at, losses) for at, one in enumerate(messages)),
        tools=tuple(tool_of(one, at) for at, one in enumerate(objects(body.get("tools"), "tools"))),
        choice=_choice(body),
        max_tokens=whole(body, "max_completion_tokens") or whole(body, "max_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        top_k=whole(body, "top_k"),
        stop=texts(body.get("stop"), "stop"),
        seed=whole(body, "seed"),
        penalties=penalties_of(body),
        counted=bool(within(body, "stream_options").get("include_usage")),
        effort=_effort(said(body, "reasoning_effort")),
        format=_format(body.get("response_format")),
        user=said(body, "safety_identifier") or said(body, "user"),
        cache_key=said(body, "prompt_cache_key"),
        verbosity=said(body, "verbosity"),
    )


def _refuse(body: Json) -> None:
    if (whole(body, "n") or 1) > 1:
        raise Refused("n asks for several answers; another dialect gives one")
    if body.get("logprobs"):
        raise Refused("logprobs cannot be asked of another dialect")
    if "audio" in texts(body.get("modalities"), "modalities"):
        raise Refused("an answer in audio cannot be asked of another dialect")
    if body.get("functions"):
        raise Refused("functions is the older form of tools; offer them as tools")


def _effort(level: str | None) -> Effort:
    return Effort(level=None if level == "none" else level, off=level == "none")


def _format(found: Any) -> Format | None:
    if not isinstance(found, dict):
        return None
    match found.get("type"):
        case "json_schema":
            inner = an_object(found.get("json_schema"), "response_format.json_schema")
            return Format(
                schema=schema_of(inner.get("schema"), "response_format.json_schema.schema"),
                name=said(inner, "name") or "answer",
                strict=inner.get("strict"),
                description=said(inner, "description"),
            )
        case "json_object":
            return Format()
        case _:
            return None


def _choice(body: Json) -> Choice:
    found, parallel = body.get("tool_choice"), body.get("parallel_tool_calls")
    parallel = parallel if isinstance(parallel, bool) else None
    match found:
        case "none" | "required" | "auto":
            return Choice(mode=found, parallel=parallel)
        case {"function": {"name": str(name)}} | {"custom": {"name": str(name)}}:
            return Choice(mode="named", name=name, parallel=parallel)
        case _:
            return Choice(parallel=parallel)


def tool_of(found: Json, at: int) -> Tool:
    place = f"tools[{at}]"
    if found.get("type") == "custom":
        raise Refused(f"{place} is a custom tool, whose calls have no stream; offer a function")
    inner = an_object(found.get("function"), f"{place}.function")
    return Tool(
        name=a_text(inner.get("name"), f"{place}.function.name"),
        description=said(inner, "description") or "",
        schema=schema_of(inner.get("parameters"), f"{place}.function.parameters"),
        strict=inner.get("strict"),
        cache=mark_of(found),
    )


def _message(found: Json, at: int, losses: Losses) -> Message:
    place = f"messages[{at}]"
    losses.unknown("messages.", found, _MESSAGE)
    match found.get("role"):
        case "system" | "developer":
            return Message(author="system", parts=tuple(_parts(found, place, losses)))
        case "user":
            return Message(author="user", parts=tuple(_parts(found, place, losses)))
        case "tool":
            result = ToolResult(
                call_id=a_text(found.get("tool_call_id"), f"{place}.tool_call_id"),
                parts=tuple(p for p in _parts(found, place, losses) if isinstance(p, Text | Media)),
                cache=mark_of(found),
            )
            return Message(author="user", parts=(result,))
        case "assistant":
            said_parts = _thoughts(found), _parts(found, place, losses), _calls(found, place)
            return Message(author="assistant", parts=tuple(p for some in said_parts for p in some))
        case other:
            raise Refused(f"{place}.role is {word(other)}; another dialect has no such author")


def _thoughts(found: Json) -> Iterator[Part]:
    text = said(found, "reasoning_content") or said(found, "reasoning")
    if text:
        yield Thought(text=text, seal=Seal(dialect="openai.chat", maker=None))


def _parts(found: Json, place: str, losses: Losses) -> Iterator[Part]:
    if said(found, "refusal"):
        yield Refusal(text=found["refusal"])
    content = found.get("content")
    if isinstance(content, str):
        if content:
            yield Text(text=content, cache=mark_of(found))
        return
    for at, one in enumerate(objects(content, f"{place}.content")):
        yield _part(one, f"{place}.content[{at}]", losses)


def _part(one: Json, place: str, losses: Losses) -> Part:
    losses.unknown("content.", one, _PART)
    match one:
        case {"type": "text", "text": str(text)}:
            return Text(text=text, cache=mark_of(one))
        case {"type": "refusal", "refusal": str(text)}:
            return Refusal(text=text)
        case {"type": "image_url", "image_url": {"url": str(url), **rest}}:
            detail = said(rest, "detail")
            return media_of(url, Media(kind="image", detail=detail, cache=mark_of(one)))
        case {"type": "file", "file": {"file_data": str(data), **rest}}:
            document = Media(kind="document", name=said(rest, "filename"), cache=mark_of(one))
            return media_of(data, document)
        case _:
            raise Refused(f"{place} cannot be carried: its type is {word(one.get('type'))}")


def _calls(found: Json, place: str) -> Iterator[ToolCall]:
    for at, one in enumerate(objects(found.get("tool_calls"), f"{place}.tool_calls")):
        where = f"{place}.tool_calls[{at}]"
        call_id = a_text(one.get("id"), f"{where}.id")
        if one.get("type") == "custom":
            inner = an_object(one.get("custom"), f"{where}.custom")
            given, form = said(inner, "input") or "", "custom"
        else:
            inner = an_object(one.get("function"), f"{where}.function")
            given, form = said(inner, "arguments") or "", "function"
        name = a_text(inner.get("name"), f"{where}.name")
        yield ToolCall(
            id=call_id,
            name=name,
            arguments=given,
            form="custom" if form == "custom" else "function",
        )
