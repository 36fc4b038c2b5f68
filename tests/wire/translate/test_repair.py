"""Tool calls that a model wrote as text: made real only where that is sure."""

from __future__ import annotations

import pytest

from rolecall.wire.translate.conversation import Tool
from rolecall.wire.translate.repair import Call, calls_in, may_begin

READ = Tool(
    name="read",
    schema={"type": "object", "properties": {"path": {}, "limit": {}}, "required": ["path"]},
)
CALL = '{"name": "read", "arguments": {"path": "a.py"}}'
MADE = [Call("read", '{"path":"a.py"}')]
WRITTEN = {
    "a fence": f"```json\n{CALL}\n```",
    "a fence without a language": f"```\n{CALL}\n```\n",
    "bare": CALL,
    "a tag": f"<tool_call>\n{CALL}\n</tool_call>",
    "mistral's mark": f"[TOOL_CALLS][{CALL}]",
    "parameters": '{"name": "read", "parameters": {"path": "a.py"}}',
    "arguments as text": '{"name": "read", "arguments": "{\\"path\\": \\"a.py\\"}"}',
    "openai's own form": f'{{"type": "function", "function": {CALL}}}',
}
TEXTS = {
    "words": "I will read a.py.",
    "code": "```python\nread('a.py')\n```",
    "an example with words after it": f"```json\n{CALL}\n```\nThat is how one calls it.",
    "another object": '{"name": "rolecall", "version": 1}',
    "half of it": '```json\n{"name": "read", "argu',
    "a list of numbers": "[1, 2]",
    "nothing": "",
}
MEANT = {
    "no such tool": ('{"name": "erase", "arguments": {}}', "nobody offered"),
    "nothing given": ('{"name": "read", "arguments": {}}', "left out"),
    "strange arguments": ('{"name": "read", "arguments": {"path": "a", "x": 1}}', "does not have"),
    "no JSON": ('{"name": "read", "arguments": "path=a"}', "without valid JSON"),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_call_is_made_real(text: str) -> None:
    assert calls_in(text, [READ]) == MADE
    assert may_begin(text) == "yes"


def test_several_calls() -> None:
    block = f"<tool_call>{CALL}</tool_call>"
    assert calls_in(f"{block}\n{block}", [READ]) == MADE * 2


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_stays_a_text(text: str) -> None:
    assert calls_in(text, [READ]) is None


@pytest.mark.parametrize(("text", "says"), MEANT.values(), ids=MEANT)
def test_what_cannot_be_made_is_a_failed_attempt(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        calls_in(text, [READ])


@pytest.mark.parametrize("text", [*WRITTEN.values()])
def test_no_beginning_of_a_call_is_let_go(text: str) -> None:
    """A stream is held at each of its pieces."""
    assert "no" not in {may_begin(text[:end]) for end in range(len(text) + 1)}


@pytest.mark.parametrize("text", ["I will", "# Title", "```python\nx", "<b>", "[link]"])
def test_a_text_is_let_go_at_once(text: str) -> None:
    assert may_begin(text) == "no"
