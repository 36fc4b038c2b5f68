"""A history that is handed over: old results lose their middle, everything else stays."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rolecall.types import Dialect
from rolecall.wire.shorten import shortened

LONG = "a" * 300 + "b" * 30_000 + "c" * 700
SHORT = "a" * 300 + "\n[30000 characters left out]\n" + "c" * 700


def result(dialect: Dialect, text: Any, number: int) -> list[dict[str, Any]]:
    """A call and its result, as the dialect writes them; unknown keys stand beside."""
    name = f"c{number}"
    match dialect:
        case "anthropic.messages":
            call = {"type": "tool_use", "id": name, "name": "bash", "input": {"command": LONG}}
            done = {"type": "tool_result", "tool_use_id": name, "content": text, "odd": 1}
            return [
                {"role": "assistant", "content": [call]},
                {"role": "user", "content": [done, {"type": "text", "text": LONG}]},
            ]
        case "openai.responses":
            return [
                {"type": "function_call", "call_id": name, "name": "bash", "arguments": LONG},
                {"type": "function_call_output", "call_id": name, "output": text, "odd": 1},
            ]
        case _:
            function = {"name": "bash", "arguments": LONG}
            calls = [{"id": name, "type": "function", "function": function}]
            return [
                {"role": "assistant", "content": None, "tool_calls": calls},
                {"role": "tool", "tool_call_id": name, "content": text, "odd": 1},
            ]


def body(dialect: Dialect, *texts: Any) -> dict[str, Any]:
    said: list[dict[str, Any]] = [{"role": "user", "content": LONG}]
    for number, text in enumerate(texts):
        said += result(dialect, text, number)
    return {"model": "m", "input" if dialect == "openai.responses" else "messages": said, "odd": 2}


DIALECTS: tuple[Dialect, ...] = ("openai.chat", "openai.responses", "anthropic.messages")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_old_results_alone_are_shortened(dialect: Dialect) -> None:
    """The newest six messages before the hand-over stay, and all that came after it."""
    whole = body(dialect, LONG, [{"type": "text", "text": LONG}], LONG, LONG, LONG, LONG)
    found = msgspec.json.decode(shortened(dialect, msgspec.json.encode(whole), kept=11))
    short_part = [{"type": "text", "text": SHORT}]
    assert found == body(dialect, SHORT, short_part, LONG, LONG, LONG, LONG)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_saves_little_stays_byte_for_byte(dialect: Dialect) -> None:
    """Short results, a short history, another dialect: nothing is rebuilt."""
    small = b" " + msgspec.json.encode(body(dialect, "ok", "b" * 5_000, "ok", "ok", "ok"))
    assert shortened(dialect, small, kept=11) is small
    long = msgspec.json.encode(body(dialect, LONG, LONG))
    assert shortened(dialect, long, kept=5) is long
    assert shortened("google.gemini", long, kept=99) is long
    assert shortened(dialect, b'{"messages": 1, "input": 1}', kept=9)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_later_calls_are_shortened_in_the_same_way(dialect: Dialect) -> None:
    """What the new model has cached is a beginning of what comes later."""
    texts = [LONG] * 6
    first = shortened(dialect, msgspec.json.encode(body(dialect, *texts)), kept=13)
    later = shortened(dialect, msgspec.json.encode(body(dialect, *texts, "more")), kept=13)
    key = "input" if dialect == "openai.responses" else "messages"
    begun, then = (msgspec.json.decode(one)[key] for one in (first, later))
    assert then[: len(begun)] == begun
