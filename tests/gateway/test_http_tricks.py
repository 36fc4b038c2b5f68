"""Requests that no honest client sends: one answer each, and never two readings of one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import uvicorn

from gateway.conftest import Pair
from gateway.test_forwarding import PATHS, body_for
from rolecall.gateway.protocol import Protocol, close_slow
from support.answers import Answer
from support.http import get, raw, request, send

HOST = b"Host: localhost\r\n"
END = b"Connection: close\r\n\r\n"
POST = b"POST /v1/messages HTTP/1.1\r\n" + HOST

UNREADABLE = {
    "bare LF": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "one bare LF": b"GET /healthz HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
    "bare CR": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: y\rZ: q\r\n\r\n",
    "a blank before the colon": b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: y\r\n z\r\n\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "a path of other bytes": b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + END,
    "length and chunks": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}",
    "one length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length in hex": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length beyond numbers": POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n{}",
    "an encoding that is not chunked": POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "chunked, but not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a chunk of no size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk longer than it says": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "CONNECT": b"CONNECT example.org:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("160301020001000 1fc0303".replace(" ", "")) + b"a" * 50,
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_could_be_read_in_two_ways_is_not_read(pair: Pair, sent: bytes) -> None:
    """It is 400 in JSON, in the shape of its path, and the connection ends."""
    asked = len(pair.upstream.received)
    head, _, body = raw(pair.gateway.url, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in head
    error = msgspec.json.decode(body)
    assert error["error"]["message"] == "rolecall: this is not a valid HTTP/1.1 request"
    assert ("type" in error) == sent.startswith(POST)
    assert len(pair.upstream.received) == asked
    assert get(pair.gateway.url + "/healthz").status == 200


READABLE = {
    "an absolute address": (b"GET http://evil.example/healthz HTTP/1.1\r\n" + HOST + END, 200),
    "HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n", 200),
    "no Host": (b"GET /healthz HTTP/1.1\r\n" + END, 421),
    "an unknown path in other bytes": (b"GET /%ff%00 HTTP/1.1\r\n" + HOST + END, 404),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\n" + HOST + END, 404),
    "PATCH": (b"PATCH /v1/responses HTTP/1.1\r\n" + HOST + END, 405),
    "a WebSocket": (
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
        200,
    ),
    "HTTP/2 offered": (
        POST + b"Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\n{}",
        400,
    ),
    "chunk extensions": (
        POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
        400,
    ),
    "a body nobody will read": (
        POST + b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n",
        413,
    ),
    "a megabyte of headers": (POST + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
    "headers without end": (b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 3_000_000, 431),
    "a path without end": (b"GET /" + b"a" * 5_000_000, 431),
}


@pytest.mark.parametrize(("sent", "status"), READABLE.values(), ids=READABLE.keys())
def test_odd_requests_get_their_answer(pair: Pair, sent: bytes, status: int) -> None:
    """One answer, then the end of the connection: nothing that follows is taken for a request."""
    answer = raw(pair.gateway.url, sent)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.count(b"HTTP/1.1 ") == 1
    assert get(pair.gateway.url + "/healthz").status == 200


def test_garbage_behind_a_stream_does_not_get_into_it(pair: Pair) -> None:
    """What a client sends after its request never shows as part of an answer."""
    pair.answer_with(Answer(text="a b c d", event_every=0.2))
    body = msgspec.json.encode(body_for("openai.chat", stream=True))
    with send(pair.gateway.url + PATHS["openai.chat"], body) as client:
        received = client.recv(20)
        client.sendall(b"\0\0 garbage \r\n\r\n")
        while chunk := _more(client):
            received += chunk
    assert received.startswith(b"HTTP/1.1 200")
    assert b"not a valid" not in received
    assert not received.endswith(b"0\r\n\r\n")


def test_pipelined_requests_are_answered_in_order(pair: Pair) -> None:
    """Requests that are sent at once on one connection get as many answers, in their order."""
    models = [f"up/m{number}" for number in range(5)]
    sent = b""
    for model in models:
        body = msgspec.json.encode(body_for("openai.chat") | {"model": model})
        last = b"Connection: close\r\n" if model == models[-1] else b""
        head = f"POST {PATHS['openai.chat']} HTTP/1.1\r\nContent-Length: {len(body)}\r\n"
        sent += head.encode() + HOST + last + b"\r\n" + body
    answers = raw(pair.gateway.url, sent).split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert len(answers) == len(models)
    for model, answer in zip(models, answers, strict=True):
        assert b"x-rolecall-deployment: " + model.encode() in answer


def _more(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("path", [*PATHS.values(), "/v1/messages/count_tokens"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_405(pair: Pair, method: str, path: str) -> None:
    """The error says what the path takes, in its dialect's shape."""
    got = request(method, pair.gateway.url + path)
    assert got.status == 405
    assert f"takes POST, not {method}" in got.json()["error"]["message"]
    assert ("type" in got.json()) == path.startswith("/v1/messages")


@contextmanager
def serving(patience: float) -> Iterator[tuple[str, int]]:
    """Uvicorn with our protocol, and a patience that a test can wait for."""

    async def app(_: Any, __: Any, asgi_send: Any) -> None:
        await asgi_send({"type": "http.response.start", "status": 413, "headers": []})
        await asgi_send({"type": "http.response.body", "body": b"too large"})

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, http=Protocol, ws="none", lifespan="off", log_config=None)
    )

    async def run() -> None:
        connections = server.server_state.connections
        guard = asyncio.ensure_future(close_slow(connections, patience=patience, pause=0.05))
        await server.serve(sockets=[listening])
        guard.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: lo",
        POST + b"Content-Length: 100\r\n\r\n{",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
    ],
    ids=["nothing", "half a header", "a body after its refusal", "headers without end"],
)
def test_slow_and_half_open_connections_are_closed(sent: bytes) -> None:
    """Who opens a connection and does not go on loses it, whatever has been sent by then."""
    with serving(patience=0.3) as address, socket.create_connection(address, 5) as client:
        client.sendall(sent)
        received = b""
        while chunk := _more(client):
            received += chunk
        assert received == b"" or received.startswith(b"HTTP/1.1 4")


def test_waiting_between_requests_is_no_fault() -> None:
    """A connection that is kept for the next request is not closed for being quiet."""
    asks = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    with serving(patience=0.2) as address, socket.create_connection(address, 5) as client:
        for pause in (0.6, 5):
            client.sendall(asks)
            received = b""
            while not received.endswith(b"\r\n0\r\n\r\n"):
                received += client.recv(4096)
            client.settimeout(pause)
            if pause < 1:
                with pytest.raises(TimeoutError):
                    client.recv(4096)
