"""Takes HTTP requests of both eras: legacy ones to their sessions, modern ones to the modern server.

Owns the sessions of legacy clients: opening, limit, owner, idle end. Everything
about messages is left to the sessions and to the SDK's transports.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER, StreamableHTTPServerTransport
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from .child_pool import ChildPool
from .configuration import ProxyConfiguration
from .modern_server import ModernServer
from .refusals import not_found, too_many
from .service.assembly import Health
from .service.record import record_of
from .session import MCPSession
from .starts import UNHEALTHY_AFTER, Starts

Wait = Callable[[], Awaitable[None]]


class MCPSessionManager:
    """Everything behind ``/mcp`` of one running service."""

    def __init__(
        self, configuration: ProxyConfiguration, logger: logging.Logger, *, closing: Wait | None = None
    ) -> None:
        """``closing`` returns when listen streams have to end: soon after that the service does."""
        self._configuration = configuration
        self._limits = configuration.limits
        self._security = configuration.settings.allow.sdk_settings()
        self._logger = logger
        self._closing = closing
        self._starts = Starts()
        self._sessions: dict[str, MCPSession] = {}
        self._tasks: TaskGroup | None = None
        self._pool = ChildPool(configuration, self._starts, logger)
        self._modern = ModernServer(self._pool, self._security, logger, json_response=configuration.json_response)
        self._started_at = time.monotonic()

    @property
    def sessions(self) -> int:
        """How many legacy sessions are open."""
        return len(self._sessions)

    def health(self) -> Health:
        """What ``/health`` says about the servers behind."""
        facts: dict[str, object] = {
            "subprocess": "running" if self._starts.running else "idle",
            "sessions": self.sessions,
            "uptime": round(time.monotonic() - self._started_at, 1),
        }
        if not self._starts.healthy:
            facts["reason"] = f"the last {UNHEALTHY_AFTER} starts of the server failed"
        return Health(self._starts.healthy, facts)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Lives as long as the service; at its end every server is stopped."""
        async with self._pool.run(), self._modern.manager.run(), anyio.create_task_group() as tasks:
            self._tasks = tasks
            if self._closing is not None:
                tasks.start_soon(self._end_listening, self._closing)
            try:
                yield
            finally:
                self._tasks = None
                # Both kinds of servers stop at the same time.
                self._pool.end()
                tasks.cancel_scope.cancel()
        self._sessions.clear()

    async def _end_listening(self, closing: Wait) -> None:
        await closing()
        self._pool.end_listening()

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        headers = Headers(scope=scope)
        version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
        if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._modern.handle_request(scope, receive, send)
            return
        session_id = headers.get(MCP_SESSION_ID_HEADER)
        if session_id is None:
            await self._open(scope, receive, send)
            return
        session = self._sessions.get(session_id)
        if session is None or session.is_over or session.owner != record_of(scope).user_id:
            await not_found()(scope, receive, send)
            return
        await session.handle_request(scope, receive, send)
        if session.is_terminated:
            self._sessions.pop(session_id, None)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Opens a session for a handshake. Anything else the transport refuses, and the session is forgotten."""
        if self._tasks is None or len(self._sessions) >= self._limits.max_sessions:
            await too_many()(scope, receive, send)
            return
        session_id = uuid4().hex
        transport = StreamableHTTPServerTransport(
            mcp_session_id=session_id,
            is_json_response_enabled=self._configuration.json_response,
            security_settings=self._security,
            idle_timeout=self._limits.session_timeout,
        )
        session = MCPSession(
            transport,
            self._configuration.command,
            self._limits,
            self._starts,
            self._logger,
            owner=record_of(scope).user_id,
        )
        self._sessions[session_id] = session
        status: int | None = None

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._tasks.start(self._keep, session_id, session, transport)
            await session.handle_request(scope, receive, observe)
        finally:
            if status is None or status >= 400:
                await self._discard(session_id, transport)

    async def _keep(
        self,
        session_id: str,
        session: MCPSession,
        transport: StreamableHTTPServerTransport,
        *,
        task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Runs one session until it ends, whichever way."""
        try:
            async with transport.connect() as (from_client, to_client):
                task_status.started()
                with transport.idle_scope or anyio.CancelScope() as idle:
                    await session.serve(from_client, to_client)
                if idle.cancelled_caught:
                    self._logger.info("session %s was idle too long", session_id)
                await self._discard(session_id, transport)
        except Exception:  # one session's accident must not end the others, which share the task group
            self._logger.exception("session %s crashed", session_id)
        finally:
            await self._discard(session_id, transport)

    async def _discard(self, session_id: str, transport: StreamableHTTPServerTransport) -> None:
        """Forgets a session first, so that its id answers 404 at once, then ends its transport."""
        self._sessions.pop(session_id, None)
        if not transport.is_terminated:
            with anyio.CancelScope(shield=True):
                await transport.terminate()
