"""A closed-loop load generator: each connection sends its next request when it has its answer.

Usage: python -m benchmarks.load JSON, where JSON is a `Load`; prints a `Result` as JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from benchmarks.bodies import PATHS, SIZES, body

_END = b"\r\n0\r\n\r\n"
"""How a chunked answer ends. The upstream of this benchmark writes no such bytes elsewhere."""
_GRACE = 30.0
"""Seconds that answers under way may still take when the time is up."""


class Load(Struct, frozen=True, kw_only=True):
    """What to send. It ends after `seconds`, or after `requests` where that is not 0."""

    port: int
    dialect: str
    size: str
    answer: str
    connections: int
    seconds: float
    requests: int = 0
    first: int = 0
    """The running number of the first request."""


class Result(Struct, frozen=True, kw_only=True):
    """What came back. Times are microseconds; `first` is the time to the first byte of a body."""

    requests: int
    failures: int
    seconds: float
    p50: float
    p99: float
    first: float


class Run:
    """What the connections of one load share."""

    def __init__(self, load: Load) -> None:
        streams = load.answer != "json"
        before, after = body(load.dialect, SIZES[load.size], stream=streams)
        head = (
            f"POST {PATHS[load.dialect]} HTTP/1.1\r\nhost: 127.0.0.1:{load.port}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(before) + 9 + len(after)}\r\n"
            "accept: */*\r\nauthorization: Bearer sk-bench\r\nanthropic-version: 2023-06-01\r\n"
            f"x-bench-answer: {load.answer}\r\n\r\n"
        )
        self._before = head.encode() + before
        self._after = after
        self._load = load
        self._began = time.perf_counter()
        self._sent = 0
        self._open = load.connections
        self.totals: list[float] = []
        self.firsts: list[float] = []
        self.failures = 0
        self.last = self._began
        self.over = asyncio.get_running_loop().create_future()

    def following(self) -> bytes | None:
        """The next request, or None where this run has sent its last."""
        load = self._load
        late = time.perf_counter() - self._began >= load.seconds
        if late or (load.requests and self._sent >= load.requests):
            return None
        self._sent += 1
        return b"%b%09d%b" % (self._before, load.first + self._sent, self._after)

    def ended(self) -> None:
        self._open -= 1
        if self._open == 0 and not self.over.done():
            self.over.set_result(None)

    def result(self) -> Result:
        totals, firsts = sorted(self.totals), sorted(self.firsts)
        return Result(
            requests=len(totals),
            failures=self.failures,
            seconds=self.last - self._began,
            p50=_quantile(totals, 0.5),
            p99=_quantile(totals, 0.99),
            first=_quantile(firsts, 0.5),
        )


class Connection(asyncio.Protocol):
    """Sends, waits for the whole answer, sends again."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._busy = False
        self._head = self._tail = b""
        self._missing: int | None = None
        """Bytes of the body still to come; -1 in a chunked answer, None until the head is in."""
        self._began = self._first = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not subclasses
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        self._run.failures += self._busy
        self._run.ended()

    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._read_head(head)
        if data and not self._first:
            self._first = time.perf_counter()
        if self._missing == -1:
            self._tail = (self._tail + data)[-len(_END) :]
            complete = self._tail == _END
        else:
            self._missing = (self._missing or 0) - len(data)
            complete = self._missing == 0
        if complete:
            self._finish()

    def _read_head(self, head: bytes) -> None:
        lower = head.lower()
        self._run.failures += not head.startswith(b"HTTP/1.1 200")
        _, found, rest = lower.partition(b"\r\ncontent-length:")
        self._missing = int(rest.partition(b"\r\n")[0]) if found else -1
        self._tail = b"\r\n"

    def _finish(self) -> None:
        run, now = self._run, time.perf_counter()
        run.totals.append(now - self._began)
        run.firsts.append(self._first - self._began)
        run.last = now
        self._busy = False
        self._send()

    def _send(self) -> None:
        request = self._run.following()
        if request is None:
            self._transport.close()
            return
        self._head = self._tail = b""
        self._missing = None
        self._first = 0.0
        self._busy = True
        self._began = time.perf_counter()
        self._transport.write(request)


def _quantile(values: list[float], share: float) -> float:
    return values[int((len(values) - 1) * share)] * 1e6 if values else 0.0


async def generate(load: Load) -> Result:
    run = Run(load)
    loop = asyncio.get_running_loop()
    for _ in range(load.connections):
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", load.port)
    await asyncio.wait_for(run.over, load.seconds + _GRACE)
    return run.result()


if __name__ == "__main__":
    wanted = msgspec.json.decode(sys.argv[1], type=Load)
    print(msgspec.json.encode(uvloop.run(generate(wanted))).decode())
