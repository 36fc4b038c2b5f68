"""Real clients whose tests keep failing: help comes once, at the next turn, and it is told.

The first turn runs the tests three times, red each time; the second, in the same session, says so.
The upstream plays a coding model that does nothing about it and a planning model that does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from e2e import agents, drive
from e2e.stories import AUTO, CLIENTS, require
from support.answers import Answer, Received, Script, Tokens, ToolCall
from support.gateway import Gateway, start_gateway
from support.upstream import Upstream

pytestmark = pytest.mark.e2e

STACK = """
[providers.up]
base_url = "{url}"
dialects = ["openai.responses", "anthropic.messages", "openai.chat"]
auth = "none"

[roles]
code = ["up/code-model"]
fast = ["up/fast-model"]
plan = ["up/plan-model"]

[models."up/code-model"]
class = "coding"
input_price = 1
output_price = 5
cache_read_price = 0.1

[models."up/plan-model"]
class = "frontier"
input_price = 5
output_price = 25
cache_read_price = 0.5

[routing]
text_confidence = 1
"""
TEST = """import unittest
from greeting import GREETING


class Greeting(unittest.TestCase):
    def test_greeting(self):
        self.assertEqual(GREETING, "good evening")
"""
RUN_TESTS = "python3 -m unittest test_greeting"
MEND = "sed -i s/morning/evening/ greeting.py"
ASKED, AGAIN = "Make the tests pass.", "They are still red. Have another look."
FREE = "--dangerously-skip-permissions"
Turn = Callable[[drive.Place, str], drive.Ran]


class Client(Struct, frozen=True):
    """Its two turns, and how a model calls its shell."""

    first: Turn
    second: Turn
    shell: Callable[[str], ToolCall]


def _bash(command: str) -> ToolCall:
    return ToolCall(name="Bash", arguments={"command": command, "description": "Run it"})


def _exec(command: str) -> ToolCall:
    return ToolCall(name="exec_command", arguments={"cmd": command})


CLIENT: dict[str, Client] = {
    "claude-code": Client(
        lambda place, url: drive.claude_code(place, url, AUTO, ASKED, FREE),
        lambda place, url: drive.claude_code(place, url, AUTO, AGAIN, "--continue", FREE),
        _bash,
    ),
    "codex": Client(
        lambda place, url: drive.codex(place, url, AUTO, ASKED),
        lambda place, url: drive.codex(place, url, AUTO, "resume", "--last", AGAIN),
        _exec,
    ),
}


def _models(shell: Callable[[str], ToolCall]) -> Script:
    """Three red runs, and nothing done; whoever takes over mends it and runs them once more."""

    def script(received: Received) -> Answer:
        done = agents.calls_made(received)
        steps = [RUN_TESTS] * 3
        if received.model == "plan-model":
            steps += [MEND, RUN_TESTS]
        tokens = Tokens(input=9_000 + 400 * done, output=120)
        if received.model == "fast-model" or done >= len(steps):
            return Answer(text="That should be it.", tokens=tokens)
        return Answer(text="One moment.", tool_calls=(shell(steps[done]),), tokens=tokens)

    return script


def _tells(gateway: Gateway, decision: str) -> str:
    return gateway.rolecall("why", decision).stdout


@pytest.mark.parametrize("client", CLIENT)
def test_help_comes_once_at_the_next_turn_and_is_told(tmp_path: Path, client: str) -> None:
    """Nobody changes in the loop; the stronger one mends it, and `why` says that it helped."""
    require(client)
    driven = CLIENT[client]
    place = drive.prepare(CLIENTS, tmp_path)
    (place.repository / "test_greeting.py").write_text(TEST)
    home = tmp_path / "rolecall"
    home.mkdir()
    with (
        Upstream(_models(driven.shell)) as upstream,
        start_gateway(STACK.format(url=upstream.base_url), home) as gateway,
    ):
        assert driven.first(place, gateway.url).code == 0
        before = {one["deployment"] for one in gateway.decisions()}
        assert driven.second(place, gateway.url).code == 0
        decisions = [gateway.json(f"/rolecall/decisions/{d['id']}") for d in gateway.decisions()]
        escalated = [one["decision"]["latch"] for one in decisions if one["decision"]["latch"]]
        assert "up/plan-model" not in before
        assert {(one["before"], one["now"]) for one in escalated} == {
            ("up/code-model", "up/plan-model")
        }
        (begun,) = {one["decision"] for one in escalated}
        told = _tells(gateway, begun)
        assert "failed: the tests failed 3 times in a row and the same way 3 times" in told
        assert "accepted, known by tests: the tests passed" in told
        assert "more than without the escalation: it helped" in told
        assert "every call was justified" in gateway.rolecall("premium").stdout.lower()
        assert "0 differ" in gateway.rolecall("replay").stdout
    assert "good evening" in (place.repository / "greeting.py").read_text()
