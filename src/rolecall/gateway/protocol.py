"""uvicorn's HTTP protocol with additions: who left, whose headers never end, errors in JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from rolecall.errors import BodyError
from rolecall.gateway.answers import answer
from rolecall.gateway.paths import dialect_of

CONNECTION = "rolecall.connection"
"""The ASGI extension under which a request finds its connection."""
PATIENCE = 20.0
"""Seconds from the first byte of a request, or from connecting, to the end of its headers."""
_ROUND = 5.0
_MOST_HEADERS = 64 * 1024
"""Bytes of headers that may come before their end is in sight."""


class Protocol(HttpToolsProtocol):
    """Calls `on_lost` when the client goes away, without a task that waits for it."""

    began: float | None = None
    """When the client began to owe something: headers, or the rest of what was refused."""
    on_lost: Callable[[], Any] | None = None
    _reads_head = True
    _head_bytes = 0
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it too
        super().connection_made(transport)
        self.began = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._reads_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEADERS:
                says = f"the headers are longer than {_MOST_HEADERS // 1024} KiB"
                self._refuse(BodyError(says, status=431))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (it is always the same)
        self._refuse(BodyError("this is not a valid HTTP/1.1 request"))

    def _refuse(self, error: BodyError) -> None:
        """Answer, and read no more. Where an answer has begun it stays visibly incomplete.

        The connection is half closed: a full close would reset it under a client that is still
        sending, before that has read its answer (RFC 9112, section 9.6).
        """
        if self.transport.is_closing():
            return
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle or not self.cycle.response_started:
            found = answer(error, dialect_of(self.url.decode("latin-1")))
            lines = [name + b": " + value + b"\r\n" for name, value in found.headers]
            head = STATUS_LINE[found.status] + b"".join(lines) + b"connection: close\r\n\r\n"
            self.transport.write(head + found.body)
        if not is_idle:
            self.transport.close()
            return
        self._refused, self.began = True, self.loop.time()
        self.transport.write_eof()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reads_head, self.began = True, self.loop.time()
        self.scope["extensions"] = {CONNECTION: self}  # type: ignore[dict-item] # an object is an extension too

    def on_headers_complete(self) -> None:
        self._reads_head, self.began, self._head_bytes = False, None, 0
        super().on_headers_complete()
        if self.expect_100_continue or self.parser.should_upgrade():
            # Whether a body follows a refusal is the client's choice, and the parser reads
            # nothing after an offer to upgrade: what comes next could be misread.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.began = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body and self.began is None:
            self.began = self.loop.time()


async def close_slow(
    connections: Collection[Any], *, patience: float = PATIENCE, pause: float = _ROUND
) -> None:
    """Close connections that are opened and left, that drip their headers, or never end."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(pause)
        limit = loop.time() - patience
        for connection in list(connections):
            if connection.began is not None and connection.began < limit:
                connection.transport.close()
