"""Tool calls that a model of an engine at home wrote as text, made real where that is sure.

Sure means: the answer is nothing but calls, in one of the forms that open models are trained on;
each names a tool that was offered, and its arguments are an object with all that the tool's schema
requires and nothing that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from rolecall.wire.steps import UNREADABLE
from rolecall.wire.translate.answer import (
    Closed,
    Event,
    Grown,
    Opened,
    Reply,
    Stopped,
)
from rolecall.wire.translate.conversation import Tool
from rolecall.wire.translate.names import plain

_BEGINNINGS = ("```", "<tool_call>", "[TOOL_CALLS]", "{", "[")
_LONGEST_BEGINNING = 64
"""Characters after which it is clear what a text begins with."""
_MARK = r"\s*(?:```[a-z_]*+\s*+|<tool_call>\s*+|\[TOOL_CALLS\]\s*+)"
_FIRST_KEY = re.compile(_MARK + r'?(?:\[\s*)?\{\s*"(?P<key>\w*)"')
_NO_JSON = re.compile(_MARK + r"[^\s{\[]|\s*\[\s*[^\s{T]")
"""After a mark, or in a list, something else than an object."""
_BLOCKS = (
    re.compile(r"```[a-z_]*[ \t]*\n(?P<json>.*?)\n?```", re.DOTALL),
    re.compile(r"<tool_call>(?P<json>.*?)</tool_call>", re.DOTALL),
    re.compile(r"\[TOOL_CALLS\]\s*(?P<json>.*)", re.DOTALL),
    re.compile(r"(?P<json>[\[{].*)", re.DOTALL),
)
_GIVEN = ("arguments", "parameters", "input", "args")
_KEYS = frozenset({"name", "function", "type", "id", *_GIVEN})


class Call(Struct, frozen=True):
    name: str
    arguments: str


def may_begin(text: str) -> Literal["yes", "no", "unclear"]:
    """Whether an answer that begins like this may be a call."""
    key = _FIRST_KEY.match(text)
    if key is not None:
        return "yes" if key["key"] in _KEYS else "no"
    told = text.lstrip()
    begins = any(told.startswith(b) or b.startswith(told) for b in _BEGINNINGS)
    if not begins or _NO_JSON.match(text):
        return "no"
    return "unclear" if len(told) < _LONGEST_BEGINNING else "no"


def calls_in(text: str, tools: Iterable[Tool]) -> list[Call] | None:
    """The calls that a text consists of; None where it is a text after all.

    Raises `ValueError` where it is meant as a call and is none that can be made.
    """
    values = _values(text.strip())
    named = [_named(value) for value in values or ()]
    if not named or not all(named):
        return None
    offered = {plain(tool.name, tool.namespace): tool for tool in tools}
    return [_checked(*one, offered) for one in named if one is not None]


def _values(text: str) -> list[Any] | None:
    """The JSON of each block where there is nothing else between them."""
    for form in _BLOCKS:
        if form.match(text) is None:
            continue
        if form.sub("", text).strip():
            return None
        blocks = [found.group("json") for found in form.finditer(text)]
        try:
            decoded = [msgspec.json.decode(block.strip()) for block in blocks]
        except UNREADABLE:
            return None
        return [one for value in decoded for one in (value if isinstance(value, list) else [value])]
    return None


def _named(value: Any) -> tuple[str, Any] | None:
    """Name and arguments, where it says both."""
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    given = next((value[key] for key in _GIVEN if key in value), None)
    return None if given is None else (value["name"], given)


def _checked(name: str, given: Any, offered: dict[str, Tool]) -> Call:
    tool = offered.get(name)
    if tool is None:
        raise ValueError("it wrote a call as text, of a tool that nobody offered")
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except UNREADABLE as error:
            raise ValueError(f"it wrote a call of {name} as text, without valid JSON") from error
    schema = tool.schema or {}
    required, known = schema.get("required") or [], schema.get("properties") or {}
    if not isinstance(given, dict) or any(key not in given for key in required):
        raise ValueError(f"it wrote a call of {name} as text, and left out what the tool requires")
    if known and any(key not in known for key in given):
        raise ValueError(f"it wrote a call of {name} as text, with arguments that it does not have")
    return Call(name, msgspec.json.encode(given).decode())


def repaired(events: Iterable[Event], calls: list[Call]) -> Iterator[Event]:
    """The same answer with calls in place of its text."""
    told = False
    for event in events:
        match event:
            case Opened(part=part, kind="text") if not told:
                told = True
                yield from _calls(part, calls)
            case Opened(kind="text") | Grown() | Closed():
                pass
            case Stopped():
                yield Stopped(reason="calls")
            case _:
                yield event


def _calls(first: int, calls: list[Call]) -> Iterator[Event]:
    for at, call in enumerate(calls, start=first):
        yield Opened(part=at, kind="call", id=f"call_repaired_{at}", name=call.name)
        yield Grown(part=at, text=call.arguments)
        yield Closed(part=at)


def text_alone(reply: Reply) -> str | None:
    """The text of an answer that has nothing else to say."""
    kinds = [piece.opened.kind for piece in reply.pieces.values()]
    return next(iter(reply.pieces.values())).text if kinds == ["text"] else None
