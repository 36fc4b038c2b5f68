"""Memory and sockets after many requests and many clients that left."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gateway.test_forwarding import PATHS, body_for
from support.answers import Answer, Received, say
from support.gateway import STACK, Gateway, start_gateway
from support.http import send
from support.upstream import Upstream

REQUESTS = 3000
LEAVERS = 300
MIB = 1024 * 1024
MOST_GROWTH = 12 * MIB
"""Measured: 3 to 6 MiB, which is the allocator's slack and the newest sessions; a body of 60 kB
kept for each request would be 190 MiB, one kept for each client that left 18 MiB."""


def resident(gateway: Gateway) -> int:
    """Bytes of memory in use (proc_pid_status(5))."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def sockets(gateway: Gateway) -> int:
    found = Path(f"/proc/{gateway.process.pid}/fd").iterdir()
    return sum(1 for link in found if _target(link).startswith("socket:"))


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""  # closed while we looked


def ask(gateway: Gateway, requests: int, padding: str) -> None:
    """Ask over one connection, each time as another session in turn through the dialects."""
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    for number in range(requests):
        dialect = list(PATHS)[number % 3]
        body = msgspec.json.encode(body_for(dialect, stream=number % 2 == 0, padding=padding))
        connection.request("POST", PATHS[dialect], body, {"session-id": f"s{number}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()


def leave(gateway: Gateway, upstream: Upstream, body: bytes) -> None:
    """Half of the clients leave before the first byte, half in the middle of the stream."""

    def script(received: Received) -> Answer:
        return Answer(text="a b", event_every=9, first_byte_after=9 * (received.index % 2))

    upstream.script = script
    for _ in range(LEAVERS // 30):
        before = len(upstream.received)
        clients = [send(gateway.url + PATHS["openai.chat"], body) for _ in range(30)]
        upstream.wait_for(lambda received, start=before: len(received) == start + 30)  # type: ignore[misc] # bound now
        for client in clients:
            client.close()


def settled(probe: Callable[[], int], most: int) -> int:
    """The value once it is low enough, or what it is after some seconds."""
    end = time.monotonic() + 10
    while (found := probe()) > most and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_and_sockets_return_to_what_they_were(tmp_path: Path) -> None:
    """3,000 requests of 20 kB and 300 clients that left keep no memory and no socket."""
    padding = "x" * 20_000
    with (
        Upstream() as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
    ):
        upstream.script = say("Done." * 100)
        ask(gateway, 300, padding)
        memory, open_sockets = resident(gateway), sockets(gateway)
        ask(gateway, REQUESTS, padding)
        leave(gateway, upstream, msgspec.json.encode(body_for("openai.chat", stream=True)))
        gateway.wait_for(lambda found: sum(row["status"] == 499 for row in found) == 200)
        upstream.wait_for(lambda received: all(one.client_left for one in received[-LEAVERS:]))
        assert settled(lambda: sockets(gateway), open_sockets) <= open_sockets
        grown = resident(gateway) - memory
        assert grown < MOST_GROWTH, f"{grown / MIB:.1f} MiB"
        print(f"grown by {grown / MIB:.1f} MiB")
