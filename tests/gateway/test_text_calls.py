"""An engine at home whose model writes its tool calls as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.test_translated import understood
from rolecall.types import Dialect
from support.answers import Answer
from support.gateway import Gateway, start_gateway
from support.http import Got, post
from support.upstream import Upstream

STACK = """
[providers.home]
base_url = "{home}"
dialects = ["openai.chat"]
zone = "local"
auth = "none"

[providers.better]
base_url = "{better}"
dialects = ["openai.chat"]
zone = "local"
auth = "none"

[roles]
code = ["home/small-model", "better/model"]
"""
SCHEMA = {"type": "object", "properties": {"path": {}}, "required": ["path"]}
BODIES: dict[Dialect, tuple[str, dict[str, Any]]] = {
    "openai.chat": (
        "/v1/chat/completions",
        {
            "messages": [{"role": "user", "content": "read a.py"}],
            "tools": [{"type": "function", "function": {"name": "read", "parameters": SCHEMA}}],
        },
    ),
    "anthropic.messages": (
        "/v1/messages",
        {
            "messages": [{"role": "user", "content": "read a.py"}],
            "max_tokens": 99,
            "tools": [{"name": "read", "input_schema": SCHEMA}],
        },
    ),
}
WRITTEN = '```json\n{"name": "read", "arguments": {"path": "a.py"}}\n```'


class House(msgspec.Struct):
    gateway: Gateway
    home: Upstream
    better: Upstream

    def ask(self, dialect: Dialect, text: str, *, stream: bool) -> Got:
        self.home.script = lambda _: Answer(text=text)
        path, body = BODIES[dialect]
        return post(self.gateway.url + path, {"model": "rolecall/auto", "stream": stream, **body})

    def tries(self) -> list[dict[str, Any]]:
        found = self.gateway.decisions(1)[0]
        return self.gateway.json(f"/rolecall/decisions/{found['id']}")["tries"]  # type: ignore[no-any-return] # JSON


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with Upstream() as home, Upstream() as better:
        config = STACK.format(home=home.base_url, better=better.base_url)
        with start_gateway(config, tmp_path_factory.mktemp("home")) as gateway:
            yield House(gateway, home, better)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("dialect", list(BODIES))
def test_the_client_sees_a_real_call(house: House, dialect: Dialect, *, stream: bool) -> None:
    """And its record says that this was done, with what was used."""
    reply = understood(dialect, house.ask(dialect, WRITTEN, stream=stream), stream=stream)
    (piece,) = reply.pieces.values()
    assert (piece.opened.kind, piece.opened.name) == ("call", "read")
    assert msgspec.json.decode(piece.text) == {"path": "a.py"}
    assert reply.stop == "calls"
    (tried,) = house.tries()
    assert "made real calls" in tried["detail"]
    assert stream or tried["usage"]["input_tokens"] == 1000


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_an_ordinary_answer_is_passed_on_byte_for_byte(house: House, *, stream: bool) -> None:
    for text in ("I have read it.", '{"answer": 42}', "```json\n[1, 2]\n```"):
        got = house.ask("openai.chat", text, stream=stream)
        assert got.body == house.home.received[-1].sent


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_a_call_that_cannot_be_made_is_a_failed_attempt(house: House, *, stream: bool) -> None:
    """The cascade goes on, and the record says why."""
    wrong = WRITTEN.replace("path", "place")
    house.better.script = lambda _: Answer(text="From the other one.")
    got = house.ask("openai.chat", wrong, stream=stream)
    assert got.headers["x-rolecall-deployment"] == "better/model"
    (piece,) = understood("openai.chat", got, stream=stream).pieces.values()
    assert piece.text == "From the other one."
    first, second = house.tries()
    assert (first["outcome"], second["outcome"]) == ("broken", "answered")
    assert "left out what the tool requires" in first["detail"]
