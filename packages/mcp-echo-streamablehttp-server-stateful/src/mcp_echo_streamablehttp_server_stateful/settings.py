"""Settings of the session-keeping echo server: those of the service and those of its sessions."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field

from .service.settings import OptionReader, ServiceSettings, as_count, read_service_settings
from .tools.settings import VARIABLES

DEFAULT_SESSION_TIMEOUT = 3600
DEFAULT_MAX_SESSIONS = 1000
DEFAULT_CLEANUP_INTERVAL = 60


@dataclass(frozen=True)
class StatefulSettings:
    """Service settings plus how long, how many and how often looked after sessions are (times in seconds)."""

    service: ServiceSettings = field(default_factory=ServiceSettings)
    session_timeout: float = DEFAULT_SESSION_TIMEOUT
    max_sessions: int = DEFAULT_MAX_SESSIONS
    cleanup_interval: float = DEFAULT_CLEANUP_INTERVAL


def add_session_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags about sessions."""
    parser.add_argument(
        "--session-timeout",
        metavar="SECONDS",
        help=f"life of a session or handle since its last use (MCP_SESSION_TIMEOUT, default {DEFAULT_SESSION_TIMEOUT})",
    )
    parser.add_argument(
        "--max-sessions",
        metavar="COUNT",
        help=f"sessions, and handles, kept at once (MCP_MAX_SESSIONS, default {DEFAULT_MAX_SESSIONS})",
    )


def read_settings(options: argparse.Namespace, environment: Mapping[str, str]) -> StatefulSettings:
    """Combines flags and environment into settings.

    Raises:
        ConfigurationError: a value makes no sense.
    """
    reader = OptionReader(options, environment)
    return StatefulSettings(
        service=read_service_settings(options, environment, VARIABLES),
        session_timeout=reader.get("MCP_SESSION_TIMEOUT", as_count, DEFAULT_SESSION_TIMEOUT, option="session_timeout"),
        max_sessions=reader.get("MCP_MAX_SESSIONS", as_count, DEFAULT_MAX_SESSIONS, option="max_sessions"),
        cleanup_interval=reader.get("MCP_SESSION_CLEANUP_INTERVAL", as_count, DEFAULT_CLEANUP_INTERVAL),
    )
