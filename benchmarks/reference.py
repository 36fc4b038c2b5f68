"""The gateway one would write first, on uvicorn and aiohttp: it looks at no byte it forwards.

A fixed point to measure against, which changes only with those two libraries. rolecall reads,
decides and records on top, and calls upstream through a client of its own, which costs less than
aiohttp: a ratio near 1 says that the one pays for the other.

Usage: python reference.py PORT UPSTREAM_URL
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import aiohttp
import uvicorn
from yarl import URL

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_DROPPED = frozenset({b"host", b"connection", b"content-length", b"transfer-encoding"})


class Forwarder:
    """An ASGI application around one pool of upstream connections."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Forward a request; open the pool on the first, since only then a loop is running."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), auto_decompress=False
            )
        async with self._session.post(
            URL(self._upstream + scope["path"]),
            data=await _body(receive),
            headers={n.decode(): v.decode() for n, v in scope["headers"] if n not in _DROPPED},
        ) as response:
            await _answer(response, send)


async def _body(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(response: aiohttp.ClientResponse, send: Send) -> None:
    dropped = (b"connection", b"transfer-encoding")
    headers = [(n.lower(), v) for n, v in response.raw_headers if n.lower() not in dropped]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    while chunk := await response.content.readany():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def main() -> None:
    port, upstream = int(sys.argv[1]), sys.argv[2]
    uvicorn.run(
        Forwarder(upstream),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
    )


if __name__ == "__main__":
    main()
