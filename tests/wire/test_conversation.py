"""Corners of conversations: who speaks, what is a loop, and what is not read at all."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rolecall.errors import BodyError
from rolecall.types import MAIN_DIALECTS, Dialect
from rolecall.wire.dialects import WIRES
from rolecall.wire.parsed import Parsed
from rolecall.wire.steps import blocks_of

DIALECTS = MAIN_DIALECTS


def key_of(dialect: Dialect) -> str:
    return "input" if dialect == "openai.responses" else "messages"


def parse(dialect: Dialect, *said: dict[str, Any], **fields: Any) -> Parsed:
    body = {"model": "m", key_of(dialect): list(said), **fields}
    return WIRES[dialect].parse(msgspec.json.encode(body))


def human(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def system(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}


def calls(*names: str) -> dict[str, Any]:
    blocks = [{"type": "tool_use", "id": name, "name": name, "input": {}} for name in names]
    return {"role": "assistant", "content": blocks}


def result(*names: str, text: str = "") -> dict[str, Any]:
    blocks = [{"type": "tool_result", "tool_use_id": name, "content": "ok"} for name in names]
    words = [{"type": "text", "text": text}] if text else []
    return {"role": "user", "content": [*blocks, *words]}


def test_loop_is_closed_by_an_answer() -> None:
    """A result that the model has answered is history; the next human turn opens anew."""
    loop = (human("Go."), calls("Read"), result("Read"))
    answered = (*loop, {"role": "assistant", "content": "Done."})
    assert parse("anthropic.messages", *loop).tail.loop_open
    assert not parse("anthropic.messages", *answered).tail.loop_open
    assert not parse("anthropic.messages", *answered, human("More.")).tail.loop_open


def test_results_with_a_reminder_beside_them_are_a_loop() -> None:
    """Harnesses put texts beside results: no human spoke."""
    parsed = parse(
        "anthropic.messages", human("Go."), calls("Read"), result("Read", text="<system-reminder>")
    )
    assert parsed.tail.loop_open
    assert parsed.human == "Go."


def test_all_calls_of_the_newest_results_are_named() -> None:
    """Parallel calls in one message, or in one item each, in their order."""
    in_one = parse(
        "anthropic.messages", human("Go."), calls("Read", "Grep"), result("Read", "Grep")
    )
    assert in_one.tail.called == ("Read", "Grep")
    items = [
        {"type": "function_call", "name": "read", "call_id": "1"},
        {"type": "function_call", "name": "grep", "call_id": "2"},
        {"type": "function_call_output", "call_id": "1"},
        {"type": "function_call_output", "call_id": "2"},
    ]
    assert parse("openai.responses", human("Go."), *items).tail.called == ("read", "grep")


def test_calls_before_the_newest_results_are_history() -> None:
    """An older call is never taken for the newest, not even where that one has no name."""
    parsed = parse(
        "anthropic.messages",
        human("Go."),
        calls("ExitPlanMode"),
        result("ExitPlanMode"),
        {"role": "assistant", "content": [{"type": "something_new"}]},
        result("x"),
    )
    assert parsed.tail.loop_open
    assert parsed.tail.called == ()


def test_legacy_function_results_are_a_loop() -> None:
    """The role `function` of old clients is a tool's."""
    parsed = parse("openai.chat", human("Go."), {"role": "function", "name": "f", "content": "ok"})
    assert parsed.tail.loop_open


def test_conversation_without_a_human() -> None:
    """A system message alone, or nothing at all, is read as saying nothing."""
    for said in ([], [system("You are an agent.")], [calls("a")]):
        parsed = parse("openai.chat", *said)
        assert (parsed.human, parsed.opening, parsed.tail.human) == ("", "", -1)
    assert parse("openai.chat", system("You are.")).system == "You are."


def test_system_prompt_ends_where_a_human_begins() -> None:
    """Later system messages are not part of it: they say what is in force now."""
    parsed = parse(
        "openai.chat", system("one"), system("two"), human("Go."), system("three"), human("On.")
    )
    assert parsed.system == "one\ntwo"
    assert parsed.late == "three"
    assert parsed.newest_system("t") == "three"
    assert parsed.newest_system("none") is None


def test_tagged_messages_are_the_harness() -> None:
    """What begins with a tag is passed over for the opening, unless nobody typed anything."""
    tagged = human("<environment_context>linux</environment_context>")
    assert parse("openai.responses", tagged, human("Go.")).opening == "Go."
    assert parse("openai.responses", tagged).opening.startswith("<environment_context>")


def test_custom_tools_and_unnamed_ones() -> None:
    """A built-in tool goes by its type; an entry without either counts as none."""
    tools = [{"type": "web_search"}, {"name": "Read"}, {}, {"name": 3, "type": 4}]
    assert parse("openai.responses", tools=tools).tools == ("web_search", "Read")
    assert parse("anthropic.messages", tools=tools).tools == ("Read",)


def test_response_may_come_without_input() -> None:
    """A stored prompt, or the state of an earlier response, stands for it."""
    body = b'{"model": "m", "prompt": {"id": "p"}}'
    assert WIRES["openai.responses"].parse(body).count == 0


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "twice", [b'"model": "a", "model": "b"', b'"model": "a", "mod\\u0065l": "a"']
)
def test_two_models_are_refused(dialect: Dialect, twice: bytes) -> None:
    """One would be decided on and the other could answer, even where both say the same."""
    body = b'{%s, "%s": []}' % (twice, key_of(dialect).encode())
    with pytest.raises(BodyError, match="names its model twice; name it once"):
        WIRES[dialect].parse(body)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("model", None, r"Expected `str`, got `NoneType` - at `\$\.model`"),
        ("model", ["m"], r"Expected `str`, got `list` - at `\$\.model`"),
        ("stream", "yes", r"Expected `bool \| null`, got `str` - at `\$\.stream`"),
        ("tools", {"a": 1}, r"Expected `array \| null`, got `object` - at `\$\.tools`"),
        ("messages", 5, r"got `int` - at `\$\.(messages|input)`"),
        ("messages", [5], r"got `int` - at `\$\.(messages|input)\[0\]`"),
    ],
)
def test_wrong_type_is_named_with_its_place(
    dialect: Dialect, field: str, value: Any, says: str
) -> None:
    """What the message says is enough to find the mistake."""
    name = key_of(dialect) if field == "messages" else field
    with pytest.raises(BodyError, match=says) as caught:
        parse(dialect, **{name: value})
    assert caught.value.status == 400


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b'{"model": "\xff"}'])
def test_what_is_no_request_is_refused(dialect: Dialect, body: bytes) -> None:
    """No body, no object, no JSON, no text."""
    with pytest.raises(BodyError):
        WIRES[dialect].parse(body)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_any_depth_is_read_or_refused(dialect: Dialect) -> None:
    """Texts are read deeper in the stack than bodies: that one is not, and nothing is raised."""
    head = (
        b'{"model": "m", "%s": [{"role": "user", "content": [{"text": ' % key_of(dialect).encode()
    )
    for depth in range(850, 1000):
        body = head + b"[" * depth + b"]" * depth + b"}]}]}"
        try:
            parsed = WIRES[dialect].parse(body)
        except BodyError as error:
            assert "too deeply" in str(error)  # noqa: PT017 (shallow ones are read)
        else:
            assert nested(parsed, 12) == ""


def nested(parsed: Parsed, frames: int) -> str:
    """Read the text from further down the stack, as the rules do."""
    return nested(parsed, frames - 1) if frames else parsed.human + "".join(parsed.tail.called)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_unknown_fields_do_not_disturb(dialect: Dialect) -> None:
    """Fields nobody has heard of, on every level, change nothing of what is read."""
    new: dict[str, Any] = {"x_new": [{"role": "system"}], "reasoning": {"effort": "high"}}
    parsed = parse(dialect, {**human("Go."), **new}, **new)
    assert (parsed.human, parsed.count, parsed.model) == ("Go.", 1, "m")


def test_person_who_types_while_a_tool_answers_has_spoken() -> None:
    """Claude Code puts what was typed after a tool turn, such as `/compact`, beside the result."""
    said = (human("Go."), calls("Read"), result("Read", text="CRITICAL: Respond with TEXT ONLY."))
    parsed = parse("anthropic.messages", *said)
    assert parsed.human == "CRITICAL: Respond with TEXT ONLY."
    assert parsed.tail.loop_open
    assert parsed.opening == "Go."


def test_steps_are_read_alike_in_each_dialect() -> None:
    """The same call and result, as each dialect writes them."""
    given = '{"command": "make test"}'
    chat = parse(
        "openai.chat",
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "function": {"name": "bash", "arguments": given}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "1 failed"},
    )
    responses = parse(
        "openai.responses",
        {"type": "function_call", "call_id": "c", "name": "bash", "arguments": given},
        {"type": "function_call_output", "call_id": "c", "output": "1 failed"},
    )
    use = {"type": "tool_use", "id": "c", "name": "bash", "input": {"command": "make test"}}
    answer = {"type": "tool_result", "tool_use_id": "c", "content": "1 failed"}
    messages = parse(
        "anthropic.messages",
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [answer]},
    )
    for parsed in (chat, responses, messages):
        call, came = parsed.step(0).calls[0], parsed.step(1).results[0]
        assert (call.id, call.name) == ("c", "bash")
        assert b"make test" in bytes(call.arguments)
        assert (came.id, blocks_of(came.content), came.failed) == ("c", ["1 failed"], False)


def test_prefix_names_all_that_stands_before_it() -> None:
    """A change anywhere changes every prefix from there on, and none before."""
    one = parse("openai.chat", human("a"), human("b"), human("c")).prefixes()
    two = parse("openai.chat", human("a"), human("B"), human("c")).prefixes()
    assert one[0] == two[0]
    assert one[1] != two[1]
    assert one[2] != two[2]
