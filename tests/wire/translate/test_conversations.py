"""Random conversations, written to each dialect and read back: nothing that matters is lost."""

from __future__ import annotations

import itertools
import json
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from rolecall.types import MAIN_DIALECTS, Dialect
from rolecall.wire.translate.checks import sound
from rolecall.wire.translate.conversation import (
    Conversation,
    Goal,
    Media,
    Message,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from rolecall.wire.translate.losses import SYSTEM_IN_TEXT, Losses
from rolecall.wire.translate.names import Names
from rolecall.wire.translate.table import SPOKEN, understood, written

GOAL = Goal(model="m", maker="p/m", max_output=64_000)
DIALECTS = list(MAIN_DIALECTS)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
IMAGE = Media(kind="image", media_type="image/png", data="aGVsbG8=")
TOOLS = (
    Tool(name="read", schema={"type": "object", "properties": {"path": {"type": "string"}}}),
    Tool(name="search", namespace="mcp.docs", schema={"type": "object", "properties": {}}),
    Tool(name="apply_patch", form="custom", grammar="start: /.+/"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def exchanges(draw: st.DrawFn) -> list[Message]:
    """What a person says, and what a model does until it answers."""
    images = st.lists(st.just(IMAGE), max_size=1)
    said: list[Part] = [Text(text=draw(WORDS)), *draw(images)]
    found = [Message(author="user", parts=tuple(said))]
    if draw(st.booleans()):
        found.append(Message(author="system", parts=(Text(text=draw(WORDS)),)))
    for _ in range(draw(st.integers(0, 2))):
        calls = [draw(_call()) for _ in range(draw(st.integers(1, 3)))]
        results = [
            ToolResult(
                call_id=call.id,
                parts=(Text(text=draw(WORDS)), *draw(images)),
                form=call.form,
            )
            for call in calls
        ]
        words = [Text(text=draw(WORDS))] if draw(st.booleans()) else []
        found.append(Message(author="assistant", parts=(*words, *calls)))
        found.append(Message(author="user", parts=tuple(results)))
    found.append(Message(author="assistant", parts=(Text(text=draw(WORDS)),)))
    return found


@st.composite
def _call(draw: st.DrawFn) -> ToolCall:
    tool = draw(st.sampled_from(TOOLS))
    given_ = draw(st.dictionaries(WORDS, JSON, max_size=3))
    text = draw(WORDS) if tool.form == "custom" else json.dumps(given_)
    number = draw(st.integers(0, 2**62))
    return ToolCall(
        id=f"call_{number}", name=tool.name, arguments=text, form=tool.form,
        namespace=tool.namespace,
    )  # fmt: skip


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    prompt = Message(author="system", parts=(Text(text=draw(WORDS)),))
    turns = draw(st.lists(exchanges(), min_size=1, max_size=3))
    messages = numbered([message for turn in turns for message in turn], "first")
    return Conversation(messages=(prompt, *messages), tools=TOOLS, max_tokens=1000)


def numbered(messages: list[Message], name: str) -> list[Message]:
    """With ids of their own: results come in the order of their calls."""
    count = {ToolCall: 0, ToolResult: 0}

    def own(part: Part) -> Part:
        if not isinstance(part, ToolCall | ToolResult):
            return part
        count[type(part)] += 1
        key = "id" if isinstance(part, ToolCall) else "call_id"
        return msgspec.structs.replace(part, **{key: f"call_{name}_{count[type(part)]}"})

    return [
        Message(author=one.author, parts=tuple(own(part) for part in one.parts)) for one in messages
    ]


def told(found: Conversation, names: Names) -> dict[str, Any]:
    """What matters of a conversation: each text, call and result, wherever it stands."""
    parts = [part for message in found.messages for part in message.parts]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    results = [part for part in parts if isinstance(part, ToolResult)]
    texts = [part.text for part in parts if isinstance(part, Text)]
    in_results = [one.text for result in results for one in result.parts if isinstance(one, Text)]
    images = [one for result in results for one in result.parts if isinstance(one, Media)]
    return {
        "texts": sorted(text for text in texts if not text.startswith("Of the tool result")),
        "calls": [(call.id, *_called(call, names)) for call in calls],
        "results": [(result.call_id, t) for result, t in zip(results, in_results, strict=True)],
        "images": len(images) + sum(isinstance(part, Media) for part in parts),
    }


def _called(call: ToolCall, names: Names) -> tuple[Any, ...]:
    """Name, namespace and arguments as values, by whatever name it goes."""
    name, space, form = names.called(call.name)
    name, space = (call.name, call.namespace) if call.namespace else (name, space)
    given_ = call.arguments
    if call.form == "custom":
        return name, space, given_
    value = msgspec.json.decode(given_)
    return (name, space, value["input"]) if form == "custom" else (name, space, value)


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=60, deadline=None)
@given(found=conversations())
def test_there_and_back(dialect: Dialect, found: Conversation) -> None:
    """Texts, tool names, arguments, ids, results and images are what they were."""
    names = Names(TOOLS)
    expected = told(found, names)
    body = SPOKEN[dialect].write(found, GOAL, Losses())
    again = understood(dialect, msgspec.json.encode(body)).conversation
    came = told(again, names)
    opening, closing = SYSTEM_IN_TEXT.split("{}")
    came["texts"] = sorted(t.removeprefix(opening).removesuffix(closing) for t in came["texts"])
    if dialect == "openai.responses":
        came["texts"] = sorted(came["texts"])
    assert came == expected


@pytest.mark.parametrize("dialect", DIALECTS)
def test_thousands_of_calls(dialect: Dialect) -> None:
    """A long session is as faithful as a short one."""
    messages = [Message(author="user", parts=(Text(text="go"),))]
    for number in range(3000):
        call = ToolCall(id=f"call_{number}", name="read", arguments=f'{{"path":"{number}"}}')
        result = ToolResult(call_id=call.id, parts=(Text(text=f"file {number}"),))
        messages += [
            Message(author="assistant", parts=(call,)),
            Message(author="user", parts=(result,)),
        ]
    found = Conversation(messages=tuple(messages), tools=TOOLS)
    body = SPOKEN[dialect].write(found, GOAL, Losses())
    again = understood(dialect, msgspec.json.encode(body)).conversation
    assert told(again, Names(TOOLS)) == told(found, Names(TOOLS))


def _unmarked(value: Any) -> Any:
    """Without cache marks, which a provider does not count as content."""
    if isinstance(value, dict):
        return {key: _unmarked(one) for key, one in value.items() if key != "cache_control"}
    return [_unmarked(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("source", DIALECTS)
@pytest.mark.parametrize("target", DIALECTS)
@settings(max_examples=25, deadline=None)
@given(first=conversations(), more=exchanges())
def test_what_was_sent_stays_a_prefix(
    source: Dialect, target: Dialect, first: Conversation, more: list[Message]
) -> None:
    """A turn later the same bytes stand first: a changed prefix is a lost cache."""
    longer = msgspec.structs.replace(first, messages=(*first.messages, *numbered(more, "more")))
    sent = []
    for found in (first, longer):
        body = msgspec.json.encode(SPOKEN[source].write(found, GOAL, Losses()))
        sent.append(msgspec.json.decode(written(understood(source, body), target, GOAL).body))
    key = "input" if target == "openai.responses" else "messages"
    before, after = ([_unmarked(one) for one in body[key]] for body in sent)
    assert after[: len(before)] == before
    rest = [{name: value for name, value in body.items() if name != key} for body in sent]
    assert _unmarked(rest[0]) == _unmarked(rest[1])


@settings(max_examples=60, deadline=None)
@given(found=conversations())
def test_every_call_has_its_result_right_after_it(found: Conversation) -> None:
    """What Anthropic asks for, whatever the order in which results came."""
    messages = sound(found, Losses()).messages
    for message, following in itertools.pairwise(messages):
        calls = [part.id for part in message.parts if isinstance(part, ToolCall)]
        results = [part.call_id for part in following.parts if isinstance(part, ToolResult)]
        assert not calls or results[: len(calls)] == calls
