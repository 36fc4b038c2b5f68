"""Whatever an upstream says: an answer or a clear error, a record each time, and on it goes."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest

from gateway.test_forwarding import PATHS, body_for
from support.gateway import STACK, Gateway, start_gateway
from support.http import Got, get, post
from support.raw_upstream import RawUpstream

USED = b'{"model":"m","usage":{"prompt_tokens":10,"completion_tokens":1}}'
OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"


def whole(body: bytes, headers: bytes = b"") -> bytes:
    return OK + JSON + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, RawUpstream]]:
    home = tmp_path_factory.mktemp("raw")
    with RawUpstream() as upstream:
        config = "[timeouts]\nsilence = 2\n" + STACK.format(base_url=upstream.base_url)
        with start_gateway(config, home) as gateway:
            yield gateway, upstream


def ask(raw: tuple[Gateway, RawUpstream], said: Iterable[bytes], **more: Any) -> Got:
    """Ask a deployment of its own, so that no breaker of another test is open."""
    gateway, upstream = raw
    upstream.answer = said
    body = body_for("openai.chat", **more) | {"model": f"up/m{len(upstream.requests)}"}
    got = post(gateway.url + PATHS["openai.chat"], body)
    if not got.complete:
        identity = got.headers["x-rolecall-decision"]
        gateway.wait_for(lambda found: bool(found) and found[0]["id"] == identity)
    assert get(gateway.url + "/healthz").status == 200
    return got


def newest(raw: tuple[Gateway, RawUpstream]) -> dict[str, Any]:
    return raw[0].json(f"/rolecall/decisions/{raw[0].decisions(1)[0]['id']}")  # type: ignore[no-any-return] # JSON


NOT_HTTP: dict[str, Iterable[bytes]] = {
    "nothing": [],
    "another protocol": [b"SSH-2.0-OpenSSH_9.6\r\n"],
    "noise": [bytes(range(256)) * 40],
    "status 999": [b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}"],
    "status 600": [b"HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\n{}"],
    "a control character": [whole(USED, b"X-A: a\x01b\r\n")],
    "a NUL": [whole(USED, b"X-A: a\x00b\r\n")],
    "a name that is none": [whole(USED, b"X(A): b\r\n")],
    "a folded header": [whole(USED, b"X-A: b\r\n c: d\r\n")],
    "length and chunks": [OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}"],
    "two lengths": [OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"],
    "a negative length": [OK + b"Content-Length: -2\r\n\r\n{}"],
    "a chunk of no size": [OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
    "another protocol offered": [
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    ],
    "headers without end": itertools.chain([OK], itertools.repeat(b"X: " + b"a" * 999 + b"\r\n")),
    "a header without end": itertools.chain([OK + b"X: "], itertools.repeat(b"a" * 999)),
    "interim answers without end": itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
}


@pytest.mark.parametrize("said", NOT_HTTP.values(), ids=NOT_HTTP.keys())
def test_what_is_not_http_is_502(raw: Any, said: Iterable[bytes]) -> None:
    """It is named, recorded as broken, and nothing of it reaches the client."""
    got = ask(raw, said)
    assert got.status == 502
    assert got.json()["error"]["message"].startswith("rolecall: up/m")
    found = newest(raw)
    assert (found["id"], found["status"]) == (got.headers["x-rolecall-decision"], 502)
    assert [one["outcome"] for one in found["tries"]] == ["broken"]


ODD: dict[str, tuple[bytes, bytes]] = {
    "ends with the connection": (OK + JSON + b"\r\n" + USED, USED),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + JSON + b"\r\n" + USED, USED),
    "interim answers first": (b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + whole(USED), USED),
    "latin-1 in a header": (whole(USED, b"X-A: \xe9\xff\r\n"), USED),
    "more than was announced": (whole(USED) + b"and more", USED),
    "trailers": (
        OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + USED + b"\r\n0\r\nX: y\r\n\r\n",
        USED,
    ),
}


@pytest.mark.parametrize(("said", "body"), ODD.values(), ids=ODD.keys())
def test_odd_but_clear_answers_pass(raw: Any, said: bytes, body: bytes) -> None:
    """What has one meaning is passed on, and its usage read."""
    got = ask(raw, [said])
    assert (got.status, got.complete, got.body) == (200, True, body)
    assert newest(raw)["usage"]["input_tokens"] == 10


UNREADABLE = {
    "no JSON": b"<html>Bad gateway</html>",
    "half of it": USED[:30],
    "empty": b"",
    "a list": b"[]",
    "usage is a text": b'{"usage":"none"}',
    "counts are texts": b'{"usage":{"prompt_tokens":"many"}}',
    "usage is null": b'{"model":null,"usage":null}',
    "not UTF-8": b'{"model":"\xff\xfe"}',
    "packed, though nobody asked": gzip.compress(USED),
    "deep": b'{"usage":' + b"[" * 100_000,
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_usage_that_cannot_be_read_is_unknown(raw: Any, body: bytes) -> None:
    """The answer passes byte for byte; usage and cost are null, never 0."""
    got = ask(raw, [whole(body)])
    assert (got.status, got.body) == (200, body)
    found = newest(raw)
    assert found["id"] == got.headers["x-rolecall-decision"]
    assert (found["usage"], found["cost"]) == (None, None)


@pytest.mark.parametrize("tokens", [2**63 - 1, 2**63, 10**30, -5, 0])
@pytest.mark.parametrize("stream", [False, True])
def test_absurd_counts_are_kept_out_of_harms_way(raw: Any, tokens: int, stream: bool) -> None:
    """No count that an upstream makes up can stop the ledger."""
    counts = {"prompt_tokens": tokens, "completion_tokens": tokens}
    details = {"prompt_tokens_details": {"cached_tokens": tokens, "cache_write_tokens": tokens}}
    body = msgspec.json.encode({"model": "m"})[:-1] + b',"usage":' + _json({**counts, **details})
    body += b"}"
    events = b"data: " + body + b"\n\ndata: [DONE]\n\n"
    said = OK + b"Content-Type: text/event-stream\r\n\r\n" + events if stream else whole(body)
    got = ask(raw, [said], stream=stream)
    assert (got.status, got.body) == (200, events if stream else body)
    assert newest(raw)["id"] == got.headers["x-rolecall-decision"]


def _json(value: dict[str, Any]) -> bytes:
    """As msgspec writes it; spelled out because numbers beyond 64 bits are the point."""
    return repr(value).replace("'", '"').encode()


STREAMS = {
    "no event": b"hello\n\n\n\n",
    "no JSON": b"data: {oops\n\ndata: [DONE]\n\n",
    "bytes that are no text": b"data: \xff\xfe\n\n",
    "no blank line": b'data: {"usage":{"prompt_tokens":1}}',
    "nothing": b"",
    "comments": b": keep-alive\n\n" * 50,
    "carriage returns": b"data: {}\r\rdata: [DONE]\r\r",
    "one event without end": b"data: " + b"x" * 6_000_000,
}


@pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS.keys())
def test_malformed_streams_pass(raw: Any, events: bytes) -> None:
    """A stream is passed on as it is, whatever it says, and recorded."""
    said = OK + b"Content-Type: text/event-stream\r\n\r\n" + events
    got = ask(raw, [said], stream=True)
    assert (got.status, got.complete, got.body) == (200, True, events)
    assert newest(raw)["id"] == got.headers["x-rolecall-decision"]


def test_shorter_than_announced_is_broken(raw: Any) -> None:
    """An answer that ends before its length breaks off at the client, and is recorded so."""
    got = ask(raw, [OK + JSON + b"Content-Length: 1000\r\n\r\n{}"])
    assert not got.complete
    assert [one["outcome"] for one in newest(raw)["tries"]] == ["broken"]


def test_model_that_names_itself_strangely_is_recorded(raw: Any) -> None:
    """The name in an answer is data: NUL, emoji and length do no harm."""
    body = msgspec.json.encode({"model": "\0\x1b[31m\U0001f600'" + "m" * 10_000})
    got = ask(raw, [whole(body)])
    assert got.body == body
    assert newest(raw)["id"] == got.headers["x-rolecall-decision"]
