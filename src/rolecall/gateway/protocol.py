"""uvicorn's HTTP protocol with two additions: who left, and who takes too long over headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CONNECTION = "rolecall.connection"
"""The ASGI extension under which a request finds its connection."""
PATIENCE = 20.0
"""Seconds from the first byte of a request, or from connecting, to the end of its headers."""
_ROUND = 5.0


class Protocol(HttpToolsProtocol):
    """Calls `on_lost` when the client goes away, without a task that waits for it."""

    began: float | None = None
    """When the headers that are being read began."""
    on_lost: Callable[[], Any] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it too
        super().connection_made(transport)
        self.began = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.began = self.loop.time()
        self.scope["extensions"] = {CONNECTION: self}  # type: ignore[dict-item] # an object is an extension too

    def on_headers_complete(self) -> None:
        self.began = None
        super().on_headers_complete()


async def close_slow(connections: Collection[Any]) -> None:
    """Close connections that are opened and left, or that drip their headers."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_ROUND)
        limit = loop.time() - PATIENCE
        for connection in list(connections):
            if connection.began is not None and connection.began < limit:
                connection.transport.close()
