"""Who may pass: every outbound call is made here, with a `Clearance`.

No redirect is followed, no proxy variable is read, no cookie is kept, no body is decompressed:
what goes out and comes back is what the client and the provider said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from msgspec import Struct

from rolecall.config.settings import TimeoutSettings
from rolecall.egress.connection import Connection
from rolecall.egress.places import Network, is_here
from rolecall.egress.pool import Address, Origin, Pool, address
from rolecall.errors import AccessError, UpstreamError, UpstreamFailure
from rolecall.privacy.verdict import Clearance
from rolecall.types import Dialect, Provider

Headers = Iterable[tuple[bytes, bytes]]


class Bounds(Struct, frozen=True):
    """What an answer may take: bytes, and seconds."""

    size: int
    seconds: float


PROBE = Bounds(4 * 1024 * 1024, 0.5)
"""For an engine on this machine."""
LIST = Bounds(32 * 1024 * 1024, 20.0)
"""For the list of a provider."""


class Target(Struct, frozen=True):
    """A URL, and the query that a client added to it."""

    url: str
    query: bytes = b""


class Parcel(Struct, frozen=True):
    """What is sent: headers, without those that belong to the connection, and a body."""

    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


class Reply:
    """An upstream's answer: status and headers at once, the body as it comes."""

    def __init__(self, pool: Pool, origin: Origin, connection: Connection) -> None:
        self._pool = pool
        self._origin = origin
        self._connection = connection
        self.status = connection.status
        self.headers = connection.headers
        self.read = connection.read

    def release(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        self._pool.give_back(self._origin, self._connection)

    def abort(self) -> None:
        self._connection.close()


class Door:
    """A warm pool of connections. Use as `async with Door(...)`."""

    def __init__(
        self,
        keys: Mapping[str, str],
        timeouts: TimeoutSettings,
        networks: Sequence[Network] = (),
    ) -> None:
        self._keys = keys
        self._pool = Pool(timeouts)
        self._networks = networks
        self._addresses: dict[str, Address] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pool.close()

    async def post(
        self, clearance: Clearance, provider: Provider, target: Target, parcel: Parcel
    ) -> Reply:
        """Send a body and return as soon as the answer's headers are there."""
        where = self._address(target.url)
        length = (b"content-length", str(len(parcel.body)).encode())
        head = _head(b"POST", where, target.query, [*parcel.headers, length])
        return await self._ask(clearance, provider, where, [head, parcel.body])

    def credentials(self, provider: Provider, dialect: Dialect) -> list[tuple[bytes, bytes]]:
        """The header that authenticates at a provider; none where it asks for none."""
        key = self._keys.get(provider.name)
        if key is None:
            return []
        name = provider.endpoints[dialect].key_header
        value = f"Bearer {key}" if name == "authorization" else key
        return [(name.encode(), value.encode())]

    async def fetch(
        self, clearance: Clearance, provider: Provider, url: str, form: bytes | None = None
    ) -> bytes | None:
        """A short question to a local engine. None where nobody answers well."""
        try:
            return await self.get(clearance, provider, url, bounds=PROBE, form=form)
        except UpstreamError:
            return None

    async def get(
        self,
        clearance: Clearance,
        provider: Provider,
        url: str,
        *,
        bounds: Bounds,
        headers: Headers = (),
        form: bytes | None = None,
    ) -> bytes:
        """What answers a GET, or the POST of a JSON `form`.

        Raises `UpstreamError` where it does not come well and within bounds.
        """
        where = self._address(url)
        asked = _short(where, headers, form)
        try:
            async with asyncio.timeout(bounds.seconds):
                reply = await self._ask(clearance, provider, where, asked)
                body = await _within(reply, bounds.size)
        except TimeoutError as error:
            says = f"{provider.name} did not answer within {bounds.seconds:g} s"
            raise UpstreamError(says) from error
        if reply.status != 200:
            raise UpstreamError(f"{provider.name} answered {reply.status}")
        if body is None:
            says = f"{provider.name} sent more than {bounds.size // 2**20} MiB"
            raise UpstreamError(says)
        return body

    async def _ask(
        self, clearance: Clearance, provider: Provider, where: Address, parts: list[bytes]
    ) -> Reply:
        """Over a warm connection if there is one.

        One that the provider closed in the meantime is not its failure: the request is sent once
        more, on a new connection.
        """
        _admit(clearance, provider, where)
        warm = self._pool.take(where.origin)
        if warm is not None:
            self._check_place(warm, provider, where)
            try:
                return await self._send(warm, where, parts)
            except UpstreamFailure as error:
                if not error.unanswered:
                    raise
        fresh = await self._pool.connect(provider.name, where.origin)
        self._check_place(fresh, provider, where)
        return await self._send(fresh, where, parts)

    async def _send(self, connection: Connection, where: Address, parts: list[bytes]) -> Reply:
        try:
            await connection.ask(parts)
        except BaseException:  # cancelled, too: nobody will read this answer
            connection.close()
            raise
        return Reply(self._pool, where.origin, connection)

    def _check_place(self, connection: Connection, provider: Provider, where: Address) -> None:
        """What is called local is here: by the address that answers, whatever its name said.

        Nothing has been sent yet. Raises `AccessError`.
        """
        if provider.zone != "local" or is_here(connection.peer, self._networks):
            return
        connection.close()
        raise AccessError(
            f"{provider.name} is in the zone 'local', and {where.origin.host} is at "
            f"{connection.peer or 'no address'}, which is not this machine; if it is in this "
            "house, add its address to [privacy] local_networks",
            status=403,
        )

    def _address(self, url: str) -> Address:
        """Parsed once; providers have few URLs."""
        found = self._addresses.get(url)
        if found is None:
            found = self._addresses[url] = address(url)
        return found


def _admit(clearance: Clearance, provider: Provider, where: Address) -> None:
    if type(clearance) is not Clearance:
        raise TypeError("without a Clearance nothing goes out")
    limit = clearance.forbidding(provider)
    if limit is not None:
        zones = " or ".join(limit.zones)
        says = f"the rule {limit.rule} keeps this in {zones}; {provider.name} is elsewhere"
        raise AccessError(says, status=403)
    if clearance.limits and provider.zone != "local" and not where.origin.tls:
        says = f"{provider.name} is called without TLS; a request with limits goes over https"
        raise AccessError(says, status=403)


def _short(where: Address, headers: Headers, form: bytes | None) -> list[bytes]:
    """A GET, or the POST of a JSON form."""
    if form is None:
        return [_head(b"GET", where, b"", headers)]
    length = (b"content-length", str(len(form)).encode())
    kind = (b"content-type", b"application/json")
    return [_head(b"POST", where, b"", [*headers, kind, length]), form]


async def _within(reply: Reply, size: int) -> bytes | None:
    """The body, None where it is larger. The connection is closed however this ends."""
    parts = bytearray()
    try:
        while len(parts) <= size and (chunk := await reply.read()):
            parts += chunk
    finally:
        reply.abort()
    return bytes(parts) if len(parts) <= size else None


def _head(method: bytes, where: Address, query: bytes, headers: Headers) -> bytes:
    """Request line and headers. Raises `UpstreamError` where one holds a line break.

    None can: a client's headers were parsed, and keys are checked when they are read. Looked at
    all the same, because a line too many would be a second request.
    """
    path = where.path.encode()
    if query:
        path += (b"&" if b"?" in path else b"?") + query
    lines = [method + b" " + path + b" HTTP/1.1", b"host: " + where.host_header.encode()]
    lines.extend([name + b": " + value for name, value in headers])
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise UpstreamError("a header holds a line break; the request was not sent")
    return head + b"\r\n\r\n"
