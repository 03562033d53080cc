"""Whose request it is, as told by a trusted edge proxy. Believes no header from any other peer."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import ConfigurationError
from .record import record_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_TRUSTED_PROXIES = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
)
_LONGEST_USER_ID = 256


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Reads CIDR blocks or single addresses.

    Raises:
        ConfigurationError: an entry is neither.
    """
    networks: list[Network] = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError as error:
            raise ConfigurationError(
                f"not a network in CIDR notation ({error}): {text}", hint="write for example `10.0.0.0/8`"
            ) from error
    return tuple(networks)


@dataclass(frozen=True)
class TrustedEdge:
    """Peers whose forwarding headers are believed, and whether their ``X-User-Id`` names the caller."""

    networks: tuple[Network, ...] = parse_networks(DEFAULT_TRUSTED_PROXIES)
    user_header: bool = False

    def trusts(self, peer: str | None) -> bool:
        """Whether ``peer``, an IP address, is one of the proxies."""
        if peer is None:
            return False
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks)


class IdentityLayer:
    """ASGI layer that turns a trusted ``X-User-Id`` into the user the SDK binds sessions to."""

    def __init__(self, app: ASGIApp, edge: TrustedEdge) -> None:
        self.app = app
        self._edge = edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names the caller in the request's record and in ``scope["user"]``; ambiguous names get 400."""
        record = record_of(scope)
        if self._edge.user_header and record.peer_trusted:
            headers = Headers(scope=scope)
            users = headers.getlist("x-user-id")
            if len(users) > 1 or any(not _well_formed(user) for user in users):
                await PlainTextResponse("Invalid X-User-Id header", status_code=400)(scope, receive, send)
                return
            if users:
                record.user_id = users[0]
                record.user_name = headers.get("x-user-name")
                scope["user"] = AuthenticatedUser(
                    AccessToken(token="", client_id="x-user-id", scopes=[], subject=users[0])
                )
        await self.app(scope, receive, send)


def _well_formed(user: str) -> bool:
    return 0 < len(user) <= _LONGEST_USER_ID and user.isprintable()
