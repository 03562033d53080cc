"""Runs the server under uvicorn: one process, several workers, or one that reloads. Owns the process meanwhile."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import ChangeReload, Multiprocess

from .about import PACKAGE
from .server import create_app
from .service.errors import ConfigurationError
from .service.log_output import LogOutput, fields
from .settings import Settings, load_settings

DRAIN_SECONDS = 10
_BACKLOG = 2048


@dataclass(frozen=True)
class Launch:
    """How to serve."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    reload: bool = False


def serve(settings: Settings, launch: Launch) -> None:
    """Serves until SIGTERM or SIGINT, then drains for at most ten seconds.

    Raises:
        ConfigurationError: the address is taken, the log file cannot be opened, or the store cannot be shared.
    """
    if launch.workers > 1 and settings.redis_location() is None:
        raise ConfigurationError(
            f"`--workers {launch.workers}` needs Redis: the embedded store belongs to one process",
            hint="set `REDIS_URL`, or leave `--workers` out",
        )
    with _listen(launch.host, launch.port) as listener:
        output = open_log(settings)
        try:
            _announce(listener)
            if launch.reload or launch.workers > 1:
                _supervise(launch, listener)
            else:
                with _clean_exit():
                    _Server(_config(_built(settings)), output).run(sockets=[listener])
        finally:
            output.close()


def open_log(settings: Settings) -> LogOutput:
    """Routes the log lines of the server and of uvicorn to stderr and ``LOG_FILE``.

    Raises:
        ConfigurationError: the log file cannot be opened.
    """
    level = settings.log_level.lower()
    return LogOutput(PACKAGE, level=level, log_file=settings.log_file, libraries=("uvicorn",))


def worker_app() -> FastAPI:
    """What a worker process serves. Its settings come from the environment, its log goes where the others' go."""
    settings = load_settings()
    open_log(settings)
    return _built(settings)


def _built(settings: Settings) -> FastAPI:
    """The application, with everything loaded so far out of the garbage collector's sight.

    A full collection would otherwise look through all of it again and again, and
    hold up requests for tens of milliseconds each time.
    """
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    return app


def _config(app: FastAPI | str, launch: Launch | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=launch.workers if launch else 1,
        reload=launch.reload if launch else False,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


class _Server(uvicorn.Server):
    """Reopens the log file on SIGHUP."""

    def __init__(self, config: uvicorn.Config, output: LogOutput) -> None:
        super().__init__(config)
        self._output = output

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts accepting. The event loop takes SIGHUP, so that a line being written is never cut."""
        await super().startup(sockets)
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._output.reopen)


def _supervise(launch: Launch, listener: socket.socket) -> None:
    config = _config(f"{PACKAGE}.launch:worker_app", launch)
    if launch.reload:
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener]).run()
        return
    # Older releases of uvicorn want to be told what a worker runs.
    told = "target" in inspect.signature(Multiprocess).parameters
    target: dict[str, Any] = {"target": uvicorn.Server(config).run} if told else {}
    Multiprocess(config, sockets=[listener], **target).run()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen ({error.strerror}): {host} port {port}", hint="choose another `--host` or `--port`"
        ) from error
    listener.set_inheritable(True)
    return listener


def _announce(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logging.getLogger(PACKAGE).info(fields("listening", {"url": f"http://{shown}:{port}", "pid": str(os.getpid())}))


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
