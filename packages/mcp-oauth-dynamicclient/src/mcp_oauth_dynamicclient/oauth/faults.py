"""OAuth errors Authlib lacks, and descriptions made safe to send."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import OAuth2Error


class InvalidTargetError(OAuth2Error):
    """The resource is unknown, malformed or not the one that was granted (RFC 8707 section 2)."""

    error = "invalid_target"


class InvalidTokenError(OAuth2Error):
    """The bearer token is missing or wrong (RFC 6750 section 3.1)."""

    error = "invalid_token"
    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        """Adds the challenge."""
        headers: list[tuple[str, str]] = super().get_headers()
        return [*headers, ("WWW-Authenticate", 'Bearer error="invalid_token"'), ("Cache-Control", "no-store")]


class TemporarilyUnavailableError(OAuth2Error):
    """The server cannot serve the request now (RFC 6749 section 4.1.2.1)."""

    error = "temporarily_unavailable"
    status_code = 503


def describable(text: str) -> str:
    """The text in the characters RFC 6749 section 5.2 allows in ``error_description``."""
    swapped = text.replace('"', "'").replace("\\", "/")
    return "".join(char if " " <= char <= "~" else "?" for char in swapped)[:300]
