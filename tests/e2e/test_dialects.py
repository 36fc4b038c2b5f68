"""Each of the five clients works on each dialect, and its session changes its model at a boundary.

The first turn is work of several tool calls, played by one provider; the second, in the same
session, asks for planning, which another one plays. Both speak one dialect alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from e2e import agents, drive
from e2e.stories import CLIENTS, require
from rolecall.types import MAIN_DIALECTS, Dialect
from support.answers import Script
from support.gateway import start_gateway
from support.upstream import Upstream

pytestmark = pytest.mark.e2e

STACK = """
[providers.first]
base_url = "{first}"
dialects = ["{dialect}"]
auth = "none"

[providers.second]
base_url = "{second}"
dialects = ["{dialect}"]
auth = "none"

[roles]
code = ["first/code-model"]
fast = ["first/fast-model"]
plan = ["second/plan-model"]

[routing]
text_confidence = 1
"""
CODE, PLAN = "rolecall/code", "rolecall/plan"
QUESTION = "What should be done next?"
Turn = Callable[[drive.Place, str], drive.Ran]


class Client(Struct, frozen=True):
    """How a client takes its first turn and its second, and what a model says to it."""

    first: Turn
    second: Turn
    script: Callable[[Path], Script]


def _steps(steps: Callable[[Path], tuple[agents.Step, ...]]) -> Callable[[Path], Script]:
    return lambda repository: agents.working(*steps(repository))


TASK = agents.TASK
FREE = "--dangerously-skip-permissions"
RUN: dict[str, Client] = {
    "codex": Client(
        lambda place, url: drive.codex(place, url, CODE, TASK),
        lambda place, url: drive.codex(place, url, PLAN, "resume", "--last", QUESTION),
        _steps(agents.codex_steps),
    ),
    "claude-code": Client(
        lambda place, url: drive.claude_code(place, url, CODE, TASK, FREE),
        lambda place, url: drive.claude_code(place, url, PLAN, QUESTION, "--continue", FREE),
        _steps(agents.claude_code_steps),
    ),
    "opencode": Client(
        lambda place, url: drive.opencode(place, url, CODE, TASK),
        lambda place, url: drive.opencode(
            place, url, PLAN, "--continue", "--model", f"scripted/{PLAN}", QUESTION
        ),
        _steps(agents.opencode_steps),
    ),
    "mistral-vibe": Client(
        lambda place, url: drive.vibe(place, url, CODE, TASK, "--auto-approve"),
        lambda place, url: drive.vibe(place, url, PLAN, QUESTION, "--continue", "--auto-approve"),
        _steps(agents.vibe_steps),
    ),
    "aider": Client(
        lambda place, url: drive.aider(place, url, CODE, "--message", TASK, "greeting.py"),
        lambda place, url: drive.aider(
            place, url, PLAN, "--restore-chat-history", "--message", QUESTION, "greeting.py"
        ),
        lambda _: agents.editing,
    ),
}


@pytest.mark.parametrize("dialect", list(MAIN_DIALECTS))
@pytest.mark.parametrize("client", list(RUN))
def test_a_task_and_a_switch(client: str, dialect: Dialect, tmp_path: Path) -> None:
    """Its tools are called with what the model said; the other model is told all of it."""
    require(client)
    place = drive.prepare(CLIENTS, tmp_path / "run")
    script = RUN[client].script(place.repository)
    home = tmp_path / "rolecall"
    home.mkdir()
    with Upstream(script) as first, Upstream(script) as second:
        config = STACK.format(first=first.base_url, second=second.base_url, dialect=dialect)
        with start_gateway(config, home) as gateway:
            worked = RUN[client].first(place, gateway.url)
            assert worked.code == 0, worked.stderr
            assert not second.asked
            asked = RUN[client].second(place, gateway.url)
            assert asked.code == 0, asked.stderr
            decisions = gateway.decisions()
    changed = (place.repository / "greeting.py").read_text()
    assert agents.AFTER in changed
    assert {one["status"] for one in decisions} == {200}
    told = " ".join(one.body.decode() for one in second.asked)
    assert "good morning" in told, "the history of the first turn"
    assert QUESTION in told
    assert {one.dialect for one in (*first.asked, *second.asked)} == {dialect}
