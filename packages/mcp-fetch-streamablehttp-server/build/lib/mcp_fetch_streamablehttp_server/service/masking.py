"""Hides secrets in what the tools and the log show. Knows names that smell of secrets, never the secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-auth-token", "cookie", "set-cookie"})
_SECRET_NAME = re.compile(r"secret|key|token|passw|credential", re.IGNORECASE)
_SESSION_LIKE = re.compile(r"\b(echo-)?([0-9a-f]{8})[0-9a-f]{24}\b")
_SHORTEST_SHOWN = 13


def mask(secret: str) -> str:
    """Keeps four characters at either end; anything short enough to be guessed from them is hidden whole."""
    if len(secret) < _SHORTEST_SHOWN:
        return "****"
    return f"{secret[:4]}...{secret[-4:]}"


def is_secret_name(name: str) -> bool:
    """Whether a variable or header name says that its value is a secret."""
    return _SECRET_NAME.search(name) is not None


def header_value(name: str, value: str) -> str:
    """A header value as it may be shown: credentials masked, session ids cut to eight characters."""
    lowered = name.lower()
    if lowered == "mcp-session-id":
        return f"{value[:8]}..."
    if lowered in SECRET_HEADERS or is_secret_name(lowered):
        return mask(value)
    return value


def without_userinfo(value: str) -> str:
    """Removes the password of a URL, leaves any other text as it is."""
    if "@" not in value or "://" not in value:
        return value
    try:
        parts = urlsplit(value)
        if parts.password is None:
            return value
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{parts.username}:****@{host}"))
    except ValueError:
        return "****"


def without_session_ids(text: str) -> str:
    """Cuts session ids and handles in a log message to their first eight characters."""
    return _SESSION_LIKE.sub(r"\1\2...", text)
