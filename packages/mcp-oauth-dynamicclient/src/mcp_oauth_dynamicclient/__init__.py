"""OAuth 2.1 authorization server for the Model Context Protocol, and a small OAuth client.

Importing this package does nothing and loads nothing heavy: every name is
loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .about import distribution_version

if TYPE_CHECKING:
    from .client import OAuth2Client
    from .models import ClientRegistration, ErrorResponse, TokenResponse
    from .server import create_app
    from .settings import Settings

__all__ = [
    "ClientRegistration",
    "ErrorResponse",
    "OAuth2Client",
    "Settings",
    "TokenResponse",
    "__version__",
    "create_app",
]

__version__ = distribution_version()

_HOMES = {
    "ClientRegistration": ".models",
    "ErrorResponse": ".models",
    "OAuth2Client": ".client",
    "Settings": ".settings",
    "TokenResponse": ".models",
    "create_app": ".server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
