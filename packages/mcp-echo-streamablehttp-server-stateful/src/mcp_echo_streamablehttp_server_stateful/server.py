"""The session-keeping echo server: its tools and its sessions on the SDK's low-level server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette

from .about import NAME, PACKAGE, distribution_version
from .service.assembly import ServiceParts, assemble
from .service.envelope import MAX_BODY_BYTES
from .service.launch import serve
from .service.protocol import ProtocolPolicy
from .service.settings import DEFAULT_HOST, DEFAULT_PORT, ServiceSettings
from .session import SessionManager
from .session_tools import SessionTools
from .settings import DEFAULT_SESSION_TIMEOUT, StatefulSettings
from .tools.call import Call
from .tools.caller_tools import auth_context_tool, bearer_decode_tool, goat_tool
from .tools.catalogue import Catalogue, EchoTool
from .tools.diagnostics import Diagnostics, print_header_tool
from .tools.settings import log_level
from .tracking import SessionTrackingLayer


class MCPEchoServerStateful:
    """Echo and diagnostics server that remembers: by session in legacy revisions, by handle in modern ones.

    ``settings`` carries everything beyond the three positional parameters, and
    wins over them when given. ``extra_tools`` are listed after the eleven.
    """

    def __init__(
        self,
        debug: bool = False,
        supported_versions: Sequence[str] | None = None,
        session_timeout: float = DEFAULT_SESSION_TIMEOUT,
        *,
        settings: StatefulSettings | None = None,
        extra_tools: Sequence[EchoTool] = (),
    ) -> None:
        self.settings = settings or StatefulSettings(
            service=ServiceSettings(log_level=log_level(debug), protocol=ProtocolPolicy.of(supported_versions)),
            session_timeout=session_timeout,
        )
        self.sessions = SessionManager(self.settings.session_timeout, max_sessions=self.settings.max_sessions)
        self._logger = logging.getLogger(PACKAGE)
        self._catalogue = Catalogue((*standard_tools(self.sessions), *extra_tools), self._logger)

    @cached_property
    def app(self) -> Starlette:
        """The ASGI application, built on first access."""
        return assemble(
            self.settings.service,
            ServiceParts(
                version=distribution_version(),
                logger=self._logger,
                manager=self._manager,
                inner=lambda endpoint: SessionTrackingLayer(endpoint, self.sessions),
                background=self._sweeping,
            ),
        )

    def run(self, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, log_file: str | None = None) -> None:
        """Serves until SIGTERM or SIGINT.

        Raises:
            ConfigurationError: the address is unsafe or taken, or the log file cannot be opened.
        """
        service = replace(self.settings.service, host=host, port=port, log_file=log_file)
        serve(self.app, service, package=PACKAGE)

    def _manager(self) -> StreamableHTTPSessionManager:
        service = self.settings.service
        server = self._catalogue.server(NAME, distribution_version(), lambda ctx: Call.of(ctx, service))
        return StreamableHTTPSessionManager(
            server,
            security_settings=service.allow.sdk_settings(),
            session_idle_timeout=self.settings.session_timeout,
            max_request_body_size=MAX_BODY_BYTES,
            max_sessions=self.settings.max_sessions,
        )

    @asynccontextmanager
    async def _sweeping(self) -> AsyncIterator[None]:
        async def sweep_for_ever() -> None:
            while True:
                await anyio.sleep(self.settings.cleanup_interval)
                forgotten = self.sessions.sweep()
                if forgotten:
                    self._logger.info("event=sweep forgotten=%d", forgotten)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sweep_for_ever)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()


def standard_tools(sessions: SessionManager) -> tuple[EchoTool, ...]:
    """The eleven tools in the order of ``tools/list``."""
    own = SessionTools(sessions)
    return (
        own.echo_tool(),
        own.replay_tool(),
        print_header_tool(),
        bearer_decode_tool(),
        auth_context_tool(),
        *Diagnostics(distribution_version(), own).tools(),
        own.info_tool(),
        goat_tool(),
    )


def create_app(
    debug: bool = False,
    supported_versions: Sequence[str] | None = None,
    session_timeout: float = DEFAULT_SESSION_TIMEOUT,
    *,
    settings: StatefulSettings | None = None,
) -> Starlette:
    """Returns the ASGI application of a new server."""
    return MCPEchoServerStateful(debug, supported_versions, session_timeout, settings=settings).app
