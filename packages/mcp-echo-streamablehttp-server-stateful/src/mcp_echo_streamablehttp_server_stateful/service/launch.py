"""Runs an application under uvicorn: binding, signals, graceful stop. Owns the process while it runs."""

from __future__ import annotations

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
    listener = _listen(settings.host, settings.port)
    with listener:
        output = LogOutput(package, debug=settings.debug, log_file=settings.log_file)
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
            with _signals(output), calls_may_finish():
                _DrainingServer(config, app.state.closing).run(sockets=[listener])
        finally:
            output.close()


class _DrainingServer(uvicorn.Server):
    """Ends the listen streams before it waits for the calls in flight."""

    def __init__(self, config: uvicorn.Config, closing: Closing) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops accepting, ends listen streams, drains."""
        self._closing.end()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen ({error.strerror}): {host} port {port}", hint="choose another `--host` or `--port`"
        ) from error


def _announce(logger: logging.Logger, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logger.info(fields("listening", {"url": f"http://{shown}:{port}/mcp"}))


@contextmanager
def _signals(output: LogOutput) -> Iterator[None]:
    """SIGHUP reopens the log file; SIGTERM, once uvicorn has drained, ends the process with status 0."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {signal.SIGTERM: signal.signal(signal.SIGTERM, _leave)}
    if hasattr(signal, "SIGHUP"):
        previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda number, frame: output.reopen())
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
