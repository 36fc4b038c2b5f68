"""Requests of Ollama's own API, read into a conversation.

Source: PyPI ollama 0.6.3, _types.py, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rolecall.wire.translate.calls import Calls
from rolecall.wire.translate.chat_request import tool_of
from rolecall.wire.translate.conversation import (
    Conversation,
    Effort,
    Fill,
    Format,
    Media,
    Message,
    Part,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from rolecall.wire.translate.losses import Losses, Refused, word
from rolecall.wire.translate.shapes import (
    Json,
    a_text,
    an_object,
    named,
    number,
    objects,
    penalties_of,
    said,
    texts,
    whole,
    within,
)

_CHAT = named("model messages tools stream format options think keep_alive")
_GENERATE = named(
    "model prompt suffix system images stream format options think raw keep_alive template context"
)
_MESSAGE = named("role content thinking images tool_calls tool_name name tool_call_id")
_OPTIONS = named("num_predict temperature top_p top_k seed stop presence_penalty frequency_penalty")
_IMAGES = {"iVBOR": "image/png", "/9j/": "image/jpeg", "R0lG": "image/gif", "UklG": "image/webp"}
"""How base64 of an image begins; the dialect does not say what it is."""


def read_chat(body: Json, losses: Losses) -> Conversation:
    """Raises `Refused` where it cannot be said in another dialect."""
    losses.unknown("", body, _CHAT)
    messages = objects(body.get("messages"), "messages")
    tools = objects(body.get("tools"), "tools")
    calls = Calls()
    return Conversation(
        messages=tuple(_message(one, at, calls, losses) for at, one in enumerate(messages)),
        tools=tuple(tool_of(one, at) for at, one in enumerate(tools)),
        **_settings(body, losses),
    )


def read_generate(body: Json, losses: Losses) -> Conversation:
    """As `read_chat`. With `raw` or a suffix it is a text to go on with."""
    losses.unknown("", body, _GENERATE)
    if body.get("context"):
        raise Refused("context is kept by the engine that made it; send the whole prompt")
    prompt = a_text(body.get("prompt") or "", "prompt")
    settings = _settings(body, losses)
    if body.get("raw") or body.get("suffix"):
        if body.get("raw"):
            losses.add("a raw prompt goes out as it is, whatever model it was written for")
        fill = Fill(prompt=prompt, suffix=said(body, "suffix") or None)
        return Conversation(messages=(), fill=fill, **settings)
    losses.unknown("", {"template": body.get("template")}, ())
    system = said(body, "system")
    first = (Message(author="system", parts=(Text(text=system),)),) if system else ()
    images = tuple(_image(one, "images") for one in texts(body.get("images"), "images"))
    asked = Message(author="user", parts=(Text(text=prompt), *images))
    return Conversation(messages=(*first, asked), **settings)


def _settings(body: Json, losses: Losses) -> dict[str, Any]:
    options = within(body, "options")
    losses.unknown("options.", options, _OPTIONS)
    most = whole(options, "num_predict")
    return {
        "max_tokens": most if most is not None and most > 0 else None,
        "temperature": number(options, "temperature"),
        "top_p": number(options, "top_p"),
        "top_k": whole(options, "top_k"),
        "stop": texts(options.get("stop"), "options.stop"),
        "seed": whole(options, "seed"),
        "penalties": penalties_of(options),
        "effort": _effort(body.get("think")),
        "format": _format(body.get("format")),
    }


def _effort(think: Any) -> Effort:
    match think:
        case False:
            return Effort(off=True)
        case True:
            return Effort(level="medium", shown=True)
        case str():
            return Effort(level=think, shown=True)
        case _:
            return Effort()


def _format(found: Any) -> Format | None:
    match found:
        case "json":
            return Format()
        case dict():
            return Format(schema=found)
        case _:
            return None


def _message(found: Json, at: int, calls: Calls, losses: Losses) -> Message:
    place = f"messages[{at}]"
    losses.unknown("messages.", found, _MESSAGE)
    parts = tuple(_parts(found, place))
    match found.get("role"):
        case "system" | "user" as author:
            return Message(author=author, parts=parts)
        case "assistant":
            thinking = said(found, "thinking")
            thought: tuple[Part, ...] = (Thought(text=thinking),) if thinking else ()
            return Message(
                author="assistant", parts=(*thought, *parts, *_calls(found, place, calls))
            )
        case "tool":
            name = said(found, "tool_name") or said(found, "name")
            call_id = calls.answered(name, said(found, "tool_call_id"), place)
            return Message(author="user", parts=(ToolResult(call_id=call_id, parts=parts),))
        case other:
            raise Refused(f"{place}.role is {word(other)}; another dialect has no such author")


def _parts(found: Json, place: str) -> Iterator[Text | Media]:
    content = a_text(found.get("content") or "", f"{place}.content")
    if content:
        yield Text(text=content)
    for one in texts(found.get("images"), f"{place}.images"):
        yield _image(one, f"{place}.images")


def _calls(found: Json, place: str, calls: Calls) -> Iterator[ToolCall]:
    for one in objects(found.get("tool_calls"), f"{place}.tool_calls"):
        function = an_object(one.get("function"), f"{place}.tool_calls.function")
        name = a_text(function.get("name"), f"{place}.tool_calls.function.name")
        given = function.get("arguments") or {}
        told = given if isinstance(given, str) else msgspec.json.encode(given).decode()
        yield ToolCall(id=calls.called(name, said(one, "id")), name=name, arguments=told)


def _image(data: str, place: str) -> Media:
    kind = next((kind for begin, kind in _IMAGES.items() if data.startswith(begin)), None)
    if kind is None:
        raise Refused(f"{place} holds data that is no PNG, JPEG, GIF or WebP image")
    return Media(kind="image", media_type=kind, data=data)
