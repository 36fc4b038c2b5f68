"""Which addresses are here: loopback, and the networks that the user declares."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_here(peer: str, networks: Sequence[Network]) -> bool:
    """Whether an address that answered is in this house. A name never is one."""
    return _is_here(peer, tuple(networks))


@lru_cache(maxsize=256)
def _is_here(peer: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_loopback or any(found in network for network in networks)
