"""MCP server that fetches web pages over streamable HTTP: SSRF protection, robots.txt, HTML to markdown.

Importing this package reads no setting, opens no connection and configures no logging.
"""

from __future__ import annotations

from mcp.server.streamable_http import StreamableHTTPServerTransport as StreamableHTTPTransport

from .about import distribution_version
from .failure import FetchError, UrlRefusedError
from .handler import FetchHandler, FetchLimits
from .policy import UrlPolicy, validate_url
from .server import StreamableHTTPServer, create_server
from .settings import Settings

__all__ = [
    "FetchError",
    "FetchHandler",
    "FetchLimits",
    "Settings",
    "StreamableHTTPServer",
    "StreamableHTTPTransport",
    "UrlPolicy",
    "UrlRefusedError",
    "__version__",
    "create_server",
    "validate_url",
]

__version__ = distribution_version()
