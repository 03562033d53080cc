"""The stateless echo server: its tools on the SDK's low-level server, without any session."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property

from dotenv import dotenv_values
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette

from .about import NAME, PACKAGE, distribution_version
from .echo import echo_tool
from .service.assembly import ServiceParts, assemble
from .service.envelope import MAX_BODY_BYTES
from .service.launch import serve
from .service.log_output import LogOutput
from .service.protocol import ProtocolPolicy
from .service.settings import DEFAULT_HOST, DEFAULT_PORT, ServiceSettings, read_service_settings
from .tools.call import Call
from .tools.caller_tools import auth_context_tool, bearer_decode_tool, goat_tool
from .tools.catalogue import Catalogue, EchoTool
from .tools.diagnostics import Diagnostics, print_header_tool
from .tools.settings import VARIABLES, log_level


class MCPEchoServer:
    """Echo and diagnostics server that keeps no state: any worker gives the same answer.

    ``settings`` carries everything beyond ``debug`` and ``supported_versions``,
    and wins over both when given. ``extra_tools`` are listed after the nine.
    """

    def __init__(
        self,
        debug: bool = False,
        supported_versions: Sequence[str] | None = None,
        *,
        settings: ServiceSettings | None = None,
        extra_tools: Sequence[EchoTool] = (),
    ) -> None:
        self.settings = settings or ServiceSettings(
            log_level=log_level(debug), protocol=ProtocolPolicy.of(supported_versions)
        )
        self._logger = logging.getLogger(PACKAGE)
        self._catalogue = Catalogue((*standard_tools(), *extra_tools), self._logger)

    @cached_property
    def app(self) -> Starlette:
        """The ASGI application, built on first access."""
        return assemble(
            self.settings,
            ServiceParts(version=distribution_version(), logger=self._logger, manager=self._manager),
        )

    def run(self, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, log_file: str | None = None) -> None:
        """Serves until SIGTERM or SIGINT.

        Raises:
            ConfigurationError: the address is unsafe or taken, or the log file cannot be opened.
        """
        settings = replace(self.settings, host=host, port=port, log_file=log_file)
        serve(self.app, settings, package=PACKAGE)

    def _manager(self) -> StreamableHTTPSessionManager:
        server = self._catalogue.server(NAME, distribution_version(), lambda ctx: Call.of(ctx, self.settings))
        return StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=self.settings.allow.sdk_settings(),
            max_request_body_size=MAX_BODY_BYTES,
        )


class NoSessions:
    """The figures of a service that keeps no session."""

    def age(self, call: Call) -> float | None:
        """There is none."""
        return None

    def counts(self) -> Mapping[str, int]:
        """There are none."""
        return {}


def standard_tools() -> tuple[EchoTool, ...]:
    """The nine tools in the order of ``tools/list``."""
    diagnostics = Diagnostics(distribution_version(), NoSessions()).tools()
    return (echo_tool(), print_header_tool(), bearer_decode_tool(), auth_context_tool(), *diagnostics, goat_tool())


def create_app(
    debug: bool = False,
    supported_versions: Sequence[str] | None = None,
    *,
    settings: ServiceSettings | None = None,
) -> Starlette:
    """Returns the ASGI application of a new server."""
    return MCPEchoServer(debug, supported_versions, settings=settings).app


def environment_with_dotenv() -> Mapping[str, str]:
    """The process environment on top of ``.env`` in the working directory."""
    stored = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**stored, **os.environ}


def app_from_environment() -> Starlette:
    """The application for ``uvicorn PACKAGE:app``: settings from the environment, logging while it runs.

    uvicorn's own log lines stay where its command line puts them.

    Raises:
        ConfigurationError: a variable makes no sense.
    """
    settings = read_service_settings(argparse.Namespace(), environment_with_dotenv(), VARIABLES)
    app = MCPEchoServer(settings=settings).app
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def logged(application: Starlette) -> AsyncIterator[None]:
        output = LogOutput(PACKAGE, level=settings.log_level, log_file=settings.log_file, libraries=("mcp",))
        try:
            async with inner(application):
                yield
        finally:
            output.close()

    app.router.lifespan_context = logged
    return app
