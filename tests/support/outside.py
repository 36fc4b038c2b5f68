"""A network namespace with one way out, and everything that takes it. Linux, and root."""

from __future__ import annotations

import ipaddress
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import Struct

_EVERY_PROTOCOL = 0x0003
_IPV4 = 0x0800
_IPV6 = 0x86DD
_ICMPV6 = 58
_NEIGHBOURS = {130, 131, 132, 133, 134, 135, 136, 137, 143}
"""What each interface says of itself: multicast listeners and neighbours (RFC 2710, 3810, 4861)."""
_FRAME = 65_536


class Outside(Struct):
    """`name` is the namespace, `address` is ours at the other end of its only way out."""

    name: str
    address: str
    mac: bytes
    frames: list[bytes]

    def packets(self) -> list[tuple[str, bytes]]:
        """Whom each IP packet from the namespace was for, and the packet (RFC 791, RFC 8200)."""
        found = []
        for frame in list(self.frames):
            (kind,) = struct.unpack_from("!H", frame, 12)
            if frame[6:12] == self.mac:
                continue
            if kind == _IPV4:
                found.append((socket.inet_ntoa(frame[30:34]), frame[14:]))
            elif kind == _IPV6 and not _of_neighbours(frame[14:]):
                found.append((socket.inet_ntop(socket.AF_INET6, frame[38:54]), frame[14:]))
        return found

    def command(self, *command: str) -> list[str]:
        """A command as it runs inside."""
        return ["ip", "netns", "exec", self.name, *command]


def require() -> None:
    """Skip the test where no namespace can be made; fail where it must be possible."""
    reason = None
    if not sys.platform.startswith("linux"):
        reason = "network namespaces are Linux's"
    elif os.geteuid() != 0:
        reason = "making a network namespace needs root"
    elif shutil.which("ip") is None:
        reason = "the command ip is missing: install iproute2"
    else:
        reason = _refusal()
    if reason is not None and os.environ.get("ROLECALL_E2E") == "required":
        pytest.fail(reason)
    if reason is not None:
        pytest.skip(reason)


def _refusal() -> str | None:
    """Why this machine makes no namespace with a way out, as in a container without the right."""
    try:
        with namespace():
            return None
    except (RuntimeError, OSError) as problem:
        return f"no network namespace can be made here: {problem}"


def _of_neighbours(packet: bytes) -> bool:
    """Whether an IPv6 packet is such talk; a listener's report has one option header first."""
    kind, place = packet[6], 40
    if kind == 0 and len(packet) > 48:
        kind, place = packet[40], 40 + 8 * (packet[41] + 1)
    return kind == _ICMPV6 and len(packet) > place and packet[place] in _NEIGHBOURS


@contextmanager
def namespace() -> Iterator[Outside]:
    """A namespace whose loopback is its own; every frame on its way out is kept."""
    tag = secrets.token_hex(3)
    name, here, there = f"rolecall-{tag}", f"rc{tag}a", f"rc{tag}b"
    base = ipaddress.ip_network("10.213.0.0/16")[secrets.randbelow(16_000) * 4]
    ours, theirs = str(base + 1), str(base + 2)
    _ip("netns", "add", name)
    try:
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        _ip("addr", "add", f"{ours}/30", "dev", here)
        _ip("link", "set", here, "up")
        for command in (
            f"addr add {theirs}/30 dev {there}",
            f"link set {there} up",
            "link set lo up",
            f"route add default via {ours}",
        ):
            _ip("-n", name, *command.split())
        mac = bytes.fromhex(Path(f"/sys/class/net/{here}/address").read_text().replace(":", ""))
        outside = Outside(name=name, address=ours, mac=mac, frames=[])
        with _capture(here, outside.frames):
            yield outside
    finally:
        _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr}")


@contextmanager
def _capture(interface: str, frames: list[bytes]) -> Iterator[None]:
    """Keep each frame of an interface (packet(7)), until the block ends."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL)) as tap:
        tap.bind((interface, 0))
        tap.settimeout(0.1)
        ended = threading.Event()

        def keep() -> None:
            while not ended.is_set():
                try:
                    frames.append(tap.recv(_FRAME))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=keep, name="capture", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
