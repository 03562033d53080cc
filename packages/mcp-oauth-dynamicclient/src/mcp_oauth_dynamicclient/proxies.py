"""Who sent a request and what for, as told by the edge proxy. Believes forwarding headers from trusted peers only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.requests import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_AND_PRIVATE = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_LONGEST_CHAIN = 32


@dataclass(frozen=True)
class Target:
    """The request the edge asks about: its method, scheme, host with port, and path without query."""

    method: str
    scheme: str
    host: str
    path: str
    query: str = ""

    @property
    def origin(self) -> str:
        """Scheme and host."""
        return f"{self.scheme}://{self.host}"

    @property
    def uri(self) -> str:
        """The whole address without query."""
        return self.origin + self.path


def parse_networks(text: str) -> tuple[Network, ...]:
    """Reads a comma list of CIDR blocks or single addresses.

    Raises:
        ValueError: an entry is neither.
    """
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


class TrustedProxies:
    """The peers whose ``X-Forwarded-*`` headers are believed."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._known = lru_cache(maxsize=1024)(self._contains)

    def trusts(self, peer: str | None) -> bool:
        """Whether ``peer``, an IP address, is one of the proxies."""
        return self._known(peer)

    def _contains(self, peer: str | None) -> bool:
        if peer is None:
            return False
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def client_ip(self, request: Request) -> str:
        """The nearest address that is no trusted proxy; the peer itself when it is not one.

        Reads ``X-Forwarded-For`` from the right: everything left of the first
        untrusted entry was written by whoever that is.
        """
        peer = request.client.host if request.client else None
        if peer is None or not self.trusts(peer):
            return peer or "unknown"
        chain = ",".join(request.headers.getlist("x-forwarded-for")).split(",")[-_LONGEST_CHAIN:]
        nearest = peer
        for entry in reversed(chain):
            address = entry.strip()
            try:
                ipaddress.ip_address(address)
            except ValueError:
                break
            nearest = address
            if not self.trusts(address):
                break
        return nearest

    def target(self, request: Request) -> Target | None:
        """What the request is about; ``None`` when the host or the scheme makes no sense."""
        headers = request.headers
        peer = request.client.host if request.client else None
        forwarded = headers if self.trusts(peer) else Headers()
        path, _, query = forwarded.get("x-forwarded-uri", _own_uri(request)).partition("?")
        host = _last(forwarded.get("x-forwarded-host")) or headers.get("host", "")
        scheme = (_last(forwarded.get("x-forwarded-proto")) or request.url.scheme).lower()
        method = forwarded.get("x-forwarded-method", request.method).upper()
        if scheme not in {"http", "https"} or not _HOST.fullmatch(host) or not path.startswith("/"):
            return None
        return Target(method, scheme, host.lower(), path, query)


def _own_uri(request: Request) -> str:
    path: str = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    return f"{path}?{request.url.query}" if request.url.query else path


def _last(value: str | None) -> str:
    """The last entry of a comma list: the one the nearest proxy wrote."""
    return value.rpartition(",")[2].strip() if value else ""
