"""Runs an application under uvicorn: binding, signals, graceful stop. Owns the process while it runs."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import uvicorn
from starlette.applications import Starlette

from .draining import Closing, calls_may_finish
from .errors import ConfigurationError
from .log_output import LogOutput, fields
from .settings import ServiceSettings

DRAIN_SECONDS = 10
_BACKLOG = 2048


def serve(app: Starlette, settings: ServiceSettings, *, package: str) -> None:
    """Serves until SIGTERM or SIGINT, then drains for at most ten seconds.

    Raises:
        ConfigurationError: the address is unsafe or taken, or the log file cannot be opened.
    """
    settings.allow.require_safe_bind(settings.host)
    listener = listen_on(settings.host, settings.port)
    with listener:
        output = LogOutput(package, level=settings.log_level, log_file=settings.log_file)
        try:
            _announce(logging.getLogger(package), listener)
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
            with _clean_exit(), calls_may_finish():
                _DrainingServer(config, app.state.closing, output).run(sockets=[listener])
        finally:
            output.close()


class _DrainingServer(uvicorn.Server):
    """Ends the listen streams before it waits for the calls in flight; reopens the log file on SIGHUP."""

    def __init__(self, config: uvicorn.Config, closing: Closing, output: LogOutput) -> None:
        super().__init__(config)
        self._closing = closing
        self._output = output

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts accepting. The event loop takes SIGHUP, so that a line being written is never cut."""
        await super().startup(sockets)
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._output.reopen)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops accepting, ends listen streams, drains."""
        self._closing.end()
        await super().shutdown(sockets)


def listen_on(host: str, port: int) -> socket.socket:
    """A socket that listens at the address; port 0 is any free one.

    Raises:
        ConfigurationError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen ({error.strerror}): {host} port {port}", hint="choose another `--host` or `--port`"
        ) from error
    # Accepted connections inherit it. asyncio sets it only on sockets that name their protocol, which these do not,
    # and without it every answer in two pieces waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _announce(logger: logging.Logger, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logger.info(fields("listening", {"url": f"http://{shown}:{port}/mcp"}))


@contextmanager
def _clean_exit() -> Iterator[None]:
    """Lets SIGTERM, which uvicorn raises once more after it has drained, end the process with status 0."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
