"""What is wrong with a body by the provider's own published schema: the types of its SDK."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import anthropic.types.message_create_params as messages
import openai.types.chat.completion_create_params as chat
import openai.types.responses.response_create_params as responses
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import is_typeddict

_TYPES: dict[str, tuple[Any, Any]] = {
    "openai.chat": (
        chat.CompletionCreateParamsNonStreaming,
        chat.CompletionCreateParamsStreaming,
    ),
    "openai.responses": (
        responses.ResponseCreateParamsNonStreaming,
        responses.ResponseCreateParamsStreaming,
    ),
    "anthropic.messages": (
        messages.MessageCreateParamsNonStreaming,
        messages.MessageCreateParamsStreaming,
    ),
}


def faults_of(dialect: str, body: Mapping[str, Any]) -> list[str]:
    """Each with its place; a key that the schema does not know is one."""
    adapter = TypeAdapter(_TYPES[dialect][bool(body.get("stream"))])
    try:
        _walk(adapter.validate_python(body))
    except ValidationError as error:
        return [f"{one['loc']}: {one['msg']}" for one in error.errors()]
    return []


def _walk(value: Any) -> None:
    """Lists of the SDKs are checked as they are read."""
    if isinstance(value, Mapping):
        for inner in value.values():
            _walk(inner)
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for inner in value:
            _walk(inner)


def _typed_dicts() -> Iterator[Any]:
    for name, module in list(sys.modules.items()):
        if name.startswith(("openai.types", "anthropic.types")):
            yield from (one for one in vars(module).values() if is_typeddict(one))


for _one in _typed_dicts():
    _one.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
