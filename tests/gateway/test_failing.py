"""When an upstream fails: the next of the cascade before the first byte, nobody after it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.conftest import Pair
from gateway.test_forwarding import PATHS, body_for
from support.answers import Answer
from support.gateway import Gateway, start_gateway
from support.http import post
from support.upstream import Upstream

CASCADE = """
[timeouts]
silence = 0.5
connect = 2
[providers.first]
base_url = "{0}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
auth = "none"
[providers.second]
base_url = "{1}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
auth = "none"
[roles]
code = ["first/a", "second/b"]
plan = ["first/plan", "second/b"]
review = ["first/review", "second/b"]
fast = ["first/only"]
[routing]
text_confidence = 1
"""
CHAT = "/v1/chat/completions"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Gateway, Upstream, Upstream]]:
    with Upstream() as first, Upstream() as second:
        config = CASCADE.format(first.base_url, second.base_url)
        with start_gateway(config, tmp_path) as gateway:
            yield gateway, first, second


@pytest.mark.parametrize("fault", ["429", "429-retry-after", "500", "refuse", "slow-first-byte"])
def test_next_of_the_cascade_plays(two: Any, fault: Any) -> None:
    """A failure before the first byte is answered by the next deployment, and recorded.

    Each dialect asks for a role of its own, so that none meets another's ailments.
    """
    gateway, first, second = two
    first.script = lambda _: Answer(fault=fault)
    for dialect, role in zip(PATHS, ("code", "plan", "review"), strict=True):
        body = body_for(dialect, stream=True) | {"model": f"rolecall/{role}"}
        got = post(gateway.url + PATHS[dialect], body)
        assert got.status == 200
        assert got.headers["x-rolecall-deployment"] == "second/b"
        assert got.body == second.received[-1].sent
        tries = gateway.json(f"/rolecall/decisions/{got.headers['x-rolecall-decision']}")["tries"]
        assert len(tries) == 2
        assert tries[0]["deployment"].startswith("first/")
        assert tries[0]["outcome"] in {"error-status", "broken", "timeout"}


def test_nobody_listens(tmp_path: Path) -> None:
    """A provider that cannot be reached is passed over; where it is the last, 502 says so."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with (
        Upstream() as second,
        start_gateway(
            CASCADE.format(f"http://127.0.0.1:{port}/v1", second.base_url), tmp_path
        ) as gateway,
    ):
        got = post(gateway.url + CHAT, body_for("openai.chat"))
        assert got.headers["x-rolecall-deployment"] == "second/b"
        lost = post(
            gateway.url + "/v1/messages",
            body_for("anthropic.messages") | {"model": "rolecall/fast"},
        )
        assert lost.status == 502
        assert lost.json()["type"] == "error"
        assert "first cannot be reached" in lost.json()["error"]["message"]
        assert gateway.decisions(1)[0]["status"] == 502


def test_malformed_event_passes(pair: Pair) -> None:
    """An event that is no JSON reaches the client as it is, and usage is read all the same."""
    pair.answer_with(Answer(text="Fine", fault="malformed-event"))
    got = post(pair.gateway.url + "/v1/messages", body_for("anthropic.messages", stream=True))
    assert got.complete
    assert b"this JSON never ends" in got.body
    assert pair.gateway.decisions(1)[0]["usage"]["output_tokens"] == 50


@pytest.mark.parametrize("fault", ["429", "429-retry-after"])
def test_last_429_says_when_to_come_back(two: Any, fault: Any) -> None:
    """Clients give up on a 429 without `Retry-After`; it is always there."""
    gateway, first, _ = two
    first.script = lambda _: Answer(fault=fault)
    got = post(gateway.url + CHAT, body_for("openai.chat") | {"model": "rolecall/fast"})
    assert got.status == 429
    assert int(got.headers["retry-after"]) >= 1


def test_breaker_leaves_a_failing_deployment_alone(two: Any) -> None:
    """After three failures in a row it is not asked, and the decision says why."""
    gateway, first, _ = two
    first.script = lambda _: Answer(fault="500")
    for _ in range(3):
        assert post(gateway.url + CHAT, body_for("openai.chat")).status == 200
    asked = len(first.received)
    got = post(gateway.url + CHAT, body_for("openai.chat"))
    assert len(first.received) == asked
    whole = gateway.json(f"/rolecall/decisions/{got.headers['x-rolecall-decision']}")
    rejection = whole["decision"]["rejections"][0]
    assert rejection["reason"] == "unwell"
    assert "3 failures in a row, the last: HTTP 500" in rejection["says"]
    replayed = gateway.rolecall("replay")
    assert replayed.returncode == 0, replayed.stdout


def test_nobody_may_play_is_an_answer(two: Any) -> None:
    """A deployment that was told to wait is refused with the time that is left."""
    gateway, first, _ = two
    first.script = lambda _: Answer(fault="429-retry-after")
    fast = body_for("openai.chat") | {"model": "rolecall/fast"}
    assert post(gateway.url + CHAT, fast).status == 429
    got = post(gateway.url + CHAT, fast)
    assert got.status == 503
    assert int(got.headers["retry-after"]) >= 1
    assert "asked to wait" in got.json()["error"]["message"]


def test_what_is_not_translated_is_rejected_with_the_reason(tmp_path: Path) -> None:
    """Tokens are counted in the client's dialect or not at all."""
    config = """
    [providers.up]
    base_url = "http://127.0.0.1:9/v1"
    dialects = ["openai.chat"]
    auth = "none"
    [roles]
    code = ["up/a"]
    """
    with start_gateway(config, tmp_path) as gateway:
        got = post(gateway.url + "/v1/messages/count_tokens", body_for("anthropic.messages"))
        assert got.status == 503
        assert "up speaks openai.chat; this client asks in anthropic.messages" in str(got.json())
        assert gateway.decisions(1)[0]["deployment"] is None


@pytest.mark.parametrize(
    "answer", [Answer(event_every=0.3, pieces=50), Answer(fault="slow-first-byte")]
)
def test_client_that_leaves_ends_the_call(pair: Pair, answer: Answer) -> None:
    """When a client goes away the upstream call ends, and the record says 499."""
    pair.answer_with(answer)
    before = len(pair.upstream.received)
    body = b'{"model":"rolecall/auto","stream":true,"messages":[{"role":"user","content":"x"}]}'
    host, _, port = pair.gateway.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as client:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        pair.upstream.wait_for(lambda received: len(received) > before)
    pair.gateway.wait_for(lambda found: found[0]["status"] == 499)
    pair.upstream.wait_for(lambda received: received[-1].client_left)
