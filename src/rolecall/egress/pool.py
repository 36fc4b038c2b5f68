"""Connections kept warm between requests, by upstream."""

from __future__ import annotations

import asyncio
import ssl
from functools import cached_property
from urllib.parse import urlsplit

from msgspec import Struct

from rolecall.config.settings import TimeoutSettings
from rolecall.egress.connection import Connection
from rolecall.errors import ConfigError, UpstreamFailure

_LONGEST_REST = 60.0
"""Seconds after which an idle connection is not trusted any more."""


class Origin(Struct, frozen=True):
    """Where to connect: host, port, and whether to speak TLS."""

    host: str
    port: int
    tls: bool


class Address(Struct, frozen=True):
    """A parsed URL: its origin, the path to ask for, and the `Host` header that fits."""

    origin: Origin
    path: str
    host_header: str


def address(url: str) -> Address:
    """Raises `ConfigError` for a URL that is no http or https address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{url!r} is no address to call: write http://HOST or https://HOST")
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    host_header = parts.netloc.rpartition("@")[2]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(Origin(parts.hostname, port, tls), path, host_header)


class Pool:
    """Idle connections by origin, the freshest first."""

    def __init__(self, timeouts: TimeoutSettings) -> None:
        self._timeouts = timeouts
        self._idle: dict[Origin, list[Connection]] = {}

    def take(self, origin: Origin) -> Connection | None:
        """A warm connection that is still open, if there is one."""
        idle = self._idle.get(origin)
        oldest = asyncio.get_running_loop().time() - _LONGEST_REST
        while idle:
            connection = idle.pop()
            if not connection.closed and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def connect(self, name: str, origin: Origin) -> Connection:
        """A new connection. Raises `UpstreamFailure` where none can be had in time."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeouts.connect):
                _, connection = await loop.create_connection(
                    lambda: Connection(name, self._timeouts.silence),
                    origin.host,
                    origin.port,
                    ssl=self._tls if origin.tls else None,
                )
        except TimeoutError as error:
            says = f"{name} did not accept a connection in {self._timeouts.connect:g} s"
            raise UpstreamFailure(says, outcome="timeout") from error
        except OSError as error:
            says = f"{name} cannot be reached: {error.strerror or error}"
            raise UpstreamFailure(says, outcome="refused") from error
        return connection

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """Keep it for the next request, or close it where it may not be used again."""
        if not connection.reusable:
            connection.close()
            return
        connection.rest()
        idle = self._idle.setdefault(origin, [])
        idle.append(connection)
        if idle[0].closed or idle[0].idle_since < connection.idle_since - _LONGEST_REST:
            idle.pop(0).close()

    def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The system's trust store, or the one that SSL_CERT_FILE names."""
        return ssl.create_default_context()
