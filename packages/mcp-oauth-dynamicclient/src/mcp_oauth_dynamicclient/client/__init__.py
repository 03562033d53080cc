"""OAuth client: discovery, registration, authorization and the life of tokens.

It shares nothing with the server of this package but the distribution, and
speaks to any authorization server that follows the same RFCs.
"""

from __future__ import annotations

from .errors import (
    AuthorizationError,
    DiscoveryError,
    OAuthClientError,
    RegistrationError,
    StorageError,
    TokenError,
    UnsafeAddressError,
)
from .file_storage import FileStorage
from .oauth2_client import OAuth2Client
from .storage import MemoryStorage, Storage

__all__ = [
    "AuthorizationError",
    "DiscoveryError",
    "FileStorage",
    "MemoryStorage",
    "OAuth2Client",
    "OAuthClientError",
    "RegistrationError",
    "Storage",
    "StorageError",
    "TokenError",
    "UnsafeAddressError",
]
