"""A shorter history for a model that takes over: old results of tools lose their middle.

What was asked, answered, called and edited stays, and so does the end of each result, where a test
run says what failed. The same history is always shortened in the same way, so that what the new
model has cached stays valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rolecall.types import Dialect

_HEAD, _TAIL = 300, 700
"""Characters of a result that stay."""
_WHOLE = 6
"""Messages before the hand-over that stay as they are: the newest output is what failed."""
_LEAST = 20_000
"""Bytes that have to be saved."""
_LISTS: dict[Dialect, str] = {
    "openai.chat": "messages",
    "anthropic.messages": "messages",
    "openai.responses": "input",
}
Message = dict[str, Any]


def shortened(dialect: Dialect, body: bytes, kept: int) -> bytes:
    """The body with results in the first `kept` messages shortened; the same where it saves little.

    `body` has been parsed already. Dialects beside the main three stay as they are.
    """
    name = _LISTS.get(dialect)
    if name is None or len(body) <= _LEAST:
        return body
    tree: Message = msgspec.json.decode(body)
    messages = tree.get(name)
    if not isinstance(messages, list):
        return body
    for message in messages[: max(kept - _WHOLE, 0)]:
        if isinstance(message, dict):
            for holder, key in _results(message):
                holder[key] = _cut(holder[key])
    short = msgspec.json.encode(tree)
    return short if len(body) - len(short) >= _LEAST else body


def _results(message: Message) -> Iterator[tuple[Message, str]]:
    """Where results stand, in any of the three dialects."""
    if message.get("role") == "tool":
        yield message, "content"
    elif str(message.get("type", "")).endswith("_call_output"):
        yield message, "output"
    elif isinstance(message.get("content"), list):
        for part in message["content"]:
            if isinstance(part, dict) and part.get("type") == "tool_result" and "content" in part:
                yield part, "content"


def _cut(value: Any) -> Any:
    """A text without its middle; in a list of parts each text for itself, the rest as it is."""
    if isinstance(value, str):
        left_out = len(value) - _HEAD - _TAIL
        if left_out <= _HEAD:
            return value
        return f"{value[:_HEAD]}\n[{left_out} characters left out]\n{value[-_TAIL:]}"
    if isinstance(value, list):
        return [_part(part) for part in value]
    return value


def _part(part: Any) -> Any:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return {**part, "text": _cut(part["text"])}
    return part
