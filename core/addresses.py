"""Which addresses a call may go to that somebody else named.

A supplier names the upstream, so it could name our own machine, our network or the cloud's metadata service; a name
that led to a public address a moment ago can lead there now. So ask at the moment of connecting, of the very address
that is connected to. Standard library only, no look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's registries of special-purpose addresses; what is private, local, reserved, for documentation or for many.
_CLOSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")
# Where clouds answer a machine's own questions about its credentials: only an exact entry opens these.
_METADATA = frozenset(
    map(
        ip_address,
        ("169.254.169.254", "169.254.170.2", "169.254.169.253", "100.100.100.200", "168.63.129.16", "192.0.0.192",
         "fd00:ec2::254", "fd20:ce::254"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Allowed:
    """One entry of an allow-list: a network or one address, at one port or at any."""

    network: Network
    port: int | None

    def fits(self, address: Address, port: int) -> bool:
        """Whether the entry speaks of this address. A wide entry never speaks of a metadata service."""
        exact = self.network.num_addresses == 1
        return address in self.network and self.port in (None, port) and (exact or address not in _METADATA)


@lru_cache(maxsize=64)
def allow_entry(text: str) -> Allowed:
    """``10.0.0.5``, ``10.0.0.5:8080``, ``[::1]:8080`` or ``10.1.0.0/16``. Raises ValueError for anything else."""
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, port = host[1:].partition("]")
        if port and not port.startswith(":"):
            raise ValueError(f"{text!r} is not an address with its port")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r} has no port")
    return Allowed(ip_network(host), int(port) if port else None)


def allow_list(text: str) -> tuple[str, ...]:
    """The entries of a comma list, each checked. Raises ValueError naming the first that is none."""
    entries = tuple(part.strip() for part in text.split(",") if part.strip())
    for entry in entries:
        allow_entry(entry)
    return entries


def address_allowed(ip: str, port: int, allow: Sequence[str] = (), *, plain: bool = False) -> bool:
    """Whether a call may go to this address: a public one, or one that an entry of ``allow`` names.

    A ``plain`` call, without TLS, goes nowhere but where an entry says.

    An IPv4 address wrapped into IPv6 (mapped, NAT64) is judged as that IPv4 address. What cannot be read is refused.
    """
    try:
        address: Address = ip_address(ip)
    except ValueError:
        return False
    if not 0 < port < 65536 or getattr(address, "scope_id", None):
        return False
    address = _unwrapped(address)
    named = any(allow_entry(entry).fits(address, port) for entry in allow)
    return named or (not plain and _is_public(address))


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def _is_public(address: Address) -> bool:
    if address in _METADATA:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
