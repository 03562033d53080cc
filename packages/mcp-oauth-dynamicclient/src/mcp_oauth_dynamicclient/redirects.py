"""Redirect URIs: which ones a client may register, and when a requested one is the registered one.

Sources: RFC 8252 section 7 (native apps), OAuth 2.1 section 2.3 (exact match).
Builds no redirects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit, urlunsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
_REFUSED_SCHEMES = frozenset({"javascript", "data", "file", "vbscript", "urn", "about", "blob", "ws", "wss", "ftp"})
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}*]")
_LONGEST = 2048


class RedirectUriError(ValueError):
    """A redirect URI that may not be registered. The message says why, without quoting it."""


def _split(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError as error:
        raise RedirectUriError("redirect_uri is not a URI") from error
    return parts


def is_loopback(uri: str) -> bool:
    """Whether ``uri`` is ``http`` on a loopback host. Looks at the parsed host, never at a prefix."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS and "@" not in parts.netloc


def check_registrable(uri: str) -> None:
    """Accepts ``https``, loopback ``http`` and reverse-DNS private schemes.

    Raises:
        RedirectUriError: anything else.
    """
    if len(uri) > _LONGEST or not uri.isascii() or _UNSAFE.search(uri):
        raise RedirectUriError("redirect_uri is too long or has characters that do not belong in a URI")
    parts = _split(uri)
    if "#" in uri:
        raise RedirectUriError("redirect_uri must not have a fragment")
    if "@" in parts.netloc:
        raise RedirectUriError("redirect_uri must not have a user name")
    if parts.scheme == "https":
        if not parts.hostname:
            raise RedirectUriError("redirect_uri must have a host")
    elif parts.scheme == "http":
        if not is_loopback(uri):
            raise RedirectUriError("redirect_uri may use http only for 127.0.0.1, [::1] or localhost")
    elif parts.scheme in _REFUSED_SCHEMES or not _PRIVATE_SCHEME.fullmatch(parts.scheme):
        raise RedirectUriError("redirect_uri must be https, loopback http or a reverse-DNS private scheme")


def check_application_type(uris: Iterable[str], application_type: str | None) -> str:
    """The application type to store. A web client has neither loopback nor private-scheme URIs.

    Raises:
        RedirectUriError: the type says web, the URIs say otherwise.
    """
    native = any(not uri.startswith("https:") for uri in uris)
    if application_type == "web" and native:
        raise RedirectUriError("a client of application_type web must use https redirect URIs")
    return application_type or ("native" if native else "web")


def same_redirect(requested: str, registered: str) -> bool:
    """Exact match; only the port of a loopback ``http`` URI may differ (RFC 8252 section 7.3)."""
    if requested == registered:
        return True
    if not (is_loopback(requested) and is_loopback(registered)):
        return False
    return _without_port(requested) == _without_port(registered)


def _without_port(uri: str) -> str:
    parts = urlsplit(uri)
    host = parts.netloc
    bracket = host.find("]")
    colon = host.find(":", bracket + 1)
    return urlunsplit(parts._replace(netloc=host[:colon] if colon >= 0 else host))


def form_action_source(uri: str) -> str:
    """What a ``form-action`` directive must list so that a browser follows a redirect to ``uri``."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"
