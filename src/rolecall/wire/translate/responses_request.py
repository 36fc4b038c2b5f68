"""Requests of the Responses API, read.

Source: https://developers.openai.com/api/reference/responses and PyPI openai 3.54.0,
types/responses/response_create_params.py, read 2026-11-24; Codex CLI 0.169 as it speaks.
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
    Refusal,
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
    media_of,
    named,
    number,
    objects,
    said,
    schema_of,
    whole,
)

SEARCH = "tool_search"
"""The function by which a client's own search for tools goes elsewhere."""
_READ = named(
    "model input instructions tools tool_choice parallel_tool_calls max_output_tokens "
    "temperature top_p stream stream_options reasoning text user safety_identifier "
    "prompt_cache_key include store metadata client_metadata truncation service_tier "
    "background previous_response_id conversation prompt prompt_cache_retention"
)
_UNTOLD = ("metadata", "service_tier", "prompt_cache_retention")
_ELSEWHERE = {
    "previous_response_id": "what it stands for is kept by the provider; send the whole history",
    "conversation": "what it stands for is kept by the provider; send the whole history",
    "prompt": "the template is kept by the provider; send its text",
    "background": "an answer in the background is kept by the provider; ask without it",
}
_ITEM = named(
    "type id status role content name namespace call_id arguments input output summary "
    "encrypted_content tools execution caller"
)
_PART = named("type text refusal image_url detail file_data file_url filename annotations logprobs")
_HOSTED = named(
    "web_search_call file_search_call computer_call code_interpreter_call "
    "image_generation_call mcp_call mcp_list_tools computer_call_output mcp_approval_request "
    "mcp_approval_response program program_output"
)


def read(body: Json, losses: Losses) -> Conversation:
    """Raises `Refused` where it cannot be said in another dialect."""
    for key, says in _ELSEWHERE.items():
        if body.get(key):
            raise Refused(f"{key} cannot be carried: {says}")
    losses.unknown("", body, _READ)
    losses.unknown("", {key: body.get(key) for key in _UNTOLD}, ())
    items = body.get("input")
    listed = (
        [{"role": "user", "content": items}] if isinstance(items, str) else objects(items, "input")
    )
    prompt = said(body, "instructions")
    system = (Message(author="system", parts=(Text(text=prompt),)),) if prompt else ()
    tools = list(_tools(body.get("tools"), "tools", losses))
    for at, one in enumerate(listed):
        if one.get("type") in ("tool_search_output", "additional_tools"):
            tools.extend(_tools(one.get("tools"), f"input[{at}].tools", losses))
    reasoning, text = body.get("reasoning"), body.get("text")
    return Conversation(
        messages=(*system, *_messages(listed, losses)),
        tools=tuple(_once(tools)),
        choice=_choice(body),
        max_tokens=whole(body, "max_output_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        effort=_effort(reasoning if isinstance(reasoning, dict) else {}),
        format=_format(text if isinstance(text, dict) else {}),
        user=said(body, "safety_identifier") or said(body, "user"),
        cache_key=said(body, "prompt_cache_key"),
        verbosity=said(text, "verbosity") if isinstance(text, dict) else None,
    )


def _effort(found: Json) -> Effort:
    level = said(found, "effort")
    shown = said(found, "summary") is not None
    return Effort(level=None if level == "none" else level, off=level == "none", shown=shown)


def _format(found: Json) -> Format | None:
    match found.get("format"):
        case {"type": "json_schema", "schema": dict(schema), **rest}:
            return Format(
                schema=schema,
                name=said(rest, "name") or "answer",
                strict=rest.get("strict") is True,
                description=said(rest, "description"),
            )
        case {"type": "json_object"}:
            return Format()
        case _:
            return None


def _choice(body: Json) -> Choice:
    parallel = body.get("parallel_tool_calls")
    parallel = parallel if isinstance(parallel, bool) else None
    match body.get("tool_choice"):
        case "none" | "required" | "auto" as mode:
            return Choice(mode=mode, parallel=parallel)
        case {"type": "function" | "custom", "name": str(name), **rest}:
            space = said(rest, "namespace")
            return Choice(mode="named", name=name, namespace=space, parallel=parallel)
        case {"type": str(kind)} if kind != "allowed_tools":
            raise Refused(f"tool_choice asks for {word(kind)}, which the provider runs itself")
        case {"type": "allowed_tools"}:
            raise Refused("tool_choice allowed_tools cannot be carried; offer only those tools")
        case _:
            return Choice(parallel=parallel)


def _once(tools: list[Tool]) -> Iterator[Tool]:
    met: set[tuple[str, str | None]] = set()
    for tool in tools:
        if (tool.name, tool.namespace) not in met:
            met.add((tool.name, tool.namespace))
            yield tool


def _tools(found: Any, place: str, losses: Losses, space: str | None = None) -> Iterator[Tool]:
    for at, one in enumerate(objects(found, place)):
        where = f"{place}[{at}]"
        match one.get("type"):
            case "function":
                yield Tool(
                    name=a_text(one.get("name"), f"{where}.name"),
                    description=said(one, "description") or "",
                    schema=schema_of(one.get("parameters"), f"{where}.parameters"),
                    strict=one.get("strict"),
                    namespace=space,
                )
            case "custom":
                yield Tool(
                    name=a_text(one.get("name"), f"{where}.name"),
                    description=said(one, "description") or "",
                    form="custom",
                    namespace=space,
                    grammar=_grammar(one.get("format")),
                )
            case "namespace":
                name = a_text(one.get("name"), f"{where}.name")
                yield from _tools(one.get("tools"), f"{where}.tools", losses, name)
            case "tool_search" if one.get("execution") == "client":
                yield Tool(
                    name=SEARCH,
                    description=said(one, "description") or "",
                    schema=schema_of(one.get("parameters"), f"{where}.parameters"),
                    form="search",
                )
            case kind:
                losses.add(f"the tool {word(kind)} is left out: the provider runs it itself")


def _grammar(found: Any) -> str | None:
    return said(found, "definition") if isinstance(found, dict) else None


def _messages(items: list[Json], losses: Losses) -> Iterator[Message]:
    for at, one in enumerate(items):
        found = _item(one, f"input[{at}]", losses)
        if found is not None:
            yield found


def _item(one: Json, place: str, losses: Losses) -> Message | None:  # noqa: PLR0911 (a table)
    kind = a_text(one.get("type", "message"), f"{place}.type")
    losses.unknown(f"{word(kind)}.", one, _ITEM)
    match kind:
        case "message":
            return _message(one, place, losses)
        case "reasoning":
            return Message(author="assistant", parts=(_thought(one),))
        case "function_call" | "custom_tool_call" | "tool_search_call":
            return Message(author="assistant", parts=(_call(one, place),))
        case "function_call_output" | "custom_tool_call_output":
            return Message(author="user", parts=(_result(one, place, losses),))
        case "tool_search_output":
            return Message(author="user", parts=(_found(one, place),))
        case "local_shell_call" | "shell_call" | "apply_patch_call":
            raise Refused(f"{place} is a {word(kind)}, a tool that only this dialect has")
        case "additional_tools":
            return None
        case "compaction" | "compaction_summary":
            raise Refused(f"{place} is a compaction that only its provider can read")
        case _ if kind in _HOSTED:
            losses.add(f"{word(kind)} is left out: a tool that the provider ran itself")
            return None
        case _:
            raise Refused(f"{place} cannot be carried: its type is {word(kind)}")


def _message(one: Json, place: str, losses: Losses) -> Message:
    content = one.get("content")
    listed = (
        [{"type": "input_text", "text": content}]
        if isinstance(content, str)
        else objects(content, f"{place}.content")
    )
    parts = tuple(_part(part, f"{place}.content[{at}]", losses) for at, part in enumerate(listed))
    match one.get("role"):
        case "user":
            return Message(author="user", parts=parts)
        case "assistant":
            return Message(author="assistant", parts=parts)
        case "system" | "developer":
            return Message(author="system", parts=parts)
        case other:
            raise Refused(f"{place}.role is {word(other)}; another dialect has no such author")


def _part(one: Json, place: str, losses: Losses) -> Text | Media | Refusal:
    losses.unknown("content.", one, _PART)
    match one:
        case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
            return Text(text=text)
        case {"type": "refusal", "refusal": str(text)}:
            return Refusal(text=text)
        case {"type": "input_image", "image_url": str(url)}:
            return media_of(url, Media(kind="image", detail=said(one, "detail")))
        case {"type": "input_file", "file_data": str(data)}:
            return media_of(data, Media(kind="document", name=said(one, "filename")))
        case {"type": "input_file", "file_url": str(url)}:
            return Media(kind="document", url=url, name=said(one, "filename"))
        case _:
            raise Refused(f"{place} cannot be carried: its type is {word(one.get('type'))}")


def _thought(one: Json) -> Thought:
    shown = [*objects(one.get("content"), "content"), *objects(one.get("summary"), "summary")]
    text = "\n\n".join(part["text"] for part in shown if isinstance(part.get("text"), str))
    return Thought(text=text, seal=unpack(said(one, "encrypted_content") or "", "openai.responses"))


def _call(one: Json, place: str) -> ToolCall:
    call_id = a_text(one.get("call_id"), f"{place}.call_id")
    match one["type"]:
        case "custom_tool_call":
            given = said(one, "input") or ""
            name, form = a_text(one.get("name"), f"{place}.name"), "custom"
        case "tool_search_call":
            given = msgspec.json.encode(one.get("arguments") or {}).decode()
            return ToolCall(id=call_id, name=SEARCH, arguments=given, form="search")
        case _:
            given = said(one, "arguments") or ""
            name, form = a_text(one.get("name"), f"{place}.name"), "function"
    return ToolCall(
        id=call_id,
        name=name,
        arguments=given,
        form="custom" if form == "custom" else "function",
        namespace=said(one, "namespace"),
    )


def _result(one: Json, place: str, losses: Losses) -> ToolResult:
    output = one.get("output")
    parts: tuple[Text | Media, ...]
    if isinstance(output, str):
        parts = (Text(text=output),)
    else:
        listed = objects(output, f"{place}.output")
        found = (_part(part, f"{place}.output[{at}]", losses) for at, part in enumerate(listed))
        parts = tuple(part for part in found if not isinstance(part, Refusal))
    return ToolResult(
        call_id=a_text(one.get("call_id"), f"{place}.call_id"),
        parts=parts,
        form="custom" if one["type"] == "custom_tool_call_output" else "function",
    )


def _found(one: Json, place: str) -> ToolResult:
    """What a search for tools has found: their names; the tools themselves are offered from now."""
    tools = _tools(one.get("tools"), f"{place}.tools", Losses())
    told = ", ".join(tool.name for tool in tools)
    call_id = a_text(one.get("call_id"), f"{place}.call_id")
    text = f"These tools can be called now: {told}" if told else "No tools were found."
    return ToolResult(call_id=call_id, parts=(Text(text=text),), form="search")
