"""uvicorn's HTTP protocol with one more limit: how long a client may take over its headers."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PATIENCE = 20.0
"""Seconds from the first byte of a request, or from connecting, to the end of its headers."""


class Protocol(HttpToolsProtocol):
    """Closes connections that are opened and left, or that drip their headers."""

    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it too
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._arm()

    def on_headers_complete(self) -> None:
        self._disarm()
        super().on_headers_complete()

    def _arm(self) -> None:
        self._disarm()
        self._impatience = self.loop.call_later(PATIENCE, self.transport.close)

    def _disarm(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None
