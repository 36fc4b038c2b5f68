"""Requests of Chat Completions, written. Source: as in `chat_request.py`."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.wire.translate.checks import is_marked
from rolecall.wire.translate.conversation import (
    Choice,
    Conversation,
    Format,
    Goal,
    Media,
    Message,
    Refusal,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
)
from rolecall.wire.translate.effort import level
from rolecall.wire.translate.losses import FOREIGN_THOUGHT, OWN_CACHE, SYSTEM_IN_TEXT, Losses
from rolecall.wire.translate.names import plain
from rolecall.wire.translate.shapes import Json, leading, nine, url_of
from rolecall.wire.translate.tools import EMPTY, as_arguments, as_function


def write(found: Conversation, goal: Goal, losses: Losses) -> Json:
    """The body for a provider that speaks this dialect."""
    unsaid = {"top_k": found.top_k, "verbosity": found.verbosity, "user": found.user}
    losses.unsaid("openai.chat", prompt_cache_key=found.cache_key, **unsaid)
    if is_marked(found):
        losses.add(OWN_CACHE)
    prompt, rest = leading(found.messages)
    messages = [{"role": "system", "content": _content(prompt)}] if prompt else []
    for message in rest:
        messages.extend(_written(message, goal, losses))
    body: Json = {"model": goal.model, "messages": messages}
    body |= _settings(found)
    asked = level(found.effort, goal, losses)
    if asked is not None:
        body["reasoning_effort"] = asked
    if found.tools:
        body["tools"] = [_tool_out(tool) for tool in found.tools]
        body |= _choice_out(found.choice)
    if found.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def _settings(found: Conversation) -> Json:
    settings: Json = {
        "max_tokens": found.max_tokens,
        "temperature": found.temperature,
        "top_p": found.top_p,
        "stop": list(found.stop) or None,
        "seed": found.seed,
        **found.penalties,
        "response_format": None if found.format is None else _format_out(found.format),
    }
    return {key: value for key, value in settings.items() if value is not None}


def _format_out(found: Format) -> Json:
    if found.schema is None:
        return {"type": "json_object"}
    inner: Json = {"name": found.name, "schema": found.schema}
    if found.strict is not None:
        inner["strict"] = found.strict
    return {"type": "json_schema", "json_schema": inner}


def _choice_out(choice: Choice) -> Json:
    written: Json = {}
    if choice.mode == "named":
        name = plain(choice.name or "", choice.namespace)
        written["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif choice.mode != "auto":
        written["tool_choice"] = choice.mode
    if choice.parallel is not None:
        written["parallel_tool_calls"] = choice.parallel
    return written


def _tool_out(given: Tool) -> Json:
    tool = as_function(given)
    function: Json = {"name": plain(tool.name, tool.namespace)}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.schema or EMPTY
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _written(message: Message, goal: Goal, losses: Losses) -> Iterator[Json]:
    match message.author:
        case "system":
            told = [part for part in message.parts if isinstance(part, Text)]
            yield {"role": "user", "content": _content(told, SYSTEM_IN_TEXT)}
        case "assistant":
            yield _assistant(message, goal, losses)
        case "user":
            yield from _user(message, goal, losses)


def _content(parts: list[Text], form: str = "{}") -> str | list[Json]:
    told = [form.format(part.text) if form != "{}" else part.text for part in parts]
    return told[0] if len(told) == 1 else [{"type": "text", "text": text} for text in told]


def _assistant(message: Message, goal: Goal, losses: Losses) -> Json:
    told: list[str] = []
    written: Json = {"role": "assistant", "content": None}
    calls: list[Json] = []
    for part in message.parts:
        match part:
            case Text(text=text) | Refusal(text=text):
                told.append(text)
            case ToolCall():
                calls.append(_call_out(part, goal))
            case Thought(text=text, seal=seal):
                if seal is not None and (seal.dialect, seal.maker) == ("openai.chat", goal.maker):
                    written["reasoning_content"] = written.get("reasoning_content", "") + text
                else:
                    losses.add(FOREIGN_THOUGHT)
            case Media() | ToolResult():
                losses.add("an image in an answer of the model is left out")
    if told:
        written["content"] = "\n".join(told)
    if calls:
        written["tool_calls"] = calls
    elif not told:
        written["content"] = ""
    return written


def _call_out(call: ToolCall, goal: Goal) -> Json:
    name = plain(call.name, call.namespace)
    arguments = as_arguments(call.arguments, call.form)
    return {
        "id": nine(call.id, short=goal.short_ids),
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def _user(message: Message, goal: Goal, losses: Losses) -> Iterator[Json]:
    """Results first, each as a message of its own; images of results follow, as nobody else can."""
    shown: list[Json] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            yield _result_out(part, goal)
            if part.failed:
                losses.add("that a tool failed is told by the words of its result alone")
            images = [one for one in part.parts if isinstance(one, Media)]
            if images:
                shown.append({"type": "text", "text": f"Of the tool result {part.call_id}:"})
                shown.extend(_media_out(one) for one in images)
    shown.extend(_shown(part) for part in message.parts if isinstance(part, Text | Media))
    if len(shown) == 1 and shown[0]["type"] == "text":
        yield {"role": "user", "content": shown[0]["text"]}
    elif shown:
        yield {"role": "user", "content": shown}


def _shown(part: Text | Media) -> Json:
    return {"type": "text", "text": part.text} if isinstance(part, Text) else _media_out(part)


def _result_out(result: ToolResult, goal: Goal) -> Json:
    told = "\n".join(part.text for part in result.parts if isinstance(part, Text))
    return {
        "role": "tool",
        "tool_call_id": nine(result.call_id, short=goal.short_ids),
        "content": told,
    }


def _media_out(media: Media) -> Json:
    if media.kind == "image":
        image: Json = {"url": url_of(media)}
        if media.detail is not None:
            image["detail"] = media.detail
        return {"type": "image_url", "image_url": image}
    name = media.name or "document.pdf"
    if media.data is None:
        return {"type": "text", "text": f"[{name}]({media.url})"}
    return {"type": "file", "file": {"filename": name, "file_data": url_of(media)}}
