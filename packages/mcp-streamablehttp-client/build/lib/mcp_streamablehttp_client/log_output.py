"""Where log lines go and how they look: stderr, never stdout, which belongs to the protocol.

Lines are ``key=value`` pairs with quoted text, so that no value can forge a
second line. Exceptions are written as their type and frames only: messages of
exceptions may quote what a server sent. The libraries below are kept at
WARNING whatever level is asked for, because at DEBUG they print whole messages.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import datetime, timezone
from types import TracebackType

from .about import PACKAGE
from .masking import without_secrets

LIBRARIES = ("mcp", "httpx2", "httpcore2")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@+,*\[\]-]+")
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def fields(event: str, **pairs: object) -> str:
    """Renders an event as ``event=NAME key=value ...``, quoting whatever is not plain."""
    texts = {key: without_secrets(str(value)) for key, value in pairs.items() if value is not None}
    quoted = (f"{key}={text if _PLAIN.fullmatch(text) else json.dumps(text)}" for key, text in texts.items())
    return " ".join((f"event={event}", *quoted))


class LineFormatter(logging.Formatter):
    """Timestamp in UTC, level, logger, message without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Renders one record as one line, plus the frames of an exception."""
        moment = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        message = record.getMessage()
        if not message.startswith("event="):
            message = fields("message", text=message)
        line = f"time={moment} level={record.levelname} logger={record.name} {message}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - the name is logging's
        """Renders the type and the frames of an exception, not its message."""
        kind, _, frames = ei
        name = kind.__name__ if kind else "no exception"
        return "".join(["  exception: ", name, "\n", *traceback.format_tb(frames)]).rstrip()


class LogOutput:
    """The handler of one running command. :meth:`close` puts the loggers back as they were."""

    def __init__(self, level: int) -> None:
        """Routes the loggers of the package and of the libraries to stderr."""
        self._handler = logging.StreamHandler(sys.stderr)
        self._handler.setFormatter(LineFormatter())
        levels = {**dict.fromkeys(LIBRARIES, max(level, logging.WARNING)), PACKAGE: level}
        self._routed: list[tuple[logging.Logger, int, bool]] = []
        for name, wanted in levels.items():
            logger = logging.getLogger(name)
            self._routed.append((logger, logger.level, logger.propagate))
            logger.setLevel(wanted)
            logger.propagate = False
            logger.addHandler(self._handler)

    def close(self) -> None:
        """Detaches the handler and restores the loggers."""
        for logger, level, propagate in self._routed:
            logger.removeHandler(self._handler)
            logger.setLevel(level)
            logger.propagate = propagate
        self._handler.close()
