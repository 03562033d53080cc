"""Follows the SDK's legacy sessions from outside: which begin, which are in use, which end."""

from __future__ import annotations

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .service.record import record_of
from .session import SessionManager

_SESSION_HEADER = "mcp-session-id"


class SessionTrackingLayer:
    """ASGI layer right round the SDK's session manager."""

    def __init__(self, app: ASGIApp, sessions: SessionManager) -> None:
        self.app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forwards the request and notes what it does to its session."""
        headers = Headers(scope=scope)
        version = headers.get("mcp-protocol-version")
        if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            await self.app(scope, receive, send)
            return
        owner = record_of(scope).user_id
        session_id = headers.get(_SESSION_HEADER)
        deleting = scope["method"] == "DELETE"

        async def observe(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                opened = Headers(raw=message.get("headers", [])).get(_SESSION_HEADER)
                if session_id is None and opened is not None:
                    self._sessions.begin(opened, owner)
                elif session_id is not None and deleting:
                    self._sessions.end(session_id)
            await send(message)

        if session_id is None:
            await self.app(scope, receive, observe)
        else:
            with self._sessions.in_use(session_id, owner):
                await self.app(scope, receive, observe)
