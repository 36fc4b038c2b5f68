"""Who is asked after whom, who is not, and what the client reads when nobody answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.test_forwarding import PATHS, body_for
from support.answers import Answer
from support.gateway import Gateway, start_gateway
from support.http import post
from support.raw_upstream import RawUpstream
from support.upstream import Upstream

CONFIG = """
[timeouts]
silence = 0.4
connect = 2
[providers.first]
base_url = "{0}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
zone = "local"
auth = "none"
[providers.second]
base_url = "{1}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
zone = "local"
auth = "none"
[roles]
plan = ["first/plan", "second/plan"]
review = ["first/review", "second/review"]
code = ["first/code", "second/code"]
fast = ["first/fast", "second/fast"]
local = ["first/local", "second/local"]
"""
CHAT = PATHS["openai.chat"]


def asks(role: str, dialect: str = "openai.chat", **more: Any) -> dict[str, Any]:
    """Each test asks for a role of its own, so that none meets another's ailments."""
    return body_for(dialect, **more) | {"model": f"rolecall/{role}"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Any, Any]]:
    home = tmp_path_factory.mktemp("cascade")
    with Upstream() as first, Upstream() as second:
        config = CONFIG.format(first.base_url, second.base_url)
        with start_gateway(config, home) as gateway:
            yield gateway, first, second


def tries(gateway: Gateway, got: Any) -> list[dict[str, Any]]:
    found = gateway.json(f"/rolecall/decisions/{got.headers['x-rolecall-decision']}")
    return found["tries"]  # type: ignore[no-any-return] # JSON


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_refusal_of_a_request_is_the_answer(running: Any, status: int) -> None:
    """A provider that finds fault with the request is not second-guessed by asking the next."""
    gateway, first, second = running
    first.script = lambda _: Answer(status=status, text="no")
    asked = len(second.received)
    got = post(gateway.url + CHAT, asks("plan"))
    assert got.status == status
    assert got.body == first.received[-1].sent
    assert len(second.received) == asked
    assert [(one["outcome"], one["status"]) for one in tries(gateway, got)] == [
        ("error-status", status)
    ]


@pytest.mark.parametrize("dialect", PATHS)
def test_all_that_fail_are_named(running: Any, dialect: str) -> None:
    """When nobody answers, the error says in the dialect's shape why each did not."""
    gateway, first, second = running
    role = {"openai.chat": "review", "openai.responses": "fast"}.get(dialect, "local")
    first.script = lambda _: Answer(fault="500")
    second.script = lambda _: Answer(fault="slow-first-byte")
    got = post(gateway.url + PATHS[dialect], asks(role, dialect, stream=True))
    assert got.status == 504
    error = got.json()["error"]
    assert f"first/{role}: HTTP 500" in error["message"]
    assert f"second/{role}: second said nothing for 0.4 s" in error["message"]
    assert ("type" in got.json()) == (dialect == "anthropic.messages")
    assert [one["outcome"] for one in tries(gateway, got)] == ["error-status", "timeout"]
    assert gateway.decisions(1)[0]["status"] == 504


def test_last_ones_error_passes_as_it_is(running: Any) -> None:
    """The last of the cascade has the last word, whatever it says."""
    gateway, first, second = running
    first.script = lambda _: Answer(fault="500")
    second.script = lambda _: Answer(status=529, text="overloaded")
    got = post(gateway.url + CHAT, asks("code"))
    assert got.status == 529
    assert got.body == second.received[-1].sent


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", PATHS)
def test_answer_that_breaks_off_is_not_asked_for_again(
    running: Any, dialect: str, stream: bool
) -> None:
    """After the first byte nobody else is asked, streamed or not, and the record says broken."""
    gateway, first, second = running
    first.script = lambda _: Answer(text="Half of it", fault="cut-stream")
    asked = len(second.received)
    got = post(gateway.url + PATHS[dialect], asks("plan", dialect, stream=stream))
    assert got.status == 200
    assert not got.complete
    assert first.received[-1].sent.startswith(got.body)
    assert len(second.received) == asked
    identity = got.headers["x-rolecall-decision"]
    gateway.wait_for(lambda found: found[0]["id"] == identity)
    assert [one["outcome"] for one in tries(gateway, got)] == ["broken"]


def test_silence_in_the_middle_ends_the_answer(running: Any) -> None:
    """A stream that stops coming is cut at the client too, and recorded as a timeout."""
    gateway, first, _ = running
    first.script = lambda _: Answer(text="a b c d", event_every=2)
    got = post(gateway.url + CHAT, asks("plan", stream=True))
    assert not got.complete
    identity = got.headers["x-rolecall-decision"]
    gateway.wait_for(lambda found: found[0]["id"] == identity)
    assert [one["outcome"] for one in tries(gateway, got)] == ["timeout"]


def test_provider_that_asks_to_wait_is_asked_again_afterwards(tmp_path: Path) -> None:
    """For as long as `Retry-After` says the next of the cascade plays; then the first again."""
    with (
        Upstream() as first,
        Upstream() as second,
        start_gateway(CONFIG.format(first.base_url, second.base_url), tmp_path) as gateway,
    ):
        first.script = lambda _: Answer(fault="429-retry-after")
        assert post(gateway.url + CHAT, asks("code")).status == 200
        told = time.monotonic()
        first.script = lambda _: Answer(text="well again")
        meanwhile = post(gateway.url + CHAT, asks("code"))
        assert meanwhile.headers["x-rolecall-deployment"] == "second/code"
        rejection = gateway.json(f"/rolecall/decisions/{meanwhile.headers['x-rolecall-decision']}")[
            "decision"
        ]["rejections"][0]
        assert rejection["reason"] == "unwell"
        assert "the provider asked to wait 1 s" in rejection["says"]
        while post(gateway.url + CHAT, asks("code")).headers["x-rolecall-deployment"] != (
            "first/code"
        ):
            assert time.monotonic() - told < 5
        assert time.monotonic() - told > 0.9


def test_well_deployments_next_to_an_ailing_one(running: Any) -> None:
    """The breaker is a deployment's, not its provider's: other models of it play on."""
    gateway, first, _ = running
    first.script = lambda got: Answer(fault="500" if got.model == "bad" else None, text="ok")
    for _ in range(3):
        assert (
            post(gateway.url + CHAT, body_for("openai.chat") | {"model": "first/bad"}).status == 500
        )
    ailing = post(gateway.url + CHAT, body_for("openai.chat") | {"model": "first/bad"})
    assert ailing.status == 503
    assert 1 <= int(ailing.headers["retry-after"]) <= 10
    good = post(gateway.url + CHAT, body_for("openai.chat") | {"model": "first/good"})
    assert good.status == 200


def test_redirects_are_neither_followed_nor_passed_on(tmp_path: Path) -> None:
    """A provider cannot send a request elsewhere: not the gateway's, and not the client's."""
    with Upstream() as elsewhere:
        said = (
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere.base_url}/chat/completions"
            "\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        with (
            RawUpstream([said]) as first,
            Upstream() as second,
            start_gateway(CONFIG.format(first.base_url, second.base_url), tmp_path) as gateway,
        ):
            got = post(gateway.url + CHAT, asks("code"))
            pinned = post(gateway.url + CHAT, body_for("openai.chat") | {"model": "first/x"})
        assert got.headers["x-rolecall-deployment"] == "second/code"
        assert pinned.status == 502
        assert "location" not in pinned.headers
        assert "redirects are not followed" in pinned.json()["error"]["message"]
        assert elsewhere.received == []


def test_connection_refused_is_502_in_every_shape(tmp_path: Path) -> None:
    """Where nobody listens the error says so, in the shape of whoever asked."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    with start_gateway(CONFIG.format(url, url), tmp_path) as gateway:
        for dialect, role in zip(PATHS, ("plan", "code", "fast"), strict=True):
            got = post(gateway.url + PATHS[dialect], asks(role, dialect))
            assert got.status == 502
            assert f"second/{role}: second cannot be reached" in got.json()["error"]["message"]
            assert ("type" in got.json()) == (dialect == "anthropic.messages")
            assert [one["outcome"] for one in tries(gateway, got)] == ["refused", "refused"]
