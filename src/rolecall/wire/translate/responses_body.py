"""Requests of the Responses API, written. Source: as in `responses_request.py`."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

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
from rolecall.wire.translate.losses import FOREIGN_THOUGHT, OWN_CACHE, Losses
from rolecall.wire.translate.names import plain
from rolecall.wire.translate.shapes import Json, leading, url_of
from rolecall.wire.translate.tools import EMPTY, as_arguments, as_function


def write(found: Conversation, goal: Goal, losses: Losses) -> Json:
    """The body for a provider that speaks this dialect. Nothing is kept there (`store`)."""
    unsaid = {"top_k": found.top_k, "stop": found.stop, "seed": found.seed, **found.penalties}
    losses.unsaid("openai.responses", **unsaid)
    if is_marked(found):
        losses.add(OWN_CACHE)
    prompt, rest = leading(found.messages)
    body: Json = {"model": goal.model, "store": False}
    if prompt:
        body["instructions"] = "\n\n".join(part.text for part in prompt)
    body["input"] = [item for message in rest for item in _items(message, goal, losses)]
    body |= _settings(found)
    _think(body, found, goal, losses)
    if found.tools:
        body["tools"] = [_tool(tool) for tool in found.tools]
        body |= _choice(found.choice)
    return body


def _settings(found: Conversation) -> Json:
    settings: Json = {
        "max_output_tokens": found.max_tokens,
        "temperature": found.temperature,
        "top_p": found.top_p,
        "safety_identifier": _key(found.user),
        "prompt_cache_key": _key(found.cache_key),
        "stream": True if found.stream else None,
    }
    text: Json = {}
    if found.format is not None:
        text["format"] = _format(found.format)
    if found.verbosity is not None:
        text["verbosity"] = found.verbosity
    return {key: value for key, value in settings.items() if value is not None} | (
        {"text": text} if text else {}
    )


def _key(text: str | None) -> str | None:
    """At most 64 characters are taken there; a digest stands for what is longer."""
    if text is None or len(text) <= _LONGEST_KEY:
        return text
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


_LONGEST_KEY = 64


def _format(found: Format) -> Json:
    if found.schema is None:
        return {"type": "json_object"}
    form: Json = {"type": "json_schema", "name": found.name, "schema": found.schema}
    if found.strict is not None:
        form["strict"] = found.strict
    return form


def _think(body: Json, found: Conversation, goal: Goal, losses: Losses) -> None:
    """Reasoning comes back encrypted, as the provider keeps nothing of it."""
    chosen = level(found.effort, goal, losses)
    reasoning: Json = {} if chosen is None else {"effort": chosen}
    if found.effort.shown and not found.effort.off and chosen not in (None, "none"):
        reasoning["summary"] = "auto"
    if reasoning:
        body["reasoning"] = reasoning
        body["include"] = ["reasoning.encrypted_content"]


def _choice(choice: Choice) -> Json:
    written: Json = {}
    if choice.mode == "named":
        name = plain(choice.name or "", choice.namespace)
        written["tool_choice"] = {"type": "function", "name": name}
    elif choice.mode != "auto":
        written["tool_choice"] = choice.mode
    if choice.parallel is not None:
        written["parallel_tool_calls"] = choice.parallel
    return written


def _tool(given: Tool) -> Json:
    tool = as_function(given)
    written: Json = {"type": "function", "name": plain(tool.name, tool.namespace)}
    if tool.description:
        written["description"] = tool.description
    written["parameters"] = tool.schema or EMPTY
    written["strict"] = bool(tool.strict)
    return written


def _items(message: Message, goal: Goal, losses: Losses) -> Iterator[Json]:
    match message.author:
        case "system":
            told = [_shown(part) for part in message.parts if isinstance(part, Text)]
            yield {"type": "message", "role": "developer", "content": told}
        case "user":
            yield from _user(message, losses)
        case "assistant":
            yield from _assistant(message, goal, losses)


def _user(message: Message, losses: Losses) -> Iterator[Json]:
    for part in message.parts:
        if isinstance(part, ToolResult):
            if part.failed:
                losses.add("that a tool failed is told by the words of its result alone")
            yield _result(part)
    shown = [_shown(part) for part in message.parts if isinstance(part, Text | Media)]
    if shown:
        yield {"type": "message", "role": "user", "content": shown}


def _assistant(message: Message, goal: Goal, losses: Losses) -> Iterator[Json]:
    for part in message.parts:
        match part:
            case Text(text=text):
                yield {"type": "message", "role": "assistant", "content": text}
            case Refusal(text=text):
                yield _refused(text)
            case Thought(text=text, seal=seal):
                if seal is None or (seal.dialect, seal.maker) != ("openai.responses", goal.maker):
                    losses.add(FOREIGN_THOUGHT)
                else:
                    summary = [{"type": "summary_text", "text": text}] if text else []
                    thought: Json = {"type": "reasoning", "id": seal.id, "summary": summary}
                    yield {**thought, "encrypted_content": seal.data}
            case ToolCall():
                yield _call(part)
            case Media() | ToolResult():
                losses.add("an image in an answer of the model is left out")


def _refused(text: str) -> Json:
    """Only an answer of the API's own may hold a refusal, and that has an id and a status."""
    content = [{"type": "refusal", "refusal": text}]
    own = {"id": "msg_refusal", "status": "completed"}
    return {"type": "message", "role": "assistant", **own, "content": content}


def _call(call: ToolCall) -> Json:
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": plain(call.name, call.namespace),
        "arguments": as_arguments(call.arguments, call.form),
    }


def _result(result: ToolResult) -> Json:
    parts = [_shown(part) for part in result.parts]
    is_text = all(isinstance(part, Text) for part in result.parts) and len(parts) <= 1
    output = (parts[0]["text"] if parts else "") if is_text else parts
    return {"type": "function_call_output", "call_id": result.call_id, "output": output}


def _shown(part: Text | Media) -> Json:
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    if part.kind == "image":
        return {"type": "input_image", "image_url": url_of(part), "detail": part.detail or "auto"}
    if part.data is None:
        return {"type": "input_file", "file_url": part.url}
    name = part.name or "document.pdf"
    return {"type": "input_file", "filename": name, "file_data": url_of(part)}
