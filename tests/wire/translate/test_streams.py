"""An answer comes to the same, however its bytes are cut, and breaks off with an error at worst."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from rolecall.errors import BodyError
from rolecall.types import MAIN_DIALECTS, Dialect, Usage
from rolecall.wire.dialects import WIRES
from rolecall.wire.sse import events
from rolecall.wire.translate.answer import Broken, Closed, Opened, Reply, collected
from rolecall.wire.translate.interpreter import Interpreter
from rolecall.wire.translate.names import Names
from rolecall.wire.translate.table import SPOKEN, Client, understood
from support.answers import Answer, Received, Tokens, ToolCall
from support.upstream import SPEECH

PAIRS = list(itertools.permutations(MAIN_DIALECTS, 2))
CLIENT = Client(model="m", counted=True, created=0)
ANSWER = Answer(
    text="Grüße, 世界 🙂\n\ndata: no event",
    reasoning="Let me see.",
    tool_calls=(
        ToolCall(name="read", arguments={"path": "ä.py", "lines": [1, 2]}),
        ToolCall(name="bash", arguments={"cmd": 'echo "hi"\n'}),
    ),
    tokens=Tokens(input=100, output=20, cache_read=60, cache_write=10, reasoning=5),
)


def streamed(dialect: Dialect, answer: Answer) -> bytes:
    body = {"model": "m", "stream_options": {"include_usage": True}}
    path = "/v1" + WIRES[dialect].path
    received = Received(
        index=0, method="POST", path=path, query="", headers=[], body=b"", json=body
    )
    return b"".join(SPEECH[dialect].events(answer, received))


def interpreter(spoken: Dialect, client: Dialect) -> Interpreter:
    return Interpreter(spoken, client, maker="p/m", names=Names(()), client=CLIENT)


def fed(spoken: Dialect, client: Dialect, *chunks: bytes) -> bytes:
    found = interpreter(spoken, client)
    return b"".join(found.feed(chunk) for chunk in chunks) + found.close()


def reply(client: Dialect, data: bytes) -> Reply:
    reader = SPOKEN[client].reader("p/m")
    return collected(event for one in events(data) for event in reader.event(one))


@pytest.mark.parametrize(("spoken", "client"), PAIRS)
def test_cut_anywhere_it_is_the_same(spoken: Dialect, client: Dialect) -> None:
    """At each byte, into single bytes, and with the line ends of another server."""
    data = streamed(spoken, ANSWER)
    whole = fed(spoken, client, data)
    for at in range(len(data)):
        assert fed(spoken, client, data[:at], data[at:]) == whole
    assert fed(spoken, client, *(data[at : at + 1] for at in range(len(data)))) == whole
    assert fed(spoken, client, data.replace(b"\n", b"\r\n")) == whole


@pytest.mark.parametrize(("spoken", "client"), PAIRS)
@settings(max_examples=40, deadline=None)
@given(parts=st.tuples(*[st.integers(0, 500)] * 5))
def test_usage_adds_up_once(
    spoken: Dialect, client: Dialect, parts: tuple[int, int, int, int, int]
) -> None:
    """Cached tokens are part of the input in one dialect and beside it in another."""
    read, write, rest, output, thought = parts
    counts = {"cache_read": read, "cache_write": write, "reasoning": thought}
    tokens = Tokens(input=read + write + rest, output=output + thought, **counts)
    data = streamed(spoken, Answer(text="x", tokens=tokens))
    assert reply(client, fed(spoken, client, data)).usage == Usage(
        input_tokens=read + write + rest,
        output_tokens=output + thought,
        cache_read_input_tokens=read,
        cache_write_input_tokens=write,
        reasoning_tokens=thought,
    )


@pytest.mark.parametrize(("spoken", "client"), PAIRS)
def test_parallel_calls_are_told_apart(spoken: Dialect, client: Dialect) -> None:
    """Each has an index of its own, begins once and is closed once."""
    told = fed(spoken, client, streamed(spoken, ANSWER))
    reader = SPOKEN[client].reader("p/m")
    found = [event for one in events(told) for event in reader.event(one)]
    opened = [event.part for event in found if isinstance(event, Opened)]
    closed = [event.part for event in found if isinstance(event, Closed)]
    assert len(opened) == len(set(opened))
    assert sorted(closed) == opened
    calls = [p for p in collected(found).pieces.values() if p.opened.kind == "call"]
    assert [(call.opened.name, msgspec.json.decode(call.text)) for call in calls] == [
        (call.name, call.arguments) for call in ANSWER.tool_calls
    ]


def chunk(*calls: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"delta": {"tool_calls": list(calls)}, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"id": "a", "choices": [choice]}) + b"\n\n"


def piece(text: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    called = {} if name is None else {"name": name}
    return {"function": {**called, "arguments": text}, **more}


ODD = {
    "interleaved": [
        chunk(piece('{"n":', name="one", index=0, id="a")),
        chunk(piece('{"n":', name="two", index=1, id="b")),
        chunk(piece("1}", index=0)),
        chunk(piece("2}", index=1)),
    ],
    "whole and without an index": [
        chunk(piece('{"n":1}', name="one", id="a")),
        chunk(piece('{"n":2}', name="two", id="b")),
    ],
    "without index and id": [
        chunk(piece('{"n":1}', name="one")),
        chunk(piece('{"n":2}', name="two")),
    ],
    "always index 0": [
        chunk(piece('{"n":1}', name="one", index=0, id="a")),
        chunk(piece('{"n":2}', name="two", index=0, id="b")),
    ],
    "two in one chunk": [
        chunk(
            piece('{"n":1}', name="one", index=0, id="a"),
            piece('{"n":2}', name="two", index=1, id="b"),
        )
    ],
    "as an object": [
        chunk({"index": 0, "id": "a", "function": {"name": "one", "arguments": {"n": 1}}}),
        chunk({"index": 1, "id": "b", "function": {"name": "two", "arguments": {"n": 2}}}),
    ],
}


@pytest.mark.parametrize("client", ["anthropic.messages", "openai.responses"])
@pytest.mark.parametrize("chunks", ODD.values(), ids=ODD)
def test_engines_that_tell_calls_their_own_way(client: Dialect, chunks: list[bytes]) -> None:
    data = b"".join([*chunks, chunk(finish="stop"), b"data: [DONE]\n\n"])
    found = reply(client, fed("openai.chat", client, data))
    calls = [(p.opened.name, msgspec.json.decode(p.text)) for p in found.pieces.values()]
    assert calls == [("one", {"n": 1}), ("two", {"n": 2})]
    assert len({p.opened.id for p in found.pieces.values()}) == 2
    assert found.stop == "calls"


def words(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(text.split())


KEYS = words(
    "type role content messages input tools tool_calls function name arguments id index delta "
    "choices item response output call_id text usage system thinking error"
)
PLACES = words(
    "choices item delta content_block response index output_index usage message error content "
    "output"
)
TYPES = words(
    "message function_call reasoning text tool_use tool_result image content_block_start "
    "content_block_delta message_delta response.output_item.added response.output_item.done "
    "response.output_text.delta response.completed error"
)
PLAIN = st.just([{"role": "user", "content": "x"}])
SETTINGS = words(
    "tool_choice parallel_tool_calls max_tokens temperature top_k stop stream stream_options "
    "reasoning_effort response_format n modalities system thinking output_config metadata "
    "stop_sequences instructions reasoning text include previous_response_id"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | TYPES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(("spoken", "client"), PAIRS)
@settings(max_examples=150, deadline=None)
@given(found=st.dictionaries(PLACES, JSON), kind=TYPES)
def test_garbage_is_an_error_event_at_worst(
    spoken: Dialect, client: Dialect, found: dict[str, Any], kind: str
) -> None:
    data = b"data: " + msgspec.json.encode({"type": kind, **found}) + b"\n\n"
    fed(spoken, client, data, data)
    with suppress(Broken):
        interpreter(spoken, client).whole(data[6:])


@pytest.mark.parametrize("dialect", list(MAIN_DIALECTS))
@settings(max_examples=200, deadline=None)
@given(found=PLAIN | JSON, tools=st.none() | JSON, more=st.dictionaries(SETTINGS, JSON, max_size=3))
def test_a_strange_request_is_refused_and_nothing_else(
    dialect: Dialect, found: Any, tools: Any, more: dict[str, Any]
) -> None:
    key = "input" if dialect == "openai.responses" else "messages"
    with suppress(BodyError):
        understood(dialect, msgspec.json.encode({key: found, "tools": tools, **more}))
