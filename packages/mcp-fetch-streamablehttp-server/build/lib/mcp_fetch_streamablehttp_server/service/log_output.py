"""Where log lines go and how they look: stderr and an optional file that reopens on SIGHUP.

Lines are ``key=value`` pairs with quoted text, so that no value can forge a
second line. Exceptions are written as their type and frames only: messages of
exceptions may quote what a client sent.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from .errors import ConfigurationError
from .masking import without_session_ids

LOG_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
"""Levels by the names a person gives them."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:@+,*\[\]-]+")
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def fields(event: str, pairs: Mapping[str, str]) -> str:
    """Renders an event as ``event=NAME key=value ...``, quoting whatever is not plain."""
    quoted = (f"{key}={value if _PLAIN.fullmatch(value) else json.dumps(value)}" for key, value in pairs.items())
    return " ".join((f"event={event}", *quoted))


class LineFormatter(logging.Formatter):
    """Timestamp in UTC, level, logger, message with session ids cut short."""

    def format(self, record: logging.LogRecord) -> str:
        """Renders one record as one line, plus the frames of an exception."""
        moment = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        message = record.getMessage()
        if not message.startswith("event="):
            message = fields("message", {"text": message})
        line = f"time={moment} level={record.levelname} logger={record.name} {without_session_ids(message)}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line

    def formatException(self, ei: _ExcInfo) -> str:
        """Renders the type and the frames of an exception, not its message."""
        kind, _, frames = ei
        name = kind.__name__ if kind else "no exception"
        return "".join(["  exception: ", name, "\n", *traceback.format_tb(frames)]).rstrip()


class ReopeningFileHandler(logging.FileHandler):
    """File handler for logrotate: :meth:`reopen` goes on in a fresh file of the same name."""

    def reopen(self) -> None:
        """Closes the renamed file and opens the path again."""
        self.acquire()
        try:
            if self.stream is not None:
                self.stream.close()
            self.stream = self._open()
        finally:
            self.release()


class LogOutput:
    """The handlers of one running service. :meth:`close` puts the loggers back as they were."""

    def __init__(
        self, package: str, *, level: str, log_file: str | None, libraries: Sequence[str] = ("mcp", "uvicorn")
    ) -> None:
        """Opens the outputs and routes the loggers of the package and of ``libraries`` to them.

        ``level`` is one of ``LOG_LEVELS``. Libraries stay quieter than the package.

        Raises:
            ConfigurationError: ``log_file`` cannot be opened for appending.
        """
        handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
        self._file = _open_file(log_file) if log_file else None
        if self._file is not None:
            handlers.append(self._file)
        for handler in handlers:
            handler.setFormatter(LineFormatter())
        own = LOG_LEVELS[level]
        quiet = logging.INFO if own == logging.DEBUG else max(own, logging.WARNING)
        levels = {**dict.fromkeys(libraries, quiet), package: own}
        self._routed: list[tuple[logging.Logger, int, bool]] = []
        self._handlers = handlers
        for name, threshold in levels.items():
            logger = logging.getLogger(name)
            self._routed.append((logger, logger.level, logger.propagate))
            logger.setLevel(threshold)
            logger.propagate = False
            for handler in handlers:
                logger.addHandler(handler)

    def reopen(self) -> None:
        """Reopens the log file, if there is one."""
        if self._file is not None:
            self._file.reopen()

    def close(self) -> None:
        """Detaches and closes the handlers and restores the loggers."""
        for logger, level, propagate in self._routed:
            for handler in self._handlers:
                logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate
        for handler in self._handlers:
            handler.close()


def _open_file(log_file: str) -> ReopeningFileHandler:
    path = Path(log_file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return ReopeningFileHandler(path, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"cannot open the log file ({error.strerror}): {log_file}",
            hint="set `LOG_FILE` to a path this user may write, or unset it to log to stderr only",
        ) from error
