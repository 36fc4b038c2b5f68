"""Clients that go away: their upstream calls end, and what was decided stays on record."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.conftest import Pair
from gateway.test_forwarding import PATHS, body_for
from support.answers import Answer
from support.gateway import STACK, start_gateway
from support.http import get, post, send
from support.upstream import Upstream

PAUSED = {
    "before the first byte": Answer(fault="slow-first-byte"),
    "in the middle": Answer(text="a b c d e f g h", pieces=8, event_every=0.5),
}


@pytest.mark.parametrize("answer", PAUSED.values(), ids=PAUSED.keys())
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", PATHS)
def test_leaving_ends_the_upstream_call(
    pair: Pair, dialect: str, stream: bool, answer: Answer
) -> None:
    """The upstream notices at once, and the record says that the client left."""
    if answer.fault is None and not stream:
        answer = Answer(first_byte_after=30)
    pair.answer_with(answer)
    before = len(pair.upstream.received)
    body = msgspec.json.encode(body_for(dialect, stream=stream))
    with send(pair.gateway.url + PATHS[dialect], body) as client:
        pair.upstream.wait_for(lambda received: len(received) > before)
        if stream and answer.fault is None:
            assert client.recv(10) == b"HTTP/1.1 2"
    pair.upstream.wait_for(lambda received: received[before].client_left, 2)
    pair.gateway.wait_for(lambda found: found[0]["status"] == 499)
    found: Any = pair.newest()
    assert found["dialect"] == dialect
    assert [one["outcome"] for one in found["tries"]] == ["client-left"]


def test_half_a_request_is_nobodys(pair: Pair) -> None:
    """Who leaves before the body is there has asked nothing: no call, and no record."""
    newest = pair.gateway.decisions(1)
    asked = len(pair.upstream.received)
    with send(pair.gateway.url + "/v1/messages", b"", "X-Rolecall-Why: x\r\nX: y\r\n") as client:
        client.recv(10)
    body = msgspec.json.encode(body_for("anthropic.messages"))
    with send(pair.gateway.url + "/v1/messages", b"", "Transfer-Encoding: chunked\r\n") as client:
        client.sendall(b"%x\r\n" % len(body) + body)
    assert get(pair.gateway.url + "/healthz").status == 200
    assert pair.gateway.decisions(1) == newest
    assert len(pair.upstream.received) == asked


def test_leaving_after_the_end_changes_nothing(pair: Pair) -> None:
    """A client that closes when it has its answer is not one that left."""
    body = msgspec.json.encode(body_for("openai.chat", stream=True))
    with send(pair.gateway.url + PATHS["openai.chat"], body) as client:
        received = b""
        while b"data: [DONE]" not in received:
            received += client.recv(65536)
    assert pair.gateway.decisions(1)[0]["status"] == 200


def test_leaving_while_the_ledger_is_held_keeps_the_record(tmp_path: Path) -> None:
    """The record of an answer that nobody waited for any more is written all the same."""
    with (
        Upstream() as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
    ):
        url = gateway.url + PATHS["openai.chat"]
        body = msgspec.json.encode(body_for("openai.chat"))
        ledger = sqlite3.connect(tmp_path / "data/rolecall/ledger.sqlite", isolation_level=None)
        ledger.execute("BEGIN IMMEDIATE")
        with send(url, body):
            upstream.wait_for(lambda received: received != [] and received[0].finished)
            assert get(gateway.url + "/healthz").status == 200
        began = time.monotonic()
        assert get(gateway.url + "/healthz").status == 200
        assert time.monotonic() - began < 0.5, "the gateway waits for the ledger's lock"
        ledger.execute("ROLLBACK")
        ledger.close()
        gateway.wait_for(lambda found: len(found) == 1)
        assert post(url, body).status == 200
