"""Which IP addresses are public. Judges addresses, resolves no names and opens no connections.

``ipaddress`` of some Python releases calls reserved blocks global (192.0.0.0/24,
192.88.99.0/24, 224.0.0.0/4, fec0::/10, 64:ff9b:1::/48 on 3.11.7), so the blocks
of the IANA special-purpose registries are listed here as well.
"""

from __future__ import annotations

import enum
import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)
_SPECIAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Reach(enum.Enum):
    """How far an address reaches."""

    PUBLIC = "public"
    PRIVATE = "private"
    """Loopback, private and shared address space: what an intranet is made of."""
    SPECIAL = "special"
    """Link-local (cloud metadata), multicast, reserved, unspecified, tunnels that hide their end."""


def reach_of(address: Address) -> Reach:
    """Judges an address by what a packet sent to it finally reaches."""
    inner = _unwrapped(address)
    if inner is None:
        return Reach.SPECIAL
    if any(inner in block for block in _SPECIAL if block.version == inner.version):
        return Reach.SPECIAL
    if any(inner in block for block in _PRIVATE if block.version == inner.version):
        return Reach.PRIVATE
    odd = inner.is_multicast or inner.is_reserved or inner.is_unspecified or inner.is_loopback or inner.is_link_local
    return Reach.PUBLIC if inner.is_global and not odd else Reach.SPECIAL


def _unwrapped(address: Address) -> Address | None:
    """The IPv4 address inside a mapped, 6to4 or NAT64 address; ``None`` for Teredo, whose end is a stranger's."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.teredo is not None:
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _IPV4_COMPATIBLE and int(address) > 1:
        # RFC 4291 2.5.5.1: deprecated, but some stacks still send such packets to the IPv4 address.
        return ipaddress.IPv4Address(int(address))
    return address.ipv4_mapped or address.sixtofour or address


def literal(host: str) -> Address | None:
    """The address a host in a URL stands for, or ``None`` when it is a name.

    IPv4 in the forms every resolver accepts (``2130706433``, ``0x7f.1``,
    ``017700000001``) is read as the URL standard does it.

    Raises:
        ValueError: the host looks like an address and is none.
    """
    if ":" in host:
        return ipaddress.IPv6Address(host)
    labels = host.split(".")
    if not _NUMERIC_LABEL.fullmatch(labels[-1]):
        return None
    numbers = [_number(label) for label in labels]
    if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise ValueError("not an IPv4 address")
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value += number << (8 * (3 - place))
    return ipaddress.IPv4Address(value)


def _number(label: str) -> int:
    if not label or not _NUMERIC_LABEL.fullmatch(label):
        raise ValueError("not an IPv4 address")
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if len(label) > 1 and label.startswith("0") else 10)
