"""Outgoing connections to public addresses only: resolves, checks every address, connects to the checked one.

The check sits where the connection is made, so that no second resolution can
give another answer (DNS rebinding). TLS still verifies the name: server name
indication and ``Host`` keep it. Refusals name the rule, never the address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

import anyio
import httpcore

_SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "fec0::/10",
        "64:ff9b:1::/48",
        "100.64.0.0/10",
        "2001::/32",
    )
)


class AddressRefusedError(Exception):
    """A host that resolves to an address this server does not connect to."""


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, looking through IPv6 forms that embed an IPv4 address."""
    embedded = _embedded(address)
    if embedded is not None:
        return is_public(embedded)
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    special = (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address.is_private
    )
    return address.is_global and not special


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """All addresses the system knows for a host, including those of forms such as ``2130706433``."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Network backend that connects to checked literal addresses."""

    def __init__(self, private_hosts: Collection[str] = (), resolver: Resolver = system_resolver) -> None:
        """``private_hosts`` are ``host:port`` pairs exempt from the check."""
        self._private_hosts = frozenset(entry.lower() for entry in private_hosts)
        self._resolver = resolver
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to the first checked address that accepts.

        Raises:
            AddressRefusedError: one of the addresses is not public.
        """
        addresses = await self._checked(host, port)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("the host has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuses: URLs do not lead to sockets of this machine."""
        raise AddressRefusedError("unix sockets are not reachable")

    async def sleep(self, seconds: float) -> None:
        """Waits between attempts."""
        await anyio.sleep(seconds)

    async def _checked(self, host: str, port: int) -> list[str]:
        try:
            found = await self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the host cannot be resolved") from error
        exempt = f"{host.lower()}:{port}" in self._private_hosts
        if not exempt and not all(_public_text(address) for address in found):
            raise AddressRefusedError("the host is not on the public internet")
        return list(dict.fromkeys(found))


def _public_text(address: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
