"""The course of a conversation is read off its messages, and read once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.routing.course import load_course
from rolecall.routing.trajectory import Trajectories
from rolecall.types import MAIN_DIALECTS, Dialect, Trajectory
from rolecall.wire.dialects import WIRES

COURSE = load_course()
Turn = tuple[str, ...]
FAILED = "E   AssertionError: 3 != 4\n1 failed, 7 passed in 0.31s"
PASSED = "8 passed in 0.30s"


def chat(turns: list[Turn]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    for number, turn in enumerate(turns):
        if turn[0] == "human":
            said.append({"role": "user", "content": turn[1]})
            continue
        function = {"name": turn[0], "arguments": msgspec.json.encode({"x": turn[1]}).decode()}
        call = {"id": f"c{number}", "type": "function", "function": function}
        said.append({"role": "assistant", "content": None, "tool_calls": [call]})
        said.append({"role": "tool", "tool_call_id": f"c{number}", "content": turn[2]})
    return said


def responses(turns: list[Turn]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    for number, turn in enumerate(turns):
        if turn[0] == "human":
            said.append({"role": "user", "content": [{"type": "input_text", "text": turn[1]}]})
            continue
        given = msgspec.json.encode({"x": turn[1]}).decode()
        said.append(
            {"type": "function_call", "call_id": f"c{number}", "name": turn[0], "arguments": given}
        )
        said.append({"type": "function_call_output", "call_id": f"c{number}", "output": turn[2]})
    return said


def messages(turns: list[Turn]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    for number, turn in enumerate(turns):
        if turn[0] == "human":
            said.append({"role": "user", "content": [{"type": "text", "text": turn[1]}]})
            continue
        use = {"type": "tool_use", "id": f"c{number}", "name": turn[0], "input": {"x": turn[1]}}
        result = {"type": "tool_result", "tool_use_id": f"c{number}", "content": turn[2]}
        said.append({"role": "assistant", "content": [use]})
        said.append({"role": "user", "content": [result]})
    return said


def gemini(turns: list[Turn]) -> list[dict[str, Any]]:
    """Without ids, as Google's examples have it."""
    said: list[dict[str, Any]] = []
    for turn in turns:
        if turn[0] == "human":
            said.append({"role": "user", "parts": [{"text": turn[1]}]})
            continue
        call = {"name": turn[0], "args": {"x": turn[1]}}
        result = {"name": turn[0], "response": {"output": turn[2]}}
        said.append({"role": "model", "parts": [{"functionCall": call}]})
        said.append({"role": "user", "parts": [{"functionResponse": result}]})
    return said


def ollama(turns: list[Turn]) -> list[dict[str, Any]]:
    """Without ids, as its documentation has it."""
    said: list[dict[str, Any]] = []
    for turn in turns:
        if turn[0] == "human":
            said.append({"role": "user", "content": turn[1]})
            continue
        function = {"name": turn[0], "arguments": {"x": turn[1]}}
        said.append({"role": "assistant", "content": "", "tool_calls": [{"function": function}]})
        said.append({"role": "tool", "tool_name": turn[0], "content": turn[2]})
    return said


BODIES = {
    "openai.chat": chat,
    "openai.responses": responses,
    "anthropic.messages": messages,
    "google.gemini": gemini,
    "ollama.chat": ollama,
}
KEYS = {"openai.responses": "input", "google.gemini": "contents"}
DIALECTS: list[Dialect] = [*MAIN_DIALECTS, "google.gemini", "ollama.chat"]


def read(turns: list[Turn], dialect: Dialect, by: Trajectories | None = None) -> Trajectory:
    key = KEYS.get(dialect, "messages")
    body = msgspec.json.encode({"model": "m", key: BODIES[dialect](turns)})
    return (by or Trajectories(COURSE)).of(WIRES[dialect].parse(body))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whole_course_is_the_same_in_every_dialect(dialect: Dialect) -> None:
    """Tools by what they do, edits that went in, tests that fail the same way, objections."""
    course = read(
        [
            ("human", "Fix the parser."),
            ("read_file", "parser.py", "text"),
            ("grep", "def parse", "parser.py:1"),
            ("edit", "parser.py", "Error: string to replace not found"),
            ("edit", "parser.py", "The file has been updated."),
            ("bash", "python -m pytest -q", FAILED),
            ("bash", "python -m pytest -q", FAILED.replace("7", "9")),
            ("human", "no, that is still failing"),
        ],
        dialect,
    )
    assert course == Trajectory(
        messages=14,
        turns=2,
        reads=1,
        searches=1,
        edits=1,
        edits_failed=1,
        runs=2,
        idle=2,
        tested=2,
        tests="failed",
        failures=2,
        same_failures=1,
        failure=course.failure,
        pushed_back=True,
        pushbacks=1,
    )


def test_passing_tests_end_the_failures() -> None:
    """What failed before does not count once the tests pass."""
    turns: list[Turn] = [("human", "Fix."), ("bash", "pytest", FAILED), ("bash", "pytest", PASSED)]
    course = read(turns, "openai.chat")
    assert (course.tests, course.failures, course.failure) == ("passed", 0, 0)


def test_another_failure_is_not_the_same() -> None:
    """Numbers may differ in one failure, words may not."""
    other = "E   TypeError: not callable\n1 failed in 0.2s"
    turns: list[Turn] = [("human", "Fix."), ("bash", "pytest", FAILED), ("bash", "pytest", other)]
    course = read(turns, "openai.chat")
    assert (course.failures, course.same_failures) == (2, 0)


def test_output_that_tells_nothing_changes_nothing() -> None:
    """A command that runs no tests is none, and a silent test run neither passed nor failed."""
    turns: list[Turn] = [("human", "Fix."), ("bash", "ls", FAILED), ("bash", "pytest", "")]
    assert read(turns, "openai.chat").tests == "none"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_summary_is_told_from_a_turn(dialect: Dialect) -> None:
    """A conversation that goes on from a summary says so in its beginning."""
    said = "This session is being continued from a previous conversation. Fix the parser."
    assert read([("human", said)], dialect).compacted
    assert not read([("human", "Fix the parser.")], dialect).compacted


TURN = st.sampled_from(
    [
        ("human", "Fix."),
        ("human", "no, still wrong"),
        ("human", "<system-reminder>\nx\n</system-reminder>"),
        ("read", "a", "b"),
        ("Write", "a", "ok"),
        ("apply_patch", "a", "error: no match"),
        ("bash", "npm test", FAILED),
        ("bash", "npm test", PASSED),
        ("mcp__git__push", "a", "b"),
    ]
)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(turns=st.lists(TURN, max_size=12), edited=st.integers(0, 11))
def test_read_step_by_step_it_is_the_same(dialect: Dialect, turns: list[Turn], edited: int) -> None:
    """What is remembered of a prefix changes nothing, not even when history is edited."""
    memory = Trajectories(COURSE, capacity=8)
    for length in range(len(turns) + 1):
        assert read(turns[:length], dialect, memory) == read(turns[:length], dialect)
    changed = [("human", "Something else.") if n == edited else t for n, t in enumerate(turns)]
    assert read(changed, dialect, memory) == read(changed, dialect)


@pytest.mark.parametrize(
    ("tools", "only_reads"),
    [
        (("Read", "Grep"), True),
        (("read_file", "list_directory", "todo_write"), True),
        (("Read", "Edit"), False),
        (("view", "mcp__db__delete_row"), False),
        (("frobnicate",), False),
        ((), False),
    ],
)
def test_tools_that_only_read(tools: tuple[str, ...], *, only_reads: bool) -> None:
    """A tool that nothing tells may do anything."""
    assert COURSE.only_reads(tools) is only_reads


def edits(*pairs: tuple[str, str, str]) -> Trajectory:
    """What is read of edits in the dialect of Messages: what is looked for, put there, answered."""
    said: list[dict[str, Any]] = [{"role": "user", "content": "Fix it."}]
    for number, (old, new, answer) in enumerate(pairs):
        given = {"file_path": "a.py", "old_string": old, "new_string": new}
        use = {"type": "tool_use", "id": f"c{number}", "name": "Edit", "input": given}
        result = {"type": "tool_result", "tool_use_id": f"c{number}", "content": answer}
        said.append({"role": "assistant", "content": [use]})
        said.append({"role": "user", "content": [result]})
    body = msgspec.json.encode({"model": "m", "messages": said})
    return Trajectories(COURSE).of(WIRES["anthropic.messages"].parse(body))


def test_an_edit_that_is_taken_back_is_counted() -> None:
    """There and back again; what went in otherwise, or not at all, is no way back."""
    assert edits(("a", "b", "ok"), ("b", "a", "ok")).reverts == 1
    assert edits(("a", "b", "ok"), ("b", "a", "ok"), ("a", "b", "ok")).reverts == 2
    assert edits(("a", "b", "ok"), ("b", "c", "ok")).reverts == 0
    refused = "Error: string to replace not found"
    assert edits(("a", "b", refused), ("b", "a", "ok")).reverts == 0
    assert edits(("a", "b", "ok"), ("b", "a", refused)).reverts == 0
