"""Reading a request: who speaks, what was said, which tools are there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import BodyError
from rolecall.types import MAIN_DIALECTS, Dialect
from rolecall.wire.dialects import WIRES
from rolecall.wire.encoding import decompress
from rolecall.wire.faults import fault
from rolecall.wire.parsed import Parsed

DIALECTS = MAIN_DIALECTS
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def parse(dialect: Dialect, **fields: Any) -> Parsed:
    return WIRES[dialect].parse(msgspec.json.encode({"model": "m", **fields}))


def test_chat_tool_loop() -> None:
    """A tool's result at the end is an open loop; its call names the tool."""
    call = {"id": "1", "type": "function", "function": {"name": "edit", "arguments": "{}"}}
    parsed = parse(
        "openai.chat",
        messages=[
            {"role": "developer", "content": "You are an agent."},
            {"role": "user", "content": [{"type": "text", "text": "Fix it."}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": "done"},
        ],
        tools=[{"type": "function", "function": {"name": "edit"}}],
        stream=True,
        max_completion_tokens=7,
    )
    assert parsed.system == "You are an agent."
    assert parsed.opening == parsed.human == "Fix it."
    assert parsed.tail.loop_open
    assert parsed.tail.called == ("edit",)
    assert parsed.tools == ("edit",)
    assert (parsed.stream, parsed.max_tokens, parsed.count) == (True, 7, 4)


def test_messages_tool_loop_with_a_late_system_message() -> None:
    """A system message after the last one of a human says what is in force, and opens no turn."""
    parsed = parse(
        "anthropic.messages",
        system=[{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<reminder>x</reminder>"},
                    {"type": "text", "text": "Go."},
                ],
            },
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "name": "Read", "id": "1", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "1", "content": "y"}],
            },
            {"role": "system", "content": "a mode is on"},
        ],
    )
    assert parsed.system == "one\ntwo"
    assert parsed.human == "Go."
    assert parsed.late == "a mode is on\n<reminder>x</reminder>"
    assert parsed.tail.loop_open
    assert parsed.tail.called == ("Read",)


def test_responses_tool_loop() -> None:
    """Items without a role are calls and their outputs; the newest mode can be asked for."""
    parsed = parse(
        "openai.responses",
        instructions="You are an agent.",
        input=[
            {
                "type": "message",
                "role": "developer",
                "content": [{"type": "input_text", "text": "<mode>a"}],
            },
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "<env/>"}],
            },
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go."}]},
            {"type": "reasoning", "encrypted_content": "x"},
            {
                "type": "message",
                "role": "developer",
                "content": [{"type": "input_text", "text": "<mode>b"}],
            },
            {"type": "custom_tool_call", "name": "apply_patch", "call_id": "1", "input": "x"},
            {"type": "custom_tool_call_output", "call_id": "1", "output": "y"},
        ],
        tools=[{"type": "custom", "name": "apply_patch"}, {"type": "web_search"}],
    )
    assert parsed.opening == "Go."
    assert parsed.newest_system("<mode>") == "<mode>b"
    assert parsed.newest_system("agent") == "You are an agent."
    assert parsed.tail.loop_open
    assert parsed.tail.called == ("apply_patch",)
    assert parsed.tools == ("apply_patch", "web_search")


def test_responses_input_as_text() -> None:
    """A plain text is one message of a human."""
    parsed = parse("openai.responses", input="Go.")
    assert (parsed.human, parsed.count, parsed.tail.loop_open) == ("Go.", 1, False)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_unknown_contents_are_not_read(dialect: Dialect) -> None:
    """Shapes that nobody has seen yet pass, and count as saying nothing."""
    said = [
        {"role": "user", "content": {"new": 1}},
        {"role": "someone", "content": 3},
        {"role": "user", "content": [{"type": "image", "data": "x"}, {"text": 5}]},
        {},
    ]
    parsed = parse(dialect, **{"input" if dialect == "openai.responses" else "messages": said})
    assert (parsed.human, parsed.opening, parsed.system) == ("", "", "")


@pytest.mark.parametrize("dialect", DIALECTS)
@given(body=st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_anything_is_read_or_refused(dialect: Dialect, body: bytes) -> None:
    """A parser raises nothing but `BodyError`."""
    try:
        parsed = WIRES[dialect].parse(body)
    except BodyError:
        return
    assert isinstance(parsed.human + parsed.opening + parsed.system + parsed.late, str)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(
    said=st.lists(
        st.dictionaries(
            st.sampled_from(["role", "type", "content", "name", "tool_calls"]), JSON, max_size=4
        ),
        max_size=5,
    )
)
def test_any_messages_are_read_or_refused(dialect: Dialect, said: list[Any]) -> None:
    """Messages of any shape are read as far as they can be."""
    try:
        parsed = parse(dialect, **{"input" if dialect == "openai.responses" else "messages": said})
    except BodyError:
        return
    assert parsed.count == len(said)
    assert isinstance(parsed.late + parsed.human, str)


def test_mistake_is_named_with_its_place() -> None:
    """The message says what is wrong and where."""
    with pytest.raises(BodyError, match=r"Expected `str`, got `int` - at `\$\.model`"):
        WIRES["openai.chat"].parse(b'{"model": 1, "messages": []}')


@given(
    data=st.binary(max_size=100),
    encoding=st.sampled_from(["gzip", "deflate", "zstd", "gzip, zstd"]),
)
def test_noise_is_no_encoding(data: bytes, encoding: str) -> None:
    """What is not encoded as it says is refused, never a crash."""
    try:
        decompress(data, encoding, limit=1000)
    except BodyError as error:
        assert error.status in {400, 413}  # noqa: PT017 (most noise is refused, some is empty)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("status", [400, 401, 413, 429, 503])
def test_error_shapes(dialect: Dialect, status: int) -> None:
    """Each dialect finds its message where its clients look for it."""
    error = msgspec.json.decode(fault(dialect, status, "why", code="x"))["error"]
    assert error["message"] == "why"
    assert error["type"]


def test_codex_offers_tools_among_the_messages() -> None:
    """For models that it knows by name; those within a namespace count one by one."""
    inner = [{"type": "function", "name": "exec_command"}, {"type": "function", "name": "wait"}]
    offered = {
        "type": "additional_tools",
        "role": "developer",
        "tools": [
            {"type": "namespace", "name": "functions", "tools": inner},
            {"type": "web_search", "name": "search"},
            "nothing that is known",
        ],
    }
    asked = {"type": "message", "role": "user", "content": "Go on."}
    parsed = parse("openai.responses", input=[offered, asked])
    assert parsed.tools == ("exec_command", "wait", "search")
    assert parse("openai.responses", input="Go on.").tools == ()
