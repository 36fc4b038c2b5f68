"""What must hold of any conversation before it is sent anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec

from rolecall.wire.translate.conversation import (
    Conversation,
    Message,
    Text,
    ToolCall,
    ToolResult,
)
from rolecall.wire.translate.losses import Losses, Refused, name_of

_NO_RESULT = "No result of this call is known."


def merged(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Neighbouring messages of one author as one."""
    return tuple(
        Message(author=author, parts=tuple(part for one in group for part in one.parts))
        for author, group in groupby(messages, lambda one: one.author)
    )


def sound(found: Conversation, losses: Losses) -> Conversation:
    """The same with every call answered, right after it. Raises `Refused`.

    A result that answers no call, or a second call under one id, is a mistake of the client's: no
    provider takes it.
    """
    _check(found.messages)
    answered = merged(tuple(_answered(merged(found.messages), losses)))
    return msgspec.structs.replace(found, messages=answered)


def is_marked(found: Conversation) -> bool:
    """Whether the client marked what is to be cached."""
    parts = (part for message in found.messages for part in message.parts)
    marks = (getattr(part, "cache", None) for part in parts)
    return any(marks) or any(tool.cache for tool in found.tools)


def _check(messages: tuple[Message, ...]) -> None:
    calls: set[str] = set()
    answered: set[str] = set()
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCall):
                if part.id in calls:
                    raise Refused(
                        f"two tool calls have the id {name_of(part.id)}; give each its own"
                    )
                calls.add(part.id)
            elif isinstance(part, ToolResult):
                if part.call_id not in calls:
                    raise Refused(f"the tool result {name_of(part.call_id)} answers no call before")
                if part.call_id in answered:
                    raise Refused(f"the call {name_of(part.call_id)} has two results; give one")
                answered.add(part.call_id)


def _answered(messages: tuple[Message, ...], losses: Losses) -> Iterator[Message]:
    """Results moved up to their calls; calls without one get a word that says so."""
    results = {
        part.call_id: part
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResult)
    }
    for message in _without_results(messages):
        yield message
        calls = [part for part in message.parts if isinstance(part, ToolCall)]
        if calls:
            yield Message(author="user", parts=tuple(_result(c, results, losses) for c in calls))


def _without_results(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """What is left when results are taken out; empty messages say nothing."""
    rest = (
        (one.author, tuple(part for part in one.parts if not isinstance(part, ToolResult)))
        for one in messages
    )
    return tuple(Message(author=author, parts=parts) for author, parts in rest if parts)


def _result(call: ToolCall, results: dict[str, ToolResult], losses: Losses) -> ToolResult:
    found = results.get(call.id)
    if found is not None:
        return found
    losses.add("a tool call without a result is sent with a word that there is none")
    return ToolResult(call_id=call.id, parts=(Text(text=_NO_RESULT),), failed=True, form=call.form)
