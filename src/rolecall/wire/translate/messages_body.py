"""Requests of the Messages API, written. Source: as in `messages_request.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.wire.translate.checks import is_marked
from rolecall.wire.translate.conversation import (
    Choice,
    Conversation,
    Goal,
    Media,
    Message,
    Part,
    Refusal,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
)
from rolecall.wire.translate.effort import budget, level
from rolecall.wire.translate.losses import FOREIGN_THOUGHT, SYSTEM_IN_TEXT, Losses
from rolecall.wire.translate.names import plain
from rolecall.wire.translate.shapes import Json, arguments_of, clean_id, leading
from rolecall.wire.translate.tools import EMPTY, as_arguments, as_function

ANSWER = 32_000
"""Tokens of an answer where the client names no limit: this dialect asks for one."""
_MARK: Json = {"type": "ephemeral"}


def write(found: Conversation, goal: Goal, losses: Losses) -> Json:
    """The body for a provider that speaks this dialect."""
    unsaid = {"seed": found.seed, "verbosity": found.verbosity, **found.penalties}
    losses.unsaid("anthropic.messages", prompt_cache_key=found.cache_key, **unsaid)
    prompt, rest = leading(found.messages)
    room = found.max_tokens or min(ANSWER, goal.max_output or ANSWER)
    if goal.max_output is not None:
        room = min(room, goal.max_output)
    body: Json = {"model": goal.model, "max_tokens": room}
    if prompt:
        body["system"] = [_text(part) for part in prompt if part.text]
    body["messages"] = [one for message in rest for one in _written(message, goal, losses)]
    if found.tools:
        body["tools"] = [_tool(tool) for tool in found.tools]
        body |= _choice(found.choice)
    _think(body, found, goal, losses)
    _settings(body, found, goal, losses)
    _mark(body, found)
    return body


def _settings(body: Json, found: Conversation, goal: Goal, losses: Losses) -> None:
    _sample(body, found, losses, thinks="thinking" in body or goal.thinking == "adaptive")
    if found.stop:
        body["stop_sequences"] = list(found.stop)
    if found.stream:
        body["stream"] = True
    if found.user:
        body["metadata"] = {"user_id": found.user}
    if found.format is not None and found.format.schema is not None:
        config = body.setdefault("output_config", {})
        config["format"] = {"type": "json_schema", "schema": found.format.schema}
    elif found.format is not None:
        losses.add("response_format json_object has no equivalent in anthropic.messages")


def _sample(body: Json, found: Conversation, losses: Losses, *, thinks: bool) -> None:
    """Newer models think unless told otherwise, and take no sampling parameters then."""
    sampling = {"temperature": found.temperature, "top_k": found.top_k, "top_p": found.top_p}
    asked = {key: value for key, value in sampling.items() if value is not None}
    if asked and thinks:
        losses.add(f"{', '.join(asked)} is left out: a model that thinks takes none")
        return
    if "top_p" in asked and "temperature" in asked:
        losses.add("top_p is left out beside temperature: newer models take one of them")
        del asked["top_p"]
    if asked.get("temperature", 0) > 1:
        losses.add("temperature is at most 1 in anthropic.messages")
        asked["temperature"] = 1
    body |= asked


def _think(body: Json, found: Conversation, goal: Goal, losses: Losses) -> None:
    """Thinking as the model takes it. In an open tool loop it goes on only where it began."""
    asked = found.effort
    if asked.off or (asked.level is None and asked.budget is None):
        return
    if found.choice.mode in ("required", "named"):
        losses.add("no thinking where a tool must be called: the provider refuses both")
        return
    if _loop_without_thought(body["messages"]):
        losses.add("no thinking until the tool loop ends: its beginning has none of this model's")
        return
    if goal.thinking == "budget":
        tokens = budget(asked, body["max_tokens"])
        if tokens is not None:
            body["thinking"] = {"type": "enabled", "budget_tokens": tokens}
    elif goal.thinking == "adaptive":
        body["thinking"] = {"type": "adaptive"}
        if asked.shown:
            body["thinking"]["display"] = "summarized"
    chosen = level(asked, goal, losses)
    if chosen is not None:
        body["output_config"] = {"effort": chosen}


def _loop_without_thought(messages: list[Json]) -> bool:
    """Whether the last turn calls tools and does not begin with a thought that can be sent."""
    for message in reversed(messages):
        kinds = [block["type"] for block in message["content"]]
        if message["role"] == "assistant":
            return "tool_use" in kinds and kinds[0] not in ("thinking", "redacted_thinking")
        if "tool_result" not in kinds:
            return False
    return False


def _choice(choice: Choice) -> Json:
    once = None if choice.parallel is None else not choice.parallel
    kinds = {"auto": "auto", "none": "none", "required": "any", "named": "tool"}
    written: Json = {"type": kinds[choice.mode]}
    if choice.mode == "named":
        written["name"] = plain(choice.name or "", choice.namespace)
    if once and choice.mode != "none":
        written["disable_parallel_tool_use"] = True
    return {} if written == {"type": "auto"} else {"tool_choice": written}


def _tool(given: Tool) -> Json:
    tool = as_function(given)
    written: Json = {"name": plain(tool.name, tool.namespace)}
    if tool.description:
        written["description"] = tool.description
    schema = tool.schema or EMPTY
    written["input_schema"] = schema if "type" in schema else {"type": "object", **schema}
    if tool.strict:
        written["strict"] = True
    return written | _cached(tool.cache)


def _written(message: Message, goal: Goal, losses: Losses) -> Iterator[Json]:
    """A system message after the beginning is told by the user's side, in a tag."""
    match message.author:
        case "system":
            told = [part.text for part in message.parts if isinstance(part, Text)]
            blocks: list[Json] = [{"type": "text", "text": SYSTEM_IN_TEXT.format(t)} for t in told]
            author = "user"
        case "user":
            blocks, author = _user_blocks(message.parts), "user"
        case "assistant":
            blocks, author = list(_assistant_blocks(message.parts, goal, losses)), "assistant"
    if blocks:
        yield {"role": author, "content": blocks}


def _user_blocks(parts: Iterable[Part]) -> list[Json]:
    """Results first: they answer the calls right before them."""
    results = [_result(part) for part in parts if isinstance(part, ToolResult)]
    shown = [_shown(p) for p in parts if isinstance(p, Media) or (isinstance(p, Text) and p.text)]
    return [*results, *shown]


def _assistant_blocks(parts: Iterable[Part], goal: Goal, losses: Losses) -> Iterator[Json]:
    for part in parts:
        match part:
            case Text(text=text):
                if text.strip():
                    yield _text(part)
            case Refusal(text=text):
                yield {"type": "text", "text": text}
            case Thought(text=text, seal=seal):
                if seal is None or (seal.dialect, seal.maker) != ("anthropic.messages", goal.maker):
                    losses.add(FOREIGN_THOUGHT)
                elif seal.redacted:
                    yield {"type": "redacted_thinking", "data": seal.data}
                else:
                    yield {"type": "thinking", "thinking": text, "signature": seal.data}
            case ToolCall():
                yield _call(part)
            case Media() | ToolResult():
                losses.add("an image in an answer of the model is left out")


def _call(call: ToolCall) -> Json:
    given = arguments_of(as_arguments(call.arguments, call.form))
    name = plain(call.name, call.namespace)
    written: Json = {"type": "tool_use", "id": clean_id(call.id), "name": name, "input": given}
    return written | _cached(call.cache)


def _result(result: ToolResult) -> Json:
    written: Json = {"type": "tool_result", "tool_use_id": clean_id(result.call_id)}
    blocks = [_shown(p) for p in result.parts if isinstance(p, Media) or p.text]
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        written["content"] = blocks[0]["text"]
    elif blocks:
        written["content"] = blocks
    if result.failed:
        written["is_error"] = True
    return written | _cached(result.cache)


def _shown(part: Text | Media) -> Json:
    return _text(part) if isinstance(part, Text) else _media(part)


def _text(part: Text) -> Json:
    return {"type": "text", "text": part.text, **_cached(part.cache)}


def _media(media: Media) -> Json:
    if media.data is not None:
        default = "image/png" if media.kind == "image" else "application/pdf"
        kind = media.media_type or default
        source: Json = {"type": "base64", "media_type": kind, "data": media.data}
    else:
        source = {"type": "url", "url": media.url}
    title = {"title": media.name} if media.name and media.kind == "document" else {}
    return {"type": media.kind, "source": source, **title, **_cached(media.cache)}


def _cached(life: str | None) -> Json:
    if life is None:
        return {}
    return {"cache_control": _MARK if life == "5m" else {**_MARK, "ttl": life}}


def _mark(body: Json, found: Conversation) -> None:
    """Where the client marked nothing, its dialect caches by itself: here that must be asked for.

    Marks on the tools, the system prompt and the last two messages of the user's side: what comes
    next finds the prefix that this request has written.
    """
    if is_marked(found):
        return
    sides = [one for one in body["messages"] if one["role"] == "user"][-2:]
    ends = [body.get("system"), *(one["content"] for one in sides)]
    if not body.get("system"):
        ends.append(body.get("tools"))
    for blocks in ends:
        if blocks:
            blocks[-1] = {**blocks[-1], "cache_control": _MARK}
