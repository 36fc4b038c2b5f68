"""Whatever comes in: a clear error in the dialect's own shape, and a gateway that goes on."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.conftest import Pair
from gateway.test_forwarding import PATHS, body_for
from support.gateway import STACK, start_gateway
from support.http import get, post, raw, request
from support.upstream import Upstream

BAD = {
    "empty": b"",
    "not JSON": b"{",
    "noise": bytes(range(256)) * 40,
    "a list": b"[]",
    "model is a number": b'{"model": 1, "messages": [], "input": []}',
    "messages are a number": b'{"model": "x", "messages": 1, "input": 1}',
    "no model": b'{"messages": [], "input": []}',
    "deep": b'{"model": "x", "input": [], "messages": ' + b"[" * 100_000,
    "a huge number": b'{"model": "x", "messages": [], "input": [], "max_tokens": 1e999}',
    "an unknown role": b'{"model": "rolecall/boss", "messages": [], "input": []}',
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("dialect", PATHS)
def test_bad_body_is_refused_in_the_dialects_shape(pair: Pair, dialect: str, body: bytes) -> None:
    """The error says what is wrong, and the next request is answered."""
    asked = len(pair.upstream.received)
    got = post(pair.gateway.url + PATHS[dialect], body)
    if body == BAD["a huge number"] and got.status == 200:
        return  # a field this dialect does not read
    assert 400 <= got.status < 500
    error = got.json()["error"]
    assert error["message"].startswith("rolecall: ")
    assert ("type" in got.json()) == (dialect == "anthropic.messages")
    assert len(pair.upstream.received) == asked
    assert get(pair.gateway.url + "/healthz").status == 200


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(body=st.binary(max_size=300), path=st.sampled_from(sorted(PATHS.values())))
def test_noise_is_never_a_server_error(pair: Pair, body: bytes, path: str) -> None:
    """Random bytes as a body are the sender's mistake."""
    assert 400 <= post(pair.gateway.url + path, body).status < 500


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("br", b"x", 415),
        ("gzip", b"not gzip", 400),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-6], 400),
        ("zstd", b"\x28\xb5\x2f\xfdrubbish", 400),
        ("gzip", gzip.compress(b" " * (40 * 1024 * 1024), mtime=0), 413),
    ],
)
def test_bad_encoding(pair: Pair, encoding: str, body: bytes, status: int) -> None:
    """An encoding that cannot be undone, and one that unfolds without end, are named."""
    url = pair.gateway.url + "/v1/chat/completions"
    assert post(url, body, {"content-encoding": encoding}).status == status


@pytest.mark.parametrize(
    "path",
    [
        "/w/../v1/messages",
        "/w/%2e%2e/v1/messages",
        "/w/a%2Fb/v1/messages",
        "/w//v1/messages",
        "/w/a b/v1/messages",
    ],
)
def test_workspace_names_cannot_climb(pair: Pair, path: str) -> None:
    """Dots, slashes and blanks are no workspace names, however they are written."""
    line = f"POST {path.replace(' ', '%20')} HTTP/1.1"
    head = f"{line}\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    sent = head + "{}"
    answer = raw(pair.gateway.url, sent.encode())
    assert answer.startswith(b"HTTP/1.1 404 ")


def test_unknown_path_and_method(pair: Pair) -> None:
    """What is not served is 404, what is served otherwise is 405."""
    assert get(pair.gateway.url + "/v1/nothing").status == 404
    assert get(pair.gateway.url + "/v1/messages").status == 405
    assert request("DELETE", pair.gateway.url + "/v1/models").status == 405
    assert get(pair.gateway.url + "/rolecall/decisions/nope").status == 404
    assert get(pair.gateway.url + "/rolecall/decisions?limit=x").status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:4141"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "vscode-file://vscode-app"}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"host": "localhost"}, 200),
    ],
)
def test_pages_and_foreign_names_stay_out(pair: Pair, headers: dict[str, str], status: int) -> None:
    """A web page, or a name that was bent to this machine, cannot use the gateway."""
    url = pair.gateway.url + "/v1/chat/completions"
    assert post(url, body_for("openai.chat"), headers).status == status


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Content-Length: 2\r\nContent-Length: 30",
        "Content-Length: 2\r\n folded: x",
        "Content-Length: -1",
        "Transfer-Encoding: chunked, identity",
        "Bad Name: x",
        "X: a\x00b",
    ],
)
def test_smuggling_is_refused(pair: Pair, head: str) -> None:
    """Requests that two servers could read differently are not read at all."""
    sent = (
        f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{{}}GET / HTTP/1.1\r\n\r\n"
    )
    asked = len(pair.upstream.received)
    assert raw(pair.gateway.url, sent.encode()).startswith(b"HTTP/1.1 400")
    assert len(pair.upstream.received) == asked


def test_slow_body_is_not_waited_for(tmp_path: Path) -> None:
    """A body that stops coming is answered with 408, and the connection ends."""
    with Upstream() as upstream:
        config = "[timeouts]\nbody = 0.3\n" + STACK.format(base_url=upstream.base_url)
        with start_gateway(config, tmp_path) as gateway:
            head = b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
            answer = raw(gateway.url, head)
            assert answer.startswith(b"HTTP/1.1 408")
            assert b"no byte of the body came for 0.3 s" in answer


def test_token_is_asked_for(tmp_path: Path) -> None:
    """With a token set, nobody comes in without it, by any of the three ways to show it."""
    with Upstream() as upstream:
        config = '[server]\ntoken_env = "TOKEN"\n' + STACK.format(base_url=upstream.base_url)
        with start_gateway(config, tmp_path, {"TOKEN": "let-me-in"}) as gateway:
            url = gateway.url + "/v1/models"
            assert get(url).status == 401
            assert get(url, {"x-api-key": "wrong"}).status == 401
            for name in ("x-rolecall-token", "x-api-key"):
                assert get(url, {name: "let-me-in"}).status == 200
            assert get(url, {"authorization": "Bearer let-me-in"}).status == 200
