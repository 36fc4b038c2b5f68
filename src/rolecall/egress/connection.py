"""One HTTP/1.1 connection to an upstream, on httptools' parser.

Our own, because the library clients take half of the gateway's time: aiohttp 170 µs of CPU more per
call than this, httpx seven times aiohttp (`docs/performance.md`). It does what the gateway needs
and no more: one request at a time, a body of known length, an answer that is read as it comes. No
redirects, no proxies, no cookies, no decompression.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Literal, cast

import httptools

from rolecall.errors import UpstreamFailure

_MOST_HEADERS = 256 * 1024
"""Bytes of status line and headers that an upstream may send."""
_HIGH_WATER = 256 * 1024
_LOW_WATER = 64 * 1024
"""Bytes of an answer that wait for a slow client before the upstream is held back."""


class Connection(asyncio.Protocol):
    """Send one request, read its answer, and say whether another may follow."""

    def __init__(self, name: str, silence: float) -> None:
        self._name = name
        self._silence = silence
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.idle_since = 0.0
        self.peer = ""
        """The address at the other end."""
        self.closed = False
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._head_bytes = 0
        self._paused = False
        self._framed = False
        self._keeps_alive = False
        self._has_head = False
        self._complete = False
        self._error: UpstreamFailure | None = None
        self._begun = False
        self._overrun = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []

    # --- what the pool and the door call -----------------------------------------------------

    async def ask(self, parts: Iterable[bytes]) -> None:
        """Send a request and wait for status and headers. Raises `UpstreamFailure`."""
        self._reset()
        self._last_heard = self._loop.time()
        self._timer = self._loop.call_later(self._silence, self._check_silence)
        self._transport.writelines(list(parts))
        while not self._has_head:
            await self._wait()

    async def read(self) -> bytes:
        """The next bytes of the body, empty at its end. Raises `UpstreamFailure`."""
        while not self._chunks:
            if self._complete:
                return b""
            await self._wait()
        chunk = self._chunks.popleft() if len(self._chunks) == 1 else self._take_all()
        self._waiting_bytes = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return chunk

    @property
    def reusable(self) -> bool:
        """The answer was read to its end, and both sides keep the connection."""
        return (
            self._complete
            and not self._chunks
            and not self._overrun
            and not self.closed
            and self._framed
            and self._keeps_alive
            and self._transport.get_write_buffer_size() == 0
        )

    def rest(self) -> None:
        """Between two requests nothing is timed."""
        self._stop_timer()
        self.idle_since = self._loop.time()

    def close(self) -> None:
        self._stop_timer()
        self.closed = True
        self._transport.abort()

    # --- asyncio's side ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) else ""

    def data_received(self, data: bytes) -> None:
        if self._complete:
            self.close()  # nobody asked: this connection cannot be trusted
            return
        self._last_heard = self._loop.time()
        self._begun = True
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(f"{self._name} sent what is not HTTP: {error}")
        if not self._has_head and self._head_bytes > _MOST_HEADERS:
            self._fail(f"{self._name} sent headers without end")
        self._wake()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._has_head and not self._framed and exc is None:
            self._complete = True  # a body without a length ends with the connection
        if not self._complete:
            why = f": {exc}" if exc else ""
            verb = "broke off its answer" if self._begun else "closed the connection unanswered"
            self._fail(f"{self._name} {verb}{why}")
        self._wake()

    # --- httptools' side ---------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            return  # a trailer: nothing of ours is read from those
        name = name.lower()
        self._framed = self._framed or name in {b"content-length", b"transfer-encoding"}
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._overrun:
            return
        self.status = self._parser.get_status_code()
        if not 100 <= self.status <= 599:
            self._fail(f"{self._name} answered with the status {self.status}, which is not HTTP")
            return
        self._framed = self._framed or self.status in {204, 304}
        if self.status < 200:
            self.headers.clear()  # 100 Continue and the like: the answer is still to come
            self._framed = False
        else:
            self._has_head = True
            self._keeps_alive = self._parser.should_keep_alive()  # true only at this moment

    def on_message_begin(self) -> None:
        """A second answer nobody asked for ends the first: nothing of it is taken for ours."""
        self._overrun = self._overrun or self._complete

    def on_body(self, body: bytes) -> None:
        if self._overrun:
            return
        self._chunks.append(body)
        self._waiting_bytes += len(body)
        if self._waiting_bytes > _HIGH_WATER and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        self._complete = self._has_head

    # --- waiting -----------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Until something was heard. What goes wrong while nobody waits is told here too."""
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error is not None and not self._chunks:
            raise self._error

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, says: str, outcome: Literal["broken", "timeout"] = "broken") -> None:
        """Keep the first failure; a connection that failed is never used again."""
        if self._error is None and not self._complete:
            unanswered = outcome == "broken" and not self._begun
            self._error = UpstreamFailure(says, outcome=outcome, unanswered=unanswered)
        if not self.closed:
            self.closed = True
            self._transport.abort()

    def _check_silence(self) -> None:
        """One timer for a whole answer: it looks when the upstream was last heard."""
        quiet = self._loop.time() - self._last_heard
        if self._complete or self.closed:
            return
        if quiet < self._silence or self._paused:
            rest = max(self._silence - quiet, 0.05)
            self._timer = self._loop.call_later(rest, self._check_silence)
            return
        self._fail(f"{self._name} said nothing for {self._silence:g} s", "timeout")
        self._wake()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take_all(self) -> bytes:
        whole = b"".join(self._chunks)
        self._chunks.clear()
        return whole
