"""The only door out. Every outbound connection of rolecall is opened here, with a `Clearance`.

No redirect is followed, no proxy variable is read, no cookie is kept, no body is decompressed:
what goes out and comes back is what the client and the provider said.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Literal, Self

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from rolecall.config.settings import TimeoutSettings
from rolecall.errors import AccessError, UpstreamError
from rolecall.privacy.verdict import Clearance
from rolecall.types import Dialect, Provider

_CHUNK = 256 * 1024
_LARGE = 1024 * 1024
"""Bytes. aiohttp writes a larger body in one go only under protest."""
_SKIP = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_MOST_PROBED = 4 * 1024 * 1024


class UpstreamFailure(UpstreamError):
    """A call that brought no answer. `outcome` is the word that an `Attempt` records."""

    def __init__(
        self,
        message: str,
        *,
        outcome: Literal["refused", "timeout", "broken"],
        reused: bool = False,
    ) -> None:
        super().__init__(message, status=504 if outcome == "timeout" else 502)
        self.outcome = outcome
        self.reused = reused
        """A kept-alive connection that the provider had closed: worth one more try."""


class Reply:
    """An upstream's answer: status and headers at once, the body as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: list[tuple[bytes, bytes]] = [
            (name.lower(), value) for name, value in response.raw_headers
        ]

    async def read(self) -> bytes:
        """The next bytes of the body, empty at its end. `UpstreamFailure` where it breaks off."""
        try:
            return await self._response.content.readany()
        except TimeoutError as error:
            raise UpstreamFailure("the provider fell silent", outcome="timeout") from error
        except (aiohttp.ClientError, OSError) as error:
            says = f"the answer broke off: {_reason(error)}"
            raise UpstreamFailure(says, outcome="broken") from error

    def release(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        self._response.release()

    def abort(self) -> None:
        self._response.close()


class Door:
    """A warm pool of connections. Use as `async with Door(...)`."""

    def __init__(self, keys: Mapping[str, str], timeouts: TimeoutSettings) -> None:
        self._keys = keys
        self._timeouts = timeouts
        self._urls: dict[str, URL] = {}

    async def __aenter__(self) -> Self:
        timeouts = self._timeouts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=timeouts.connect, sock_read=timeouts.silence
            ),
            skip_auto_headers=_SKIP,
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(
        self,
        clearance: Clearance,
        provider: Provider,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> Reply:
        """Send `body` and return as soon as the answer's headers are there."""
        _admit(clearance, provider)
        try:
            response = await self._session.request(
                "POST",
                self._url(url),
                headers=CIMultiDict(headers),
                data=body if len(body) <= _LARGE else _slices(body),
                allow_redirects=False,
            )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _failure(provider, error) from error
        return Reply(response)

    def credentials(self, provider: Provider, dialect: Dialect) -> tuple[tuple[str, str], ...]:
        """The headers that authenticate at a provider; none where it asks for none."""
        key = self._keys.get(provider.name)
        if key is None:
            return ()
        name = provider.endpoints[dialect].key_header
        return ((name, f"Bearer {key}" if name == "authorization" else key),)

    async def fetch(self, clearance: Clearance, provider: Provider, url: str) -> bytes | None:
        """A short GET, for questions to a local engine. None where nobody answers well."""
        _admit(clearance, provider)
        timeout = aiohttp.ClientTimeout(total=0.5)
        try:
            async with self._session.get(
                self._url(url), timeout=timeout, allow_redirects=False
            ) as response:
                body = await response.content.read(_MOST_PROBED)
                return body if response.status == 200 else None
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None

    def _url(self, text: str) -> URL:
        """Parsed once; providers are few."""
        found = self._urls.get(text)
        if found is None:
            found = URL(text, encoded=True)
            if len(self._urls) < 1000:
                self._urls[text] = found
        return found


def _admit(clearance: Clearance, provider: Provider) -> None:
    if not clearance.admits(provider):
        zones = ", ".join(sorted(clearance.zones or ()))
        says = f"{provider.name} is in the zone {provider.zone!r}; this request may go to: {zones}"
        raise AccessError(says, status=403)


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK]


def _failure(provider: Provider, error: BaseException) -> UpstreamFailure:
    if isinstance(error, TimeoutError):
        return UpstreamFailure(f"{provider.name} did not answer in time", outcome="timeout")
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        says = f"{provider.name} cannot be reached: {_reason(error)}"
        return UpstreamFailure(says, outcome="refused")
    closed = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
    says = f"{provider.name} closed the connection without an answer: {_reason(error)}"
    return UpstreamFailure(says, outcome="broken", reused=closed)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
