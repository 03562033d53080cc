"""Which hosts, origins and content types may talk to the endpoint. Answers before a body is read."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from mcp.server.transport_security import TransportSecuritySettings
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import ConfigurationError

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether binding to ``host`` keeps the service on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _with_ports(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(entry for name in names for entry in (name, f"{name}:*"))


@dataclass(frozen=True)
class AllowList:
    """Names that may stand in ``Host`` and ``Origin``: exact, or ``host:*`` for any port.

    Loopback names are always allowed. ``any_host`` switches the ``Host``
    check off (for use behind an edge that fixes it); ``Origin`` stays checked.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    any_host: bool = False

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """Configured hosts and the loopback names."""
        return (*(host.lower() for host in self.hosts), *_with_ports(LOOPBACK_HOSTS))

    @property
    def all_origins(self) -> tuple[str, ...]:
        """Configured origins and the loopback origins over plain HTTP."""
        loopback = _with_ports(f"http://{host}" for host in LOOPBACK_HOSTS)
        return (*(origin.lower().rstrip("/") for origin in self.origins), *loopback)

    def sdk_settings(self) -> TransportSecuritySettings:
        """The same lists for the SDK's transports, which check once more."""
        return TransportSecuritySettings(
            enable_dns_rebinding_protection=not self.any_host,
            allowed_hosts=list(self.all_hosts),
            allowed_origins=list(self.all_origins),
        )

    def require_safe_bind(self, host: str) -> None:
        """Refuses a bind that strangers can reach while every ``Host`` but loopback would be turned away.

        Raises:
            ConfigurationError: ``host`` is not loopback and nothing is allowed by name.
        """
        if is_loopback(host) or self.any_host or self.hosts:
            return
        raise ConfigurationError(
            f"refusing to bind a non-loopback address without a list of allowed hosts: {host}",
            hint="name the public host with `--allowed-host NAME` (or `NAME:*`), or pass `--allow-any-host` "
            "behind an edge proxy that fixes the Host header",
        )


class _Names:
    """Set of exact names plus names that take any port."""

    def __init__(self, entries: Iterable[str]) -> None:
        listed = set(entries)
        self._exact = {entry for entry in listed if not entry.endswith(":*")}
        self._any_port = {entry[:-2] for entry in listed if entry.endswith(":*")}

    def __contains__(self, name: str) -> bool:
        name = name.lower()
        if name in self._exact:
            return True
        base, colon, port = name.rpartition(":")
        return bool(colon) and port.isdecimal() and base in self._any_port


class AdmissionLayer:
    """ASGI layer: 405 for a foreign verb, 421 for a foreign Host, 403 for a foreign Origin, 400 for a foreign body."""

    def __init__(self, app: ASGIApp, allow: AllowList) -> None:
        self.app = app
        self._any_host = allow.any_host
        self._hosts = _Names(allow.all_hosts)
        self._origins = _Names(allow.all_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forwards an admitted request, answers any other."""
        # RFC 9110 5.5: white space round a value is no part of it, but not every HTTP parser cuts it off.
        scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        headers = MutableHeaders(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is None:
            _fold_case(headers)
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        hosts = headers.getlist("host")
        if not self._any_host and (len(hosts) != 1 or hosts[0] not in self._hosts):
            return PlainTextResponse("Invalid Host header", status_code=421)
        if any(origin and origin not in self._origins for origin in headers.getlist("origin")):
            return PlainTextResponse("Invalid Origin header", status_code=403)
        if method not in ("GET", "POST", "DELETE"):
            legacy = headers.get("mcp-protocol-version", HANDSHAKE_PROTOCOL_VERSIONS[-1]) in HANDSHAKE_PROTOCOL_VERSIONS
            return PlainTextResponse(
                "Method Not Allowed", status_code=405, headers={"Allow": "GET, POST, DELETE" if legacy else "POST"}
            )
        if method == "POST":
            media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json":
                return PlainTextResponse("Invalid Content-Type header", status_code=400)
        return None


def _fold_case(headers: MutableHeaders) -> None:
    """Lowers what is compared without case here and with case in the SDK."""
    for name in ("host", "origin", "content-type"):
        value = headers.get(name)
        if value is not None and value != value.lower():
            headers[name] = value.lower()
