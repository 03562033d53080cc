"""Stateless echo and diagnostics server for the Model Context Protocol over streamable HTTP.

Importing this package does nothing. ``app``, the ASGI application for
``uvicorn mcp_echo_streamablehttp_server_stateless:app``, is built from the
environment on first access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .about import distribution_version
from .server import MCPEchoServer, app_from_environment, create_app

if TYPE_CHECKING:
    from starlette.applications import Starlette

    app: Starlette

__all__ = ["MCPEchoServer", "__version__", "app", "create_app"]

__version__ = distribution_version()


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    application = app_from_environment()
    globals()["app"] = application
    return application
