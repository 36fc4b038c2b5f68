"""Take the reasoning of models out of a request that goes to another one.

Signed, encrypted or plain, only its maker makes sense of it; others refuse the request. What may be
left out: Anthropic, "Preserved thinking" and "Extended thinking" (thinking of earlier turns);
OpenAI, "Reasoning models" (reasoning items of earlier turns); both read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rolecall.types import Dialect
from rolecall.wire.translate.seals import MARK, MARK_IN_BYTES, NOBODYS

Message = dict[str, Any]

_KEYS: dict[Dialect, str] = {
    "openai.chat": "messages",
    "openai.responses": "input",
    "anthropic.messages": "messages",
    "google.gemini": "contents",
}
_THINKING = frozenset({"thinking", "redacted_thinking"})
_REFUSALS = (b"signature", b"thinking", b"encrypted_content", b"reasoning")
"""What stands in a provider's refusal of reasoning that is not its own."""


def is_refusal(error: bytes) -> bool:
    """Whether an error with the status 400 speaks of reasoning."""
    found = error.lower()
    return any(word in found for word in _REFUSALS)


def without(dialect: Dialect, body: bytes, *, keep_loop: bool) -> bytes:
    """The body without reasoning, with `keep_loop` but for that of the tool loop that is open.

    Everything else stays as it was; the body comes back itself where there was none.
    """
    found = msgspec.json.decode(body)
    messages = found.get(_KEYS.get(dialect))
    if not isinstance(messages, list):
        return body
    end = _last_human(dialect, messages) if keep_loop else len(messages)
    strip = _STRIPS[dialect]
    before = [strip(one) for one in messages[:end] if isinstance(one, dict)]
    kept = [one for one in before if one is not None] + messages[end:]
    if kept == messages:
        return body
    found[_KEYS[dialect]] = kept
    if dialect == "anthropic.messages" and end == len(messages) and _ends_in_loop(kept):
        _think_no_more(found)
    return msgspec.json.encode(found)


def holds_packed(body: bytes) -> bool:
    """Whether it brings reasoning that was packed for a model of another dialect."""
    return MARK.encode() in body or MARK_IN_BYTES.encode() in body


def _last_human(dialect: Dialect, messages: list[Any]) -> int:
    for at in range(len(messages) - 1, -1, -1):
        one = messages[at]
        if isinstance(one, dict) and one.get("role") == "user" and not _is_result(dialect, one):
            return at
    return 0


def _ends_in_loop(messages: list[Any]) -> bool:
    last = messages[-1] if messages else None
    return isinstance(last, dict) and _is_result("anthropic.messages", last)


def _is_result(dialect: Dialect, message: Message) -> bool:
    """Where results stand among what a user says."""
    content = message.get("parts" if dialect == "google.gemini" else "content")
    if not isinstance(content, list):
        return False
    parts = [one for one in content if isinstance(one, dict)]
    return any(one.get("type") == "tool_result" or _RESULT_KEYS & one.keys() for one in parts)


def _strip_chat(message: Message) -> Message | None:
    return {key: value for key, value in message.items() if key != "reasoning_content"}


def _strip_item(item: Message) -> Message | None:
    """Ids of items point to reasoning that is gone; they may be left out."""
    if item.get("type") == "reasoning":
        return None
    own = item.get("role") not in ("user", "system", "developer")
    return {key: value for key, value in item.items() if not (own and key == "id")}


def _strip_message(message: Message) -> Message | None:
    content = message.get("content")
    if message.get("role") != "assistant" or not isinstance(content, list):
        return message
    kept = [one for one in content if not (isinstance(one, dict) and one.get("type") in _THINKING)]
    return {**message, "content": kept} if kept else None


def _strip_content(content: Message) -> Message | None:
    parts = content.get("parts")
    if content.get("role") != "model" or not isinstance(parts, list):
        return content
    kept = [_unsigned(one) for one in parts if isinstance(one, dict) and not one.get("thought")]
    return {**content, "parts": kept} if kept else None


def _unsigned(part: Message) -> Message:
    """Gemini refuses a call without a signature, but for one that says whose it is not."""
    bare = {key: value for key, value in part.items() if key not in _SIGNATURES}
    is_call = "functionCall" in bare or "function_call" in bare
    return {**bare, "thoughtSignature": NOBODYS} if is_call else bare


_SIGNATURES = frozenset({"thoughtSignature", "thought_signature"})
_RESULT_KEYS = frozenset({"functionResponse", "function_response"})
_STRIPS: dict[Dialect, Callable[[Message], Message | None]] = {
    "openai.chat": _strip_chat,
    "openai.responses": _strip_item,
    "anthropic.messages": _strip_message,
    "google.gemini": _strip_content,
}


def _think_no_more(body: Message) -> None:
    """An open tool loop whose thinking is gone goes on without: with a budget it is refused."""
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("type") == "enabled":
        del body["thinking"]
        body.pop("context_management", None)
