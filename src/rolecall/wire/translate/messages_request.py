"""Requests of the Messages API, read and written.

Source: https://platform.claude.com/docs/en/api/messages and PyPI anthropic 2.12.0,
types/message_create_params.py, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rolecall.wire.translate.conversation import (
    Choice,
    Conversation,
    Effort,
    Format,
    Media,
    Message,
    Part,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
)
from rolecall.wire.translate.losses import Losses, Refused, word
from rolecall.wire.translate.seals import unpack
from rolecall.wire.translate.shapes import (
    Json,
    a_text,
    an_object,
    mark_of,
    named,
    number,
    objects,
    said,
    schema_of,
    texts,
    whole,
)

_READ = named(
    "model messages system tools tool_choice max_tokens temperature top_p top_k "
    "stop_sequences stream thinking output_config metadata cache_control context_management "
    "service_tier"
)
_TOOL = named("type name description input_schema strict cache_control")
_BLOCK = named(
    "type text cache_control id name input tool_use_id content is_error source title thinking "
    "signature data caller"
)


def read(body: Json, losses: Losses) -> Conversation:
    """Raises `Refused` where it cannot be said in another dialect."""
    if body.get("container") or body.get("mcp_servers"):
        raise Refused("container and mcp_servers are run by the provider, and no other has them")
    losses.unknown("", body, _READ)
    if body.get("context_management"):
        losses.add("context_management is left out: the history goes out whole")
    messages = objects(body.get("messages"), "messages")
    prompt = _parts(body.get("system"), "system", losses)
    read = (_message(one, at, losses) for at, one in enumerate(messages))
    system = (Message(author="system", parts=tuple(prompt)),) if body.get("system") else ()
    config = body.get("output_config")
    config = config if isinstance(config, dict) else {}
    return Conversation(
        messages=(*system, *read),
        tools=tuple(_tools(body, losses)),
        choice=_choice(body.get("tool_choice")),
        max_tokens=whole(body, "max_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        top_k=whole(body, "top_k"),
        stop=texts(body.get("stop_sequences"), "stop_sequences"),
        effort=_effort(body.get("thinking"), said(config, "effort")),
        format=_format(config.get("format")),
        user=_user(body.get("metadata")),
        cache_key=_user(body.get("metadata")),
    )


def _user(metadata: Any) -> str | None:
    """The user that the client names, whose cache it is too: with Claude Code a session."""
    return said(metadata, "user_id") if isinstance(metadata, dict) else None


def _effort(thinking: Any, level: str | None) -> Effort:
    match thinking:
        case {"type": "enabled", "budget_tokens": int(budget), **rest}:
            return Effort(level=level, budget=budget, shown=rest.get("display") != "omitted")
        case {"type": "adaptive", **rest}:
            return Effort(level=level or "high", shown=rest.get("display") != "omitted")
        case {"type": "disabled" | "between_tools"}:
            return Effort(level=level, off=level is None)
        case _:
            return Effort(level=level)


def _format(found: Any) -> Format | None:
    match found:
        case {"type": "json_schema", "schema": dict(schema)}:
            return Format(schema=schema, strict=True)
        case _:
            return None


def _choice(found: Any) -> Choice:
    if not isinstance(found, dict):
        return Choice()
    once = found.get("disable_parallel_tool_use")
    parallel = (not once) if isinstance(once, bool) else None
    match found:
        case {"type": "any"}:
            return Choice(mode="required", parallel=parallel)
        case {"type": "tool", "name": str(name)}:
            return Choice(mode="named", name=name, parallel=parallel)
        case {"type": "none"}:
            return Choice(mode="none", parallel=parallel)
        case _:
            return Choice(parallel=parallel)


def _tools(body: Json, losses: Losses) -> Iterator[Tool]:
    for at, one in enumerate(objects(body.get("tools"), "tools")):
        kind = one.get("type") or "custom"
        if kind != "custom":
            losses.add(f"the tool {word(kind)} is left out: the provider runs or defines it itself")
            continue
        losses.unknown("tools.", one, _TOOL)
        yield Tool(
            name=a_text(one.get("name"), f"tools[{at}].name"),
            description=said(one, "description") or "",
            schema=schema_of(one.get("input_schema"), f"tools[{at}].input_schema"),
            strict=one.get("strict"),
            cache=mark_of(one),
        )


def _message(found: Json, at: int, losses: Losses) -> Message:
    place = f"messages[{at}]"
    parts = tuple(_parts(found.get("content"), f"{place}.content", losses))
    match found.get("role"):
        case "user" | "assistant" | "system" as author:
            return Message(author=author, parts=parts)
        case other:
            raise Refused(f"{place}.role is {word(other)}; there are user, assistant and system")


def _parts(content: Any, place: str, losses: Losses) -> Iterator[Part]:
    if isinstance(content, str):
        if content:
            yield Text(text=content)
        return
    for at, one in enumerate(objects(content, place)):
        part = _part(one, f"{place}[{at}]", losses)
        if part is not None:
            yield part


def _part(one: Json, place: str, losses: Losses) -> Part | None:  # noqa: C901, PLR0911 (a table)
    losses.unknown(f"{word(one.get('type'))}.", one, _BLOCK)
    match one:
        case {"type": "text", "text": str(text)}:
            return Text(text=text, cache=mark_of(one))
        case {"type": "image", "source": dict(source)}:
            return _media("image", source, one, place)
        case {"type": "document", "source": dict(source)}:
            return _document(source, one, place)
        case {"type": "thinking", "thinking": str(text)}:
            return Thought(
                text=text, seal=unpack(said(one, "signature") or "", "anthropic.messages")
            )
        case {"type": "redacted_thinking", "data": str(data)}:
            seal = unpack(data, "anthropic.messages")
            return Thought(seal=msgspec.structs.replace(seal, redacted=True))
        case {"type": "tool_use"}:
            return _call(one, place)
        case {"type": "tool_result"}:
            return _result(one, place, losses)
        case {"type": "search_result"}:
            told = (
                p.text for p in _parts(one.get("content"), place, losses) if isinstance(p, Text)
            )
            return Text(text="\n".join([str(one.get("title") or ""), *told]), cache=mark_of(one))
        case {"type": "compaction", "content": str(text)}:
            return Text(text=text, cache=mark_of(one))
        case {"type": str(kind)} if kind == "server_tool_use" or kind.endswith("_tool_result"):
            losses.add(f"{word(kind)} is left out: a tool that the provider ran itself")
            return None
        case _:
            raise Refused(f"{place} cannot be carried: its type is {word(one.get('type'))}")


def _media(kind: Any, source: Json, one: Json, place: str) -> Media:
    name = said(one, "title")
    match source:
        case {"type": "base64", "data": str(data)}:
            return Media(
                kind=kind,
                media_type=said(source, "media_type"),
                data=data,
                name=name,
                cache=mark_of(one),
            )
        case {"type": "url", "url": str(url)}:
            return Media(kind=kind, url=url, name=name, cache=mark_of(one))
        case _:
            says = f"{place}.source is of the type {word(source.get('type'))}"
            raise Refused(f"{says}; a file that a provider keeps cannot be carried to another")


def _document(source: Json, one: Json, place: str) -> Text | Media:
    match source:
        case {"type": "text", "data": str(text)}:
            return Text(text=text, cache=mark_of(one))
        case {"type": "content", "content": str(text)}:
            return Text(text=text, cache=mark_of(one))
        case _:
            return _media("document", source, one, place)


def _call(one: Json, place: str) -> ToolCall:
    given = one.get("input")
    return ToolCall(
        id=a_text(one.get("id"), f"{place}.id"),
        name=a_text(one.get("name"), f"{place}.name"),
        arguments=msgspec.json.encode(an_object(given, f"{place}.input") if given else {}).decode(),
        cache=mark_of(one),
    )


def _result(one: Json, place: str, losses: Losses) -> ToolResult:
    parts: list[Text | Media] = []
    content = one.get("content")
    for at, inner in enumerate(objects(content, place) if not isinstance(content, str) else ()):
        if inner.get("type") == "tool_reference":
            losses.add("tool_reference is left out: the tool search of the provider")
            continue
        part = _part(inner, f"{place}.content[{at}]", losses)
        if isinstance(part, Text | Media):
            parts.append(part)
    if isinstance(content, str):
        parts = [Text(text=content)]
    return ToolResult(
        call_id=a_text(one.get("tool_use_id"), f"{place}.tool_use_id"),
        parts=tuple(parts),
        failed=one.get("is_error") is True,
        cache=mark_of(one),
    )
