"""Puts any stdio MCP server behind a streamable HTTP endpoint.

Importing this package does nothing: no settings are read, no application is
built, no server is started.
"""

from __future__ import annotations

from .about import distribution_version
from .proxy import MCPProxy, create_app, run_server
from .service.errors import ConfigurationError
from .session import MCPSession
from .session_manager import MCPSessionManager

__all__ = [
    "ConfigurationError",
    "MCPProxy",
    "MCPSession",
    "MCPSessionManager",
    "__version__",
    "create_app",
    "run_server",
]

__version__ = distribution_version()
