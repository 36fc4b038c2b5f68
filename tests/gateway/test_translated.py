"""A client of one dialect and a provider of another, through a running gateway."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from rolecall.types import MAIN_DIALECTS, Dialect
from rolecall.wire.dialects import WIRES
from rolecall.wire.sse import events
from rolecall.wire.translate.answer import Reply, collected
from rolecall.wire.translate.table import SPOKEN
from support.answers import Answer, Fault, Tokens, ToolCall
from support.gateway import Gateway, start_gateway
from support.http import Got, post
from support.raw_upstream import RawUpstream
from support.upstream import Upstream

PAIRS = list(itertools.permutations(MAIN_DIALECTS, 2))
STACK = """
[providers.there]
base_url = "{url}"
dialects = ["{dialect}"]
auth = "none"

[roles]
code = ["there/code-model"]
"""
CALLS = (
    ToolCall(name="read", arguments={"path": "a.py"}),
    ToolCall(name="bash", arguments={"cmd": "ls"}),
)
TOKENS = Tokens(input=100, output=20, cache_read=60, reasoning=5)
ASK: dict[Dialect, dict[str, Any]] = {
    "openai.chat": {
        "messages": [{"role": "user", "content": "hello"}],
        "stream_options": {"include_usage": True},
    },
    "openai.responses": {"input": "hello"},
    "anthropic.messages": {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 9},
}


class Place(Struct):
    """A gateway before a provider of one dialect."""

    gateway: Gateway
    upstream: Upstream

    def ask(self, dialect: Dialect, *, stream: bool, answer: Answer, **more: Any) -> Got:
        self.upstream.script = lambda _: answer
        body = {"model": "rolecall/auto", "stream": stream, **ASK[dialect], **more}
        return post(f"{self.gateway.url}/v1{WIRES[dialect].path}", body)

    def detail(self) -> dict[str, Any]:
        found = self.gateway.decisions(1)[0]
        return self.gateway.json(f"/rolecall/decisions/{found['id']}")  # type: ignore[no-any-return] # JSON


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Dialect, Place]]:
    """By the only dialect that the provider speaks."""
    with ExitStack() as stack:
        found: dict[Dialect, Place] = {}
        for dialect in MAIN_DIALECTS:
            upstream = stack.enter_context(Upstream())
            config = STACK.format(url=upstream.base_url, dialect=dialect)
            gateway = start_gateway(config, tmp_path_factory.mktemp("there"))
            found[dialect] = Place(stack.enter_context(gateway), upstream)
        yield found


def understood(dialect: Dialect, got: Got, *, stream: bool) -> Reply:
    """The answer as a client of this dialect takes it."""
    reader = SPOKEN[dialect].reader("somebody")
    if not stream:
        return collected(reader.whole(got.body))
    return collected(event for data in events(got.body) for event in reader.event(data))


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("client", "spoken"), PAIRS)
def test_an_answer_is_carried(
    places: dict[Dialect, Place], client: Dialect, spoken: Dialect, *, stream: bool
) -> None:
    """Text, parallel calls with their arguments, why it ended, and each token once."""
    place = places[spoken]
    answer = Answer(text="Here it is.", tool_calls=CALLS, tokens=TOKENS)
    got = place.ask(client, stream=stream, answer=answer)
    assert (got.status, got.headers["x-rolecall-dialect"]) == (200, spoken)
    reply = understood(client, got, stream=stream)
    told = [(p.opened.kind, p.opened.name, p.text) for p in reply.pieces.values()]
    assert told[0] == ("text", "", "Here it is.")
    assert [(kind, name) for kind, name, _ in told[1:]] == [("call", "read"), ("call", "bash")]
    arguments = [msgspec.json.decode(text) for _, _, text in told[1:]]
    assert arguments == [{"path": "a.py"}, {"cmd": "ls"}]
    ids = [piece.opened.id for piece in reply.pieces.values() if piece.opened.kind == "call"]
    assert len(set(ids)) == len(CALLS)
    assert reply.stop == "calls"
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (100, 20)
    assert reply.usage.cache_read_input_tokens == TOKENS.cache_read
    found = place.detail()
    assert found["usage"]["input_tokens"] == TOKENS.input
    assert found["decision"]["cascade"][0]["dialect"] == spoken


@pytest.mark.parametrize(("client", "spoken"), PAIRS)
def test_an_error_is_told_in_the_clients_words(
    places: dict[Dialect, Place], client: Dialect, spoken: Dialect
) -> None:
    """Status and message of the provider, in the shape that the client's SDK reads."""
    got = places[spoken].ask(client, stream=True, answer=Answer(status=400, text="too long"))
    assert got.status == 400
    assert got.json()["error"]["message"] == "too long"
    assert ("type" in got.json()) == (client == "anthropic.messages")


@pytest.mark.parametrize("fault", ["cut-stream", "malformed-event"])
@pytest.mark.parametrize(("client", "spoken"), PAIRS)
def test_a_stream_that_breaks_off_says_so(
    places: dict[Dialect, Place], client: Dialect, spoken: Dialect, fault: Fault
) -> None:
    """The client sees an error and no end; the attempt is recorded as broken."""
    place = places[spoken]
    got = place.ask(client, stream=True, answer=Answer(text="Half of it", fault=fault))
    reply = understood(client, got, stream=True)
    assert reply.failed is not None
    assert reply.failed.says.startswith("rolecall: the answer of the provider broke off")
    assert place.detail()["tries"][0]["outcome"] == "broken"


def test_what_cannot_be_carried_is_refused_before_it_is_sent(
    places: dict[Dialect, Place],
) -> None:
    """Nobody is asked; the client is told which part it is."""
    place = places["anthropic.messages"]
    before = len(place.upstream.received)
    got = place.ask(
        "openai.responses", stream=False, answer=Answer(), previous_response_id="resp_1"
    )
    assert got.status == 503
    assert "previous_response_id cannot be carried" in got.json()["error"]["message"]
    assert len(place.upstream.received) == before
    assert place.detail()["decision"]["rejections"][0]["reason"] == "dialect"


def test_what_is_lost_stands_in_the_decision(places: dict[Dialect, Place]) -> None:
    """Also where only a part of the settings is lost."""
    place = places["openai.responses"]
    place.ask("anthropic.messages", stream=False, answer=Answer(text="ok"), top_k=3)
    losses = place.detail()["decision"]["cascade"][0]["losses"]
    assert losses == ["top_k has no equivalent in openai.responses"]


def test_nonsense_is_an_error_and_not_an_answer(places: dict[Dialect, Place]) -> None:
    """A tool result that answers no call is the client's mistake: it learns which one."""
    place = places["anthropic.messages"]
    orphan = [{"role": "tool", "tool_call_id": "c9", "content": "x"}]
    got = place.ask("openai.chat", stream=False, answer=Answer(), messages=orphan)
    assert "the tool result c9 answers no call before" in got.json()["error"]["message"]


CANARY = "Kestrel-7 goes to market"
STRANGE: dict[str, dict[str, Any]] = {
    "a role": {"messages": [{"role": CANARY, "content": "x"}]},
    "a type": {"messages": [{"role": "user", "content": [{"type": CANARY}]}]},
    "a type that is no text": {"messages": [{"role": "user", "content": [{"type": {CANARY: 1}}]}]},
    "a key": {CANARY: 1, "messages": [{"role": "user", "content": "x", CANARY: 2}]},
    "a key of a tool": {"tools": [{"name": "read", "input_schema": {}, CANARY: 3}]},
    "a type of a tool": {"tools": [{"type": CANARY, "name": "read"}]},
    "an id": {
        "messages": [
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CANARY}]},
        ]
    },
}


@pytest.mark.parametrize("more", STRANGE.values(), ids=STRANGE)
def test_no_word_of_a_strange_body_is_recorded(
    places: dict[Dialect, Place], more: dict[str, Any]
) -> None:
    """Losses and refusals say where something is, in the API's words and not in the client's."""
    place = places["openai.chat"]
    place.ask("anthropic.messages", stream=False, answer=Answer(text="ok"), **more)
    found = place.detail()
    assert CANARY not in msgspec.json.encode(found).decode()
    chosen, rejected = found["decision"]["cascade"], found["decision"]["rejections"]
    assert rejected or chosen[0]["losses"]


def test_an_error_that_quotes_the_request_is_not_recorded(places: dict[Dialect, Place]) -> None:
    """The client reads it; the ledger has that there was one."""
    event = {"type": "error", "error": {"type": "invalid_request_error", "message": CANARY}}
    data = b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    gateway = places["anthropic.messages"].gateway
    with RawUpstream([head + data]) as upstream:
        config = STACK.format(url=upstream.base_url, dialect="anthropic.messages")
        home = gateway.home.with_name("raw")
        home.mkdir()
        with start_gateway(config, home) as other:
            place = Place(other, places["anthropic.messages"].upstream)
            got = place.ask("openai.chat", stream=True, answer=Answer())
            assert CANARY in got.body.decode()
            assert CANARY not in msgspec.json.encode(place.detail()).decode()
            assert place.detail()["tries"][0]["outcome"] == "broken"


def test_notes_of_one_request_are_bounded(places: dict[Dialect, Place]) -> None:
    """A body may hold any number of strange keys."""
    more = {f"key_{number}": 1 for number in range(100)}
    place = places["openai.chat"]
    place.ask("anthropic.messages", stream=False, answer=Answer(text="ok"), **more)
    losses = place.detail()["decision"]["cascade"][0]["losses"]
    assert (len(losses), losses[-1]) == (21, "and 80 more")
