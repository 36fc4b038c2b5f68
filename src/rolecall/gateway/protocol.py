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
    """When the headers that are being read began."""
    on_lost: Callable[[], Any] | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it too
        super().connection_made(transport)
        self.began = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.began is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEADERS:
                says = f"the headers are longer than {_MOST_HEADERS // 1024} KiB"
                self._refuse(BodyError(says, status=431))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (it is always the same)
        self._refuse(BodyError("this is not a valid HTTP/1.1 request"))

    def _refuse(self, error: BodyError) -> None:
        """Answer and close. Where an answer has begun, only close: it stays visibly incomplete."""
        has_begun = self.cycle is not None and self.cycle.response_started
        if not self.transport.is_closing() and (not has_begun or self.cycle.response_complete):
            found = answer(error, dialect_of(self.url.decode("latin-1")))
            lines = [name + b": " + value + b"\r\n" for name, value in found.headers]
            close = b"" if (b"connection", b"close") in found.headers else b"connection: close\r\n"
            head = STATUS_LINE[found.status] + b"".join(lines) + close
            self.transport.write(head + b"\r\n" + found.body)
        self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.began = self.loop.time()
        self.scope["extensions"] = {CONNECTION: self}  # type: ignore[dict-item] # an object is an extension too

    def on_headers_complete(self) -> None:
        self.began = None
        self._head_bytes = 0
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False  # the parser reads nothing after an offer to upgrade


async def close_slow(
    connections: Collection[Any], *, patience: float = PATIENCE, pause: float = _ROUND
) -> None:
    """Close connections that are opened and left, or that drip their headers."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(pause)
        limit = loop.time() - patience
        for connection in list(connections):
            if connection.began is not None and connection.began < limit:
                connection.transport.close()
