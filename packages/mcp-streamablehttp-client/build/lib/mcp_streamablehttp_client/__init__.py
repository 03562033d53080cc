"""Client for MCP servers over streamable HTTP: a bridge for stdio hosts, a library, and a command line.

Importing this package does nothing: no setting is read, no file opened, no
logging configured.
"""

from __future__ import annotations

from .about import distribution_version
from .arguments import parse_tool_arguments
from .auth.client import OAuthClient
from .auth.store import CredentialStore, MemoryStore
from .bridge.proxy import StreamableHttpToStdioProxy
from .client import MCPClient
from .errors import AuthorizationError, AuthorizationRequired, ClientError, ConfigurationError, ServerUnreachableError
from .settings import Settings

__all__ = [
    "AuthorizationError",
    "AuthorizationRequired",
    "ClientError",
    "ConfigurationError",
    "CredentialStore",
    "MCPClient",
    "MemoryStore",
    "OAuthClient",
    "ServerUnreachableError",
    "Settings",
    "StreamableHttpToStdioProxy",
    "__version__",
    "parse_tool_arguments",
]

__version__ = distribution_version()
