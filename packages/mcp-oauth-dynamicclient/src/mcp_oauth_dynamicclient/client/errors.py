"""Errors of the OAuth client. No message carries a token, a code, a secret or a ``state``."""

from __future__ import annotations


class OAuthClientError(Exception):
    """Anything that keeps the client from getting or using a token.

    ``code`` is the OAuth error code when the authorization server sent one.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class UnsafeAddressError(OAuthClientError):
    """An address the client refuses to talk to, or to show its token to."""


class DiscoveryError(OAuthClientError):
    """Metadata that is missing, contradicts itself, or is too weak to go on (RFC 8414, RFC 9728)."""


class RegistrationError(OAuthClientError):
    """Registration was refused, or there is none to manage (RFC 7591, RFC 7592)."""


class AuthorizationError(OAuthClientError):
    """The person refused, nobody answered in time, or the answer was not meant for this request."""


class TokenError(OAuthClientError):
    """The token endpoint refused, or there is no token to work with (RFC 6749, section 5.2)."""


class StorageError(OAuthClientError):
    """The stored credentials cannot be read or written."""
