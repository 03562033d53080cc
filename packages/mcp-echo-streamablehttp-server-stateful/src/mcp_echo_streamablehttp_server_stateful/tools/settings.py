"""What the echo servers call their settings, and the level their debug switch stands for."""

from __future__ import annotations

from ..service.settings import DEBUG, DEFAULT_LOG_LEVEL, Variables

VARIABLES = Variables(host="MCP_ECHO_HOST", port="MCP_ECHO_PORT", debug="MCP_ECHO_DEBUG")


def log_level(debug: bool) -> str:
    """The level of a server built with or without ``debug``."""
    return DEBUG if debug else DEFAULT_LOG_LEVEL
