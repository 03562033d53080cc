"""What a modern client talks to: the SDK's server with one middleware that forwards everything to a child."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_METHOD_HEADER, MCP_NAME_HEADER, decode_header_value
from mcp_types import INTERNAL_ERROR, METHOD_NOT_FOUND
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from .about import NAME, distribution_version
from .child import ChildStartError
from .child_pool import ChildPool, PoolFullError
from .modern_child import ModernChild
from .refusals import too_many
from .service.envelope import MAX_BODY_BYTES
from .service.record import record_of
from .translation import REMOVED

_serving: ContextVar[ModernChild | None] = ContextVar("serving_child", default=None)
"""The child whose tools the headers of the current request are checked against."""


class ModernServer:
    """Serves modern requests from the pool's children."""

    def __init__(
        self, pool: ChildPool, security: TransportSecuritySettings, logger: logging.Logger, *, json_response: bool
    ) -> None:
        self._pool = pool
        self._logger = logger
        self._json_response = json_response
        server: Server[Any] = Server(NAME, version=distribution_version(), get_tool_input_schema=_input_schema)
        server.middleware = [self._relay]
        self.manager = StreamableHTTPSessionManager(
            server,
            json_response=json_response,
            stateless=True,
            security_settings=security,
            max_request_body_size=MAX_BODY_BYTES,
        )

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request of a modern client."""
        headers = Headers(scope=scope)
        token = _serving.set(None)
        try:
            if scope["method"] == "POST":
                self._pool.admit(record_of(scope).user_id)
            if scope["method"] == "POST" and headers.get(MCP_METHOD_HEADER) == "tools/call":
                await self._prepare(scope, decode_header_value(headers.get(MCP_NAME_HEADER)))
            await self.manager.handle_request(scope, receive, send)
        except PoolFullError:
            await too_many()(scope, receive, send)
        finally:
            _serving.reset(token)

    async def _prepare(self, scope: Scope, tool: str | None) -> None:
        """Has the schema of the called tool at hand when the SDK, which cannot wait for it, asks."""
        try:
            child = await self._pool.child_for(record_of(scope).user_id)
        except (ChildStartError, PoolFullError):
            return  # the call itself will say so, under its own id
        if tool is not None:
            await child.schemas.prepare(tool)
        _serving.set(child)

    async def _relay(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """The only middleware: answers what no server is asked, forwards the rest."""
        if ctx.method in REMOVED:
            raise MCPError(METHOD_NOT_FOUND, "Method not found", data=ctx.method)
        request = ctx.request
        if not isinstance(request, Request):
            raise TypeError("a modern request arrives over HTTP")
        user = record_of(request.scope).user_id
        try:
            child = await self._pool.child_for(user)
        except ChildStartError as error:
            raise MCPError(INTERNAL_ERROR, str(error)) from error
        except PoolFullError as error:
            raise MCPError(INTERNAL_ERROR, "every server there may be is in use") from error
        if not self._json_response:
            return await self._forward(child, ctx, user)
        return await self._forward_while_connected(child, ctx, user, request)

    async def _forward(
        self, child: ModernChild, ctx: ServerRequestContext[Any, Any], user: str | None
    ) -> dict[str, Any]:
        result = await child.request(ctx)
        self._pool.worked(user)
        return result

    async def _forward_while_connected(
        self, child: ModernChild, ctx: ServerRequestContext[Any, Any], user: str | None, request: Request
    ) -> dict[str, Any]:
        """Forwards until the client leaves, which the SDK notices by itself only where it streams."""
        outcome: list[dict[str, Any] | MCPError] = []
        async with anyio.create_task_group() as tasks:

            async def leave_with_client() -> None:
                while (await request.receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(leave_with_client)
            try:
                outcome.append(await self._forward(child, ctx, user))
            except MCPError as error:
                outcome.append(error)
            tasks.cancel_scope.cancel()
        if not outcome:
            raise MCPError(INTERNAL_ERROR, "client closed the request")
        if isinstance(outcome[0], MCPError):
            raise outcome[0]
        return outcome[0]


def _input_schema(name: str) -> Mapping[str, Any] | None:
    child = _serving.get()
    return None if child is None else child.schemas.lookup(name)
