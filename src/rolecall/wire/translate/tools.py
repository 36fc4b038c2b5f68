"""Tools where there are only functions."""

from __future__ import annotations

import msgspec

from rolecall.wire.steps import UNREADABLE
from rolecall.wire.translate.conversation import Form, Tool
from rolecall.wire.translate.shapes import Json

_GRAMMAR = "The input must follow this grammar:\n"
EMPTY: Json = {"type": "object", "properties": {}}


def as_function(tool: Tool) -> Tool:
    """A custom tool as a function that takes its text under the key `input`."""
    if tool.form != "custom":
        return tool
    grammar = f"{_GRAMMAR}{tool.grammar}" if tool.grammar else ""
    says = "\n\n".join(part for part in (tool.description, grammar) if part)
    schema: Json = {
        "type": "object",
        "properties": {"input": {"type": "string", "description": "The whole input, as it is."}},
        "required": ["input"],
        "additionalProperties": False,
    }
    return msgspec.structs.replace(tool, description=says, schema=schema, strict=None)


def as_arguments(text: str, form: Form) -> str:
    """What a call was given, as the arguments of a function."""
    return msgspec.json.encode({"input": text}).decode() if form == "custom" else text or "{}"


def as_input(arguments: str) -> str:
    """The text of a custom tool from the arguments of its function, or as the model wrote it."""
    try:
        found = msgspec.json.decode(arguments)
    except UNREADABLE:
        return arguments
    match found:
        case {"input": str(text)}:
            return text
        case str():
            return found
        case _:
            return arguments
