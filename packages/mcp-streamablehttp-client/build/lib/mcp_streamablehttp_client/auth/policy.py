"""Which addresses OAuth may use: https except on loopback, and no private network on a stranger's word.

An MCP server names its authorization server, and that one names its endpoints.
A hostile server could so aim this client, or the person's browser, at hosts
only they can reach. Addresses are therefore resolved here, judged, and handed
to the connection as they were judged.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import SplitResult, urlsplit

import anyio

from mcp_streamablehttp_client.errors import AuthorizationError

Resolver = Callable[[str], Awaitable[list[str]]]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


async def resolve(host: str) -> list[str]:
    """The addresses of a host; a literal address is its own.

    Raises:
        OSError: the name is not known.
    """
    found = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_loopback_name(host: str) -> bool:
    """Whether a host of an address is this machine by name or by number."""
    lowered = host.rstrip(".").lower()
    if lowered == "localhost" or lowered.endswith(".localhost"):
        return True
    try:
        return _address(lowered).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether an address is reachable from the whole internet, seen through the forms that wrap IPv4 in IPv6."""
    return _address(address).is_global and not _address(address).is_multicast


def _address(text: str) -> _Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class UrlPolicy:
    """The rules for one MCP server. The server's own place decides whether private addresses are allowed."""

    def __init__(self, server_url: str, *, resolver: Resolver = resolve) -> None:
        self._server = urlsplit(server_url)
        self._resolve = resolver
        self._private_allowed: bool | None = None

    async def check(self, url: str, what: str) -> list[str]:
        """The addresses a request to ``url`` may connect to.

        Raises:
            AuthorizationError: the address breaks a rule; ``what`` says whose address it is.
        """
        parts = _split(url, what)
        host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback_name(host)):
            raise _refused(what, f"is not https: {_shown(parts)}")
        if parts.username is not None or parts.password is not None:
            raise _refused(what, f"contains a user name or password: {host}")
        addresses = await self._addresses(host, what)
        if not all(map(is_public, addresses)) and not await self._server_is_private():
            raise _refused(what, f"lies on a private network, while the MCP server does not: {_shown(parts)}")
        return addresses

    async def check_server(self) -> None:
        """Refuses to authorize for a server to which a token would travel in the clear over the internet.

        Raises:
            AuthorizationError: the server is on plain http and not on a private network.
        """
        if self._server.scheme == "http" and not await self._server_is_private():
            raise AuthorizationError(
                f"the MCP server asks for a token over plain http: {_shown(self._server)}",
                hint="use the https address of the server; a token sent over http can be read on the way",
            )

    async def _addresses(self, host: str, what: str) -> list[str]:
        try:
            return await self._resolve(host)
        except OSError as error:
            raise AuthorizationError(
                f"the {what} has an unknown host: {host}", hint="check the name and the network, then try again"
            ) from error

    async def _server_is_private(self) -> bool:
        if self._private_allowed is None:
            addresses = await self._addresses(self._server.hostname or "", "MCP server")
            self._private_allowed = not all(map(is_public, addresses))
        return self._private_allowed


def _split(url: str, what: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _refused(what, "is no address") from None
    if not parts.hostname:
        raise _refused(what, "has no host")
    return parts


def _shown(parts: SplitResult) -> str:
    """The part of an address that may be shown: queries can hold codes."""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _refused(what: str, cause: str) -> AuthorizationError:
    return AuthorizationError(
        f"the {what} {cause}",
        hint="this is what the server published; report it to its operator, there is no setting to accept it",
    )
