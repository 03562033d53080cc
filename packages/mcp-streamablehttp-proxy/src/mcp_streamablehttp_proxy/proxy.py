"""The proxy in Python: an application to mount, a server to run, and one to start and stop beside other work."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from .about import PACKAGE
from .application import build_app
from .configuration import ProxyOptions, configure
from .limits import Isolation
from .service.draining import Closing, calls_may_finish
from .service.launch import DRAIN_SECONDS, listen_on, serve
from .service.settings import DEFAULT_HOST, DEFAULT_PORT, as_log_level

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


def create_app(server_command: Sequence[str], session_timeout: float = 300, **options: Unpack[ProxyOptions]) -> FastAPI:
    """The ASGI application of a proxy in front of ``server_command``.

    Raises:
        ConfigurationError: something cannot work.
    """
    return build_app(configure(server_command, session_timeout, options))


def run_server(
    server_command: Sequence[str],
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    session_timeout: float = 300,
    log_level: str = "info",
    **options: Unpack[ProxyOptions],
) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: something cannot work, or the address is unsafe or taken.
    """
    configuration = configure(server_command, session_timeout, options, host=host, port=port)
    settings = replace(configuration.settings, log_level=as_log_level(log_level))
    app = build_app(replace(configuration, settings=settings))
    with suppress(KeyboardInterrupt):
        serve(app, settings, package=PACKAGE)


class MCPProxy:
    """A proxy beside other work on the running event loop.

    Use it as ``async with MCPProxy(...)``, or::

        proxy = MCPProxy(command=["python", "-m", "mcp_server"], port=3000)
        await proxy.start()

    It leaves signals and logging to the program it is part of.
    """

    def __init__(  # noqa: PLR0913 - the parameters are the interface
        self,
        command: Sequence[str],
        port: int = DEFAULT_PORT,
        *,
        host: str = DEFAULT_HOST,
        session_timeout: float = 300,
        request_timeout: float = 300,
        startup_timeout: float = 30,
        max_sessions: int = 100,
        isolation: Isolation = "session",
        env: Mapping[str, str] | None = None,
        pass_env: Iterable[str] = (),
        inherit_env: bool = False,
        cwd: str | Path | None = None,
        allowed_hosts: Sequence[str] = (),
        allowed_origins: Sequence[str] = (),
        trust_user_header: bool = False,
        json_response: bool = False,
    ) -> None:
        """Checks the settings; nothing runs yet.

        Raises:
            ConfigurationError: something cannot work.
        """
        options = ProxyOptions(
            request_timeout=request_timeout,
            startup_timeout=startup_timeout,
            max_sessions=max_sessions,
            isolation=isolation,
            env=env,
            pass_env=pass_env,
            inherit_env=inherit_env,
            cwd=cwd,
            allowed_hosts=allowed_hosts,
            allowed_origins=allowed_origins,
            trust_user_header=trust_user_header,
            json_response=json_response,
        )
        self._configuration = configure(command, session_timeout, options, host=host, port=port)
        self._port = port
        self._running: _Running | None = None

    @property
    def port(self) -> int:
        """The port: the one asked for, or the one the system chose once the proxy has started."""
        return self._port

    @property
    def url(self) -> str:
        """Address of the MCP endpoint."""
        host = self._configuration.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/mcp"

    async def start(self) -> None:
        """Returns when the port listens.

        Raises:
            ConfigurationError: the address is unsafe or taken.
            RuntimeError: the proxy is running already.
        """
        if self._running is not None:
            raise RuntimeError("the proxy is running already")
        settings = self._configuration.settings
        settings.allow.require_safe_bind(settings.host)
        listener = listen_on(settings.host, self._port)
        asked, self._port = self._port, listener.getsockname()[1]
        try:
            self._running = await _Running.begin(build_app(self._configuration), listener)
        except BaseException:
            self._port = asked
            listener.close()
            raise

    async def stop(self) -> None:
        """Stops accepting, lets calls finish for at most ten seconds, ends every server. Does nothing twice."""
        running, self._running = self._running, None
        if running is not None:
            await running.end()

    async def serve_forever(self) -> None:
        """Serves until :meth:`stop` is called or this is cancelled; starts the proxy if need be."""
        if self._running is None:
            await self.start()
        try:
            if self._running is not None:
                await self._running.wait()
        finally:
            await self.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        await self.stop()


class _Running:
    """One start of a proxy: its listener, its server, its task."""

    def __init__(self, server: _QuietServer, listener: socket.socket) -> None:
        self._server = server
        self._cleanup = ExitStack()
        self._cleanup.enter_context(listener)
        self._cleanup.enter_context(calls_may_finish())
        self._task = asyncio.create_task(server.serve(sockets=[listener]))

    @classmethod
    async def begin(cls, app: FastAPI, listener: socket.socket) -> _Running:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        running = cls(_QuietServer(config, app.state.closing), listener)
        accepting = asyncio.ensure_future(running._server.accepting.wait())
        try:
            await asyncio.wait((accepting, running._task), return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            await running.end()
            raise
        finally:
            accepting.cancel()
        if not running._server.accepting.is_set():
            await running.end()
            raise RuntimeError("the proxy ended while starting")
        return running

    async def wait(self) -> None:
        # Shielded: who waits may give up without cutting calls short.
        await asyncio.shield(self._task)

    async def end(self) -> None:
        self._server.should_exit = True
        try:
            await asyncio.shield(self._task)
        finally:
            self._cleanup.close()


class _QuietServer(uvicorn.Server):
    """A server that is part of a program: it takes no signals, and says when it accepts."""

    def __init__(self, config: uvicorn.Config, closing: Closing) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()
        self._closing = closing

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts accepting, and says so."""
        await super().startup(sockets)
        if not self.should_exit:
            self.accepting.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops accepting, ends listen streams, drains."""
        self._closing.end()
        await super().shutdown(sockets)
