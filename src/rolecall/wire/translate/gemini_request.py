"""A request of generateContent, read into a conversation.

Source: PyPI google-genai 3.4.0, types.py; https://ai.google.dev/gemini-api/docs/thought-signatures;
both read 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from rolecall.wire.translate.calls import Calls
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
from rolecall.wire.translate.gemini_schema import plain_schema
from rolecall.wire.translate.losses import FOREIGN_THOUGHT, Losses, Refused, word
from rolecall.wire.translate.seals import NOBODYS, signed
from rolecall.wire.translate.shapes import (
    Json,
    a_text,
    an_object,
    named,
    number,
    objects,
    said,
    schema_of,
    texts,
    whole,
    within,
)

_READ = named("contents systemInstruction tools toolConfig generationConfig")
_UNTOLD = named("safetySettings labels store serviceTier")
_CONFIG = named(
    "temperature topP topK maxOutputTokens stopSequences candidateCount seed presencePenalty "
    "frequencyPenalty responseMimeType responseSchema responseJsonSchema thinkingConfig "
    "responseModalities responseLogprobs"
)
_PART = named("text thought thoughtSignature inlineData fileData functionCall functionResponse")
_FUNCTION = named("name description parameters parametersJsonSchema response responseJsonSchema")
_SNAKE = re.compile(r"_([a-z])")


def camel(found: Json) -> Json:
    """Keys as `functionCall`, however the client spells them."""
    return {_SNAKE.sub(lambda m: m[1].upper(), key): value for key, value in found.items()}


def read(body: Json, losses: Losses) -> Conversation:
    """Raises `Refused` where it cannot be said in another dialect."""
    body = camel(body)
    config = camel(within(body, "generationConfig"))
    _refuse(body, config)
    losses.unknown("", body, _READ | _UNTOLD)
    losses.unknown("", {key: body.get(key) for key in _UNTOLD}, ())
    losses.unknown("generationConfig.", config, _CONFIG)
    penalties = {
        "presence_penalty": number(config, "presencePenalty"),
        "frequency_penalty": number(config, "frequencyPenalty"),
    }
    return Conversation(
        messages=tuple(_messages(body, losses)),
        tools=tuple(_tools(body, losses)),
        choice=_choice(camel(within(camel(within(body, "toolConfig")), "functionCallingConfig"))),
        max_tokens=whole(config, "maxOutputTokens"),
        temperature=number(config, "temperature"),
        top_p=number(config, "topP"),
        top_k=whole(config, "topK"),
        stop=texts(config.get("stopSequences"), "generationConfig.stopSequences"),
        seed=whole(config, "seed"),
        penalties={key: value for key, value in penalties.items() if value},
        effort=_effort(camel(within(config, "thinkingConfig"))),
        format=_format(config),
    )


def _refuse(body: Json, config: Json) -> None:
    if body.get("cachedContent"):
        raise Refused("cachedContent is kept by the provider; send the whole history")
    if (whole(config, "candidateCount") or 1) > 1:
        raise Refused("candidateCount asks for several answers; another dialect gives one")
    if config.get("responseLogprobs"):
        raise Refused("responseLogprobs cannot be asked of another dialect")
    if set(texts(config.get("responseModalities"), "responseModalities")) - {"TEXT", "text"}:
        raise Refused("responseModalities asks for more than text")


def _effort(found: Json) -> Effort:
    """A budget of 0 means none, and -1 that the model decides."""
    budget, level = whole(found, "thinkingBudget"), said(found, "thinkingLevel")
    return Effort(
        level="medium" if budget == -1 and level is None else level and level.lower(),
        budget=budget if budget is not None and budget > 0 else None,
        off=budget == 0,
        shown=found.get("includeThoughts") is True,
    )


def _format(config: Json) -> Format | None:
    if said(config, "responseMimeType") != "application/json":
        return None
    schema = schema_of(config.get("responseJsonSchema"), "responseJsonSchema")
    if schema is None:
        other = schema_of(config.get("responseSchema"), "responseSchema")
        schema = None if other is None else plain_schema(other)
    return Format(schema=schema)


def _choice(found: Json) -> Choice:
    names = texts(found.get("allowedFunctionNames"), "allowedFunctionNames")
    match said(found, "mode"):
        case "NONE":
            return Choice(mode="none")
        case "ANY" if len(names) == 1:
            return Choice(mode="named", name=names[0])
        case "ANY" if names:
            raise Refused("allowedFunctionNames cannot be carried; offer only those functions")
        case "ANY":
            return Choice(mode="required")
        case _:
            return Choice()


def _tools(body: Json, losses: Losses) -> Iterator[Tool]:
    for at, one in enumerate(objects(body.get("tools"), "tools")):
        tool = camel(one)
        for key in tool:
            if key != "functionDeclarations":
                losses.add(f"the tool {word(key)} is left out: the provider runs it itself")
        place = f"tools[{at}].functionDeclarations"
        for found in objects(tool.get("functionDeclarations"), place):
            yield _tool(camel(found), place, losses)


def _tool(found: Json, place: str, losses: Losses) -> Tool:
    losses.unknown("functionDeclarations.", found, _FUNCTION)
    schema = schema_of(found.get("parametersJsonSchema"), f"{place}.parametersJsonSchema")
    if schema is None:
        own = schema_of(found.get("parameters"), f"{place}.parameters")
        schema = None if own is None else plain_schema(own)
    return Tool(
        name=a_text(found.get("name"), f"{place}.name"),
        description=said(found, "description") or "",
        schema=schema,
    )


def _messages(body: Json, losses: Losses) -> Iterator[Message]:
    prompt = camel(within(body, "systemInstruction"))
    calls = Calls()
    if prompt:
        parts = tuple(_parts(prompt, "systemInstruction", calls, losses))
        yield Message(author="system", parts=parts)
    for at, one in enumerate(objects(body.get("contents"), "contents")):
        place = f"contents[{at}]"
        parts = tuple(_parts(one, place, calls, losses))
        match one.get("role"):
            case "model":
                yield Message(author="assistant", parts=parts)
            case "user" | "function" | None:
                yield Message(author="user", parts=parts)
            case other:
                raise Refused(f"{place}.role is {word(other)}; there are user and model")


def _parts(found: Json, place: str, calls: Calls, losses: Losses) -> Iterator[Part]:
    for at, one in enumerate(objects(found.get("parts"), f"{place}.parts")):
        part = camel(one)
        losses.unknown("parts.", part, _PART)
        signature = said(part, "thoughtSignature") or ""
        thoughts = signed(signature)
        if signature not in ("", NOBODYS) and not thoughts:
            losses.add(FOREIGN_THOUGHT)
        yield from thoughts
        told = _part(part, f"{place}.parts[{at}]", calls)
        if told is not None:
            yield told


def _part(one: Json, place: str, calls: Calls) -> Part | None:
    match one:
        case {"thought": True, "text": str(text)}:
            return Thought(text=text)
        case {"text": str(text)}:
            return Text(text=text) if text else None
        case {"functionCall": dict(call)}:
            return _call(call, place, calls)
        case {"functionResponse": dict(result)}:
            return _result(camel(result), place, calls)
        case {"inlineData": dict(data)} | {"fileData": dict(data)}:
            return _media(camel(data), place)
        case {"thought": True} | {"thoughtSignature": str()}:
            return None
        case _:
            told = next((word(key) for key in one), "nothing")
            raise Refused(f"{place} cannot be carried: it holds {told}")


def _call(call: Json, place: str, calls: Calls) -> ToolCall:
    name = a_text(call.get("name"), f"{place}.functionCall.name")
    args = an_object(call.get("args") or {}, f"{place}.functionCall.args")
    call_id = calls.called(name, said(call, "id"))
    return ToolCall(id=call_id, name=name, arguments=msgspec.json.encode(args).decode())


def _result(result: Json, place: str, calls: Calls) -> ToolResult:
    """What a function gave back: a text under a usual key, or all of it as JSON."""
    place = f"{place}.functionResponse"
    response = an_object(result.get("response") or {}, f"{place}.response")
    match response:
        case {"output": str(text)} | {"result": str(text)} | {"error": str(text)} if (
            len(response) == 1
        ):
            told = text
        case _:
            told = msgspec.json.encode(response).decode()
    more = objects(result.get("parts"), f"{place}.parts")
    shown = [_shown(camel(one), f"{place}.parts[{at}]") for at, one in enumerate(more)]
    return ToolResult(
        call_id=calls.answered(said(result, "name"), said(result, "id"), place),
        parts=(Text(text=told), *shown),
        failed="error" in response,
    )


def _shown(part: Json, place: str) -> Media:
    data = within(part, "inlineData") or within(part, "fileData")
    return _media(camel(data), place)


def _media(data: Json, place: str) -> Media:
    kind = said(data, "mimeType") or ""
    if not kind.startswith("image/") and kind not in ("application/pdf", "text/plain"):
        raise Refused(f"{place} is neither an image nor a document")
    content, uri = said(data, "data"), said(data, "fileUri")
    if content is None and not (uri or "").startswith(("http://", "https://")):
        raise Refused(f"{place} is a file that the provider keeps; send its data")
    return Media(
        kind="image" if kind.startswith("image/") else "document",
        media_type=kind,
        data=None if content is None else content.replace("-", "+").replace("_", "/"),
        url=uri if content is None else None,
        name=said(data, "displayName"),
    )
