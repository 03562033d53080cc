"""One tool call as the tools see it: headers, caller, protocol, settings. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers

from ..service.record import RequestRecord, record_of
from ..service.settings import ServiceSettings

UNKNOWN_CLIENT = "unknown client"
_LONGEST_CLIENT_NAME = 100


@dataclass(frozen=True)
class Call:
    """The request behind a tool call."""

    headers: Headers
    scheme: str
    record: RequestRecord
    settings: ServiceSettings
    protocol_version: str
    client_name: str
    client_version: str

    @classmethod
    def of(cls, ctx: ServerRequestContext[Any, Any], settings: ServiceSettings) -> Call:
        """Gathers a call from the SDK's context, which carries this very request in both eras."""
        if ctx.request is None:
            raise RuntimeError("the HTTP transport attaches its request to every message")
        scope = ctx.request.scope
        client = ctx.session.client_params.client_info if ctx.session.client_params else None
        return cls(
            headers=Headers(scope=scope),
            scheme=scope.get("scheme", "http"),
            record=record_of(scope),
            settings=settings,
            protocol_version=ctx.protocol_version,
            client_name=client.name[:_LONGEST_CLIENT_NAME] if client else UNKNOWN_CLIENT,
            client_version=client.version[:_LONGEST_CLIENT_NAME] if client else "",
        )

    @property
    def modern(self) -> bool:
        """Whether the call came over a stateless revision (2026-07-28 and later)."""
        return self.protocol_version in MODERN_PROTOCOL_VERSIONS

    @property
    def session_id(self) -> str | None:
        """The legacy session of the call; the modern wire has none."""
        return None if self.modern else self.headers.get("mcp-session-id")

    @property
    def bearer(self) -> str | None:
        """The bearer token of the request, if it carries one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None
