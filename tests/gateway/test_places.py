"""What is called local is here: the door goes by the address that answers, not by a name."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from typing import Any

import pytest

from rolecall.config.settings import TimeoutSettings
from rolecall.egress.door import Door, Parcel, Target
from rolecall.egress.places import is_here
from rolecall.errors import AccessError
from rolecall.privacy.verdict import Clearance, clear_catalogue, clear_probe
from rolecall.types import Provider
from support.raw_upstream import RawUpstream
from support.upstream import Upstream

HERE = ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]
NOT_HERE = ["8.8.8.8", "::ffff:8.8.8.8", "192.168.1.7", "fe80::1%eth0", "0.0.0.0", "", "localhost"]  # noqa: S104


@pytest.mark.parametrize("peer", HERE)
def test_loopback_is_here(peer: str) -> None:
    assert is_here(peer, ())


@pytest.mark.parametrize("peer", NOT_HERE)
def test_other_addresses_are_not(peer: str) -> None:
    assert not is_here(peer, ())


def test_a_declared_network_is_here() -> None:
    house = (ipaddress.ip_network("192.168.1.0/24"),)
    assert is_here("192.168.1.7", house)
    assert is_here("::ffff:192.168.1.7", house)
    assert not is_here("192.168.2.7", house)


def own_address() -> str:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


LOCAL = Provider(name="engine", endpoints={}, zone="local", auth="none")


async def fetched(url: str, clearance: Clearance, provider: Provider = LOCAL) -> int:
    async with Door({}, TimeoutSettings()) as door:
        reply = await door.post(clearance, provider, Target(url), Parcel([], b"{}"))
        reply.abort()
        return reply.status


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost"])
def test_every_way_to_write_loopback_is_here(host: str) -> None:
    with Upstream() as upstream:
        url = f"http://{host}:{upstream.port}/v1/chat/completions"
        assert asyncio.run(fetched(url, clear_probe())) == 200


def test_a_name_that_changes_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that was here and now is elsewhere: the connection is closed before a byte."""
    elsewhere = own_address()
    with socket.create_server((elsewhere, 0)) as server:
        port = server.getsockname()[1]
        loop = asyncio.new_event_loop()
        answers = [elsewhere]

        async def resolved(*_: Any, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[0], port))]

        monkeypatch.setattr(type(loop), "getaddrinfo", resolved)
        try:
            with pytest.raises(AccessError, match="local_networks"):
                loop.run_until_complete(fetched(f"http://engine.test:{port}/v1", clear_probe()))
        finally:
            loop.close()
        connection, _ = server.accept()
        with connection:
            connection.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1000) == b""


def test_a_redirect_is_not_followed() -> None:
    with Upstream() as other, RawUpstream([_redirect(other)]) as here:
        status = asyncio.run(fetched(f"{here.base_url}/chat/completions", clear_probe()))
    assert status == 307
    assert not other.received


def _redirect(other: Upstream) -> bytes:
    head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {other.base_url}\r\n"
    return f"{head}Content-Length: 0\r\n\r\n".encode()


def test_nothing_goes_out_without_a_clearance() -> None:
    with Upstream() as upstream:
        url = f"{upstream.base_url}/chat/completions"
        with pytest.raises(TypeError):
            asyncio.run(fetched(url, None))  # type: ignore[arg-type]
        assert not upstream.received


def test_a_probe_asks_nobody_outside() -> None:
    outside = Provider(name="out", endpoints={}, zone="any", auth="none")
    with Upstream() as upstream:
        url = f"{upstream.base_url}/chat/completions"
        with pytest.raises(AccessError):
            asyncio.run(fetched(url, clear_probe(), outside))
        assert asyncio.run(fetched(url, clear_catalogue(), outside)) == 200
        assert len(upstream.received) == 1
