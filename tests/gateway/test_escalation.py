"""A session whose tests keep failing gets help once, at a boundary, and `why` tells what of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from support.answers import Answer, Received, Tokens
from support.gateway import Gateway, run_rolecall, start_gateway
from support.http import Got, post
from support.upstream import Upstream

STACK = """
[providers.up]
base_url = "{url}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
auth = "none"

[roles]
code = ["up/small"]
plan = ["up/large"]
fast = ["up/tiny"]

[models."up/tiny"]
class = "fast"
input_price = 0.1
output_price = 0.5
cache_read_price = 0.01

[models."up/small"]
class = "coding"
input_price = 1
output_price = 5
cache_read_price = 0.1

[models."up/large"]
class = "frontier"
input_price = 5
output_price = 25
cache_read_price = 0.5

[routing]
text_confidence = 1
"""
TOOLS = [{"name": "edit", "input_schema": {}}, {"name": "bash", "input_schema": {}}]
RED = "E  assert add(2, 2) == 4\nFAILED test_add.py::test_add\n1 failed in 0.1s"
GREEN = "1 passed in 0.1s"
Message = dict[str, Any]


def answers(_: Received) -> Answer:
    return Answer(text="Done.", tokens=Tokens(input=12_000, output=400))


class Talk(Struct):
    """A client's conversation, in the dialect of Messages, as it grows."""

    gateway: Gateway
    messages: list[Message]
    calls: int = 0

    def send(self) -> Got:
        body = {"model": "rolecall/auto", "max_tokens": 100, "messages": self.messages}
        headers = {"x-claude-code-session-id": "s1", "user-agent": "claude-cli/2.1.197"}
        got = post(self.gateway.url + "/v1/messages", body | {"tools": TOOLS}, headers=headers)
        assert got.status == 200
        return got

    def says(self, text: str) -> Got:
        self.messages.append({"role": "user", "content": text})
        return self.send()

    def ran(self, output: str, padding: int = 0) -> Got:
        """The model ran the tests, and this came back."""
        self.calls += 1
        name = f"call_{self.calls}"
        call = {"type": "tool_use", "id": name, "name": "bash", "input": {"command": "pytest -q"}}
        text = "." * padding + output
        result = {"type": "tool_result", "tool_use_id": name, "content": text}
        self.messages.append({"role": "assistant", "content": [call]})
        self.messages.append({"role": "user", "content": [result]})
        return self.send()

    def answered(self, text: str = "I think it is fixed.") -> None:
        self.messages.append({"role": "assistant", "content": text})


class House(Struct):
    gateway: Gateway
    upstream: Upstream
    home: Path

    def talk(self) -> Talk:
        return Talk(self.gateway, [])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with (
        Upstream(answers) as upstream,
        start_gateway(STACK.format(url=upstream.base_url), tmp_path) as gateway,
    ):
        yield House(gateway, upstream, tmp_path)


def player(got: Got) -> str:
    return got.headers["x-rolecall-deployment"].removeprefix("up/")


def failing(talk: Talk, padding: int = 0) -> None:
    """A turn in which the tests fail three times, the same way."""
    assert player(talk.says("Fix add().")) == "small"
    for _ in range(3):
        assert player(talk.ran(RED, padding)) == "small"  # a tool loop is open: nobody changes
    talk.answered()


def test_help_comes_once_at_a_boundary_and_why_tells_that_it_helped(house: House) -> None:
    """The stronger one plays on until the task changes; no model takes turns with another."""
    talk = house.talk()
    failing(talk)
    begun = talk.says("Still red, have another look.")
    assert player(begun) == "large"
    assert player(talk.ran(GREEN)) == "large"
    talk.answered()
    assert player(talk.says("Thanks. Now subtract().")) == "large"
    told = run_rolecall(house.home, "why", begun.headers["x-rolecall-decision"]).stdout
    assert "escalated  from up/small to up/large here: the tests failed 3 times in a row" in told
    assert "justified  failure: the tests failed 3 times in a row" in told
    assert "accepted, known by tests: the tests passed (1 run), after 2 calls and $0.140" in told
    assert "$0.112 more than without the escalation: it helped" in told
    newest = house.gateway.decisions(1)[0]["id"]
    (outcome,) = house.gateway.json(f"/rolecall/decisions/{newest}")["outcomes"]
    assert (outcome["decision"], outcome["accepted"]) == (
        begun.headers["x-rolecall-decision"],
        True,
    )
    escalations = {one["decision"]["latch"]["decision"] for one in details(house) if latch(one)}
    assert escalations == {begun.headers["x-rolecall-decision"]}
    assert "0 differ" in run_rolecall(house.home, "replay").stdout


def details(house: House) -> list[Message]:
    found = house.gateway.decisions()
    return [house.gateway.json(f"/rolecall/decisions/{one['id']}") for one in found]


def latch(detail: Message) -> Any:
    return detail["decision"]["latch"]


def test_what_is_handed_over_is_shorter_than_the_history(house: House) -> None:
    """Old output loses its middle, the newest stays; the same again with each later call."""
    talk = house.talk()
    failing(talk, padding=30_000)
    talk.says("Still red, have another look.")
    first = house.upstream.asked[-1].json["messages"]
    talk.ran(RED)
    second = house.upstream.asked[-1].json["messages"]
    whole = talk.messages[: len(first)]
    assert second[: len(first)] == first
    assert len(str(first)) < len(str(whole)) - 20_000
    assert str(first).count("characters left out") == 1
    assert first[-2:] == whole[-2:]
    happened = run_rolecall(house.home, "why", "last").stdout
    assert "old tool results were shortened by 29 kB at the hand-over" in happened


def test_an_escalation_outlives_a_restart(house: House) -> None:
    """The ledger brings the session back: who plays, since when, and what it has cached."""
    talk = house.talk()
    failing(talk)
    begun = talk.says("Still red, have another look.").headers["x-rolecall-decision"]
    talk.answered()
    config = (house.home / "rolecall.toml").read_text()
    house.gateway.kill()
    with start_gateway(config, house.home) as again:
        talk.gateway = again
        assert player(talk.says("And now?")) == "large"
        newest = again.json(f"/rolecall/decisions/{again.decisions(1)[0]['id']}")
        assert newest["decision"]["latch"]["decision"] == begun


def test_what_it_was_worth_is_told_by_every_command(house: House) -> None:
    """Premium work with its reason, promises, proposals, forecasts; each as JSON too."""
    talk = house.talk()
    failing(talk)
    talk.says("Still red, have another look.")
    talk.ran(GREEN)
    premium = run_rolecall(house.home, "premium").stdout
    assert "failure  the tests failed 3 times in a row" in premium
    assert premium.endswith("Every call was justified.\n")
    promised = run_rolecall(house.home, "guarantee").stdout
    assert "docs: 29 more verified outcomes without a failure would prove it" in promised
    proposed = run_rolecall(house.home, "stack", "propose").stdout
    assert proposed.startswith("any code: not enough data. verified outcomes of up/small: 1;")
    told = run_rolecall(house.home, "stack", "forecasts").stdout
    assert "usage known" in told
    for command in (("premium",), ("guarantee",), ("stack", "propose"), ("stack", "forecasts")):
        found = run_rolecall(house.home, *command, "--json")
        assert msgspec.json.decode(found.stdout), command
    both = run_rolecall(house.home, "stack", "propose", "--budget", "1", "--floor", "0.5")
    assert both.returncode == 2
    assert "ask one of them" in both.stderr
