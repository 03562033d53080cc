"""Session-keeping echo and diagnostics server for the Model Context Protocol over streamable HTTP.

Importing this package does nothing; :func:`create_app` and
:class:`MCPEchoServerStateful` build what is asked of them.
"""

from __future__ import annotations

from .about import distribution_version
from .server import MCPEchoServerStateful, create_app
from .session import SessionManager

__all__ = ["MCPEchoServerStateful", "SessionManager", "__version__", "create_app"]

__version__ = distribution_version()
