"""The fetch server: its one tool on the SDK's low-level server, in a FastAPI application."""

from __future__ import annotations

import argparse
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
from fastapi import FastAPI
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError

from .about import PACKAGE, distribution_version
from .departure import DepartedError, DepartureLayer, while_present
from .handler import FetchHandler
from .service.assembly import ServiceParts, assemble
from .service.envelope import MAX_BODY_BYTES
from .service.launch import serve
from .service.record import record_of
from .service.settings import ServiceSettings, read_service_settings
from .settings import VARIABLES, Settings, environment_with_dotenv, read_settings, service_environment
from .tool import TOOL_NAME

LIST_TTL_MS = 300_000
SESSION_IDLE_SECONDS = 1800
MAX_SESSIONS = 1000


class StreamableHTTPServer:
    """The fetch tool over streamable HTTP.

    Without ``settings`` the environment and ``.env`` are read. ``service`` says
    who may talk to the server; without it, that too comes from the environment.
    ``handler`` replaces the one that the settings would make.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        service: ServiceSettings | None = None,
        handler: FetchHandler | None = None,
    ) -> None:
        self.settings = settings or read_settings(environment_with_dotenv())
        self.service = service or _service_of(self.settings)
        self.handler = handler or FetchHandler(
            max_redirects=self.settings.max_redirects, policy=self.settings.policy(), limits=self.settings.limits()
        )
        self._logger = logging.getLogger(PACKAGE)

    def create_app(self) -> FastAPI:
        """A new ASGI application."""
        app = assemble(
            self.service,
            ServiceParts(
                version=self.settings.server_version,
                logger=self._logger,
                manager=self._manager,
                inner=DepartureLayer,
                background=self._closing,
                application=_application,
            ),
        )
        if not isinstance(app, FastAPI):
            raise TypeError("the application is built by the class it was asked for")
        return app

    def run(self) -> None:
        """Serves until SIGTERM or SIGINT.

        Raises:
            ConfigurationError: the address is unsafe or taken, or the log file cannot be opened.
        """
        serve(self.create_app(), self.service, package=PACKAGE)

    def mcp_server(self) -> Server[Any]:
        """A new SDK server with the tool."""
        hint = CacheHint(ttl_ms=LIST_TTL_MS, scope="public")
        tools = self.handler.get_tools()
        schemas = {tool.name: tool.input_schema for tool in tools}

        async def list_tools(
            ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
        ) -> types.ListToolsResult:
            if params is not None and params.cursor is not None:
                raise MCPError(types.INVALID_PARAMS, "Unknown cursor: the tool list has one page")
            return types.ListToolsResult(tools=tools)

        return Server(
            self.settings.server_name,
            version=self.settings.server_version,
            cache_hints={"tools/list": hint, "server/discover": hint},
            get_tool_input_schema=schemas.get,
            on_list_tools=list_tools,
            on_call_tool=self._call,
        )

    async def _call(
        self, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if params.name != TOOL_NAME:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name[:128]}")
        scope = ctx.request.scope if ctx.request is not None else {}
        user = record_of(scope).user_id
        try:
            return await while_present(scope, lambda: self.handler.handle_fetch(params.arguments or {}, user=user))
        except DepartedError as error:
            self._logger.info("event=fetch_abandoned")
            raise MCPError(types.INTERNAL_ERROR, "The client is gone") from error
        except MCPError:
            raise
        except Exception as error:
            self._logger.exception("event=tool_crash name=%s", TOOL_NAME)
            raise MCPError(types.INTERNAL_ERROR, "Internal error") from error

    def _manager(self) -> StreamableHTTPSessionManager:
        return StreamableHTTPSessionManager(
            self.mcp_server(),
            security_settings=self.service.allow.sdk_settings(),
            session_idle_timeout=SESSION_IDLE_SECONDS,
            max_request_body_size=MAX_BODY_BYTES,
            max_sessions=MAX_SESSIONS,
        )

    @asynccontextmanager
    async def _closing(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.handler.aclose()


def create_server(settings: Settings | None = None) -> StreamableHTTPServer:
    """A server with these settings, or with those of the environment."""
    return StreamableHTTPServer(settings)


def _service_of(settings: Settings) -> ServiceSettings:
    options = argparse.Namespace(host=settings.host, port=str(settings.port), log_level=settings.log_level)
    return read_service_settings(options, service_environment(environment_with_dotenv()), VARIABLES)


def _application(**parts: Any) -> FastAPI:
    """FastAPI without the pages it would add: only ``/mcp`` and ``/health`` are served."""
    return FastAPI(title="MCP fetch server", version=distribution_version(), openapi_url=None, **parts)
