"""One log line per request: who, what, how long, with which status. Never bodies, credentials or queries."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .identity import TrustedEdge
from .log_output import fields
from .record import record_of

_LONGEST_FIELD = 128


class RequestLogLayer:
    """Outermost ASGI layer: starts the request's record and writes its line when the response is complete."""

    def __init__(self, app: ASGIApp, edge: TrustedEdge, logger: logging.Logger) -> None:
        self.app = app
        self._edge = edge
        self._logger = logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Times the request and logs it, also when it fails or the client goes away."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = record_of(scope)
        client = scope.get("client")
        record.peer = client[0] if client else None
        record.peer_trusted = self._edge.trusts(record.peer)
        status: int | None = None
        session = Headers(scope=scope).get("mcp-session-id")

        async def observe(message: Message) -> None:
            nonlocal status, session
            if message["type"] == "http.response.start":
                status = message["status"]
                session = session or Headers(raw=message.get("headers", [])).get("mcp-session-id")
            await send(message)

        try:
            await self.app(scope, receive, observe)
        finally:
            if self._logger.isEnabledFor(logging.INFO):
                self._write(scope, status, session)

    def _write(self, scope: Scope, status: int | None, session: str | None) -> None:
        record = record_of(scope)
        headers = Headers(scope=scope)
        pairs = {
            "method": scope["method"],
            "path": scope["path"],
            "mcp": record.rpc_method,
            "name": record.rpc_name,
            "status": "aborted" if status is None else str(status),
            "ms": f"{record.elapsed_ms:.1f}",
            "session": session[:8] if session else None,
            "user": record.user_id,
            "peer": record.peer,
        }
        if record.peer_trusted:
            pairs["real_ip"] = headers.get("x-real-ip")
            pairs["forwarded_for"] = headers.get("x-forwarded-for")
        cut = {name: value[:_LONGEST_FIELD] for name, value in pairs.items() if value is not None}
        self._logger.info(fields("request", cut))
