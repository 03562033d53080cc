"""What may be contacted, and which addresses belong together. Contacts nothing itself."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from .errors import UnsafeAddressError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def require_secure(url: str, purpose: str) -> str:
    """Returns ``url`` when it is https, or http to this machine (OAuth 2.1, section 1.5).

    Raises:
        UnsafeAddressError: the traffic could be read on the way, or this is no address at all.
    """
    parts = _split(url, purpose)
    if parts.username is not None or parts.password is not None:
        raise UnsafeAddressError(f"{purpose} carries a user name: {parts.hostname}")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return url
    raise UnsafeAddressError(f"{purpose} must be https (http only on this machine): {url}")


def is_loopback(host: str) -> bool:
    """Whether ``host`` can be nothing but this machine (RFC 6761, section 6.3)."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port (RFC 6454, section 4).

    Raises:
        UnsafeAddressError: ``url`` is no address.
    """
    parts = _split(url, "the address")
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def covers(resource: str, url: str) -> bool:
    """Whether ``url`` lies inside ``resource``: one origin, and a path below it, whole segments only."""
    if origin(resource) != origin(url):
        return False
    base, path = urlsplit(resource).path.rstrip("/"), urlsplit(url).path
    return path.rstrip("/") == base or path.startswith(f"{base}/")


def without_fragment(url: str) -> str:
    """The address of a request as a resource: no query, no fragment (RFC 8707, section 2)."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def well_known(url: str, name: str) -> str:
    """Inserts ``/.well-known/NAME`` between host and path (RFC 8414, section 3; RFC 9728, section 3)."""
    parts = urlsplit(url)
    path = f"/.well-known/{name}{parts.path.rstrip('/')}"
    return parts._replace(path=path, query="", fragment="").geturl()


def _split(url: str, purpose: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeAddressError(f"{purpose} is no address: {url}") from None
    if not parts.scheme or not parts.hostname or port == 0:
        raise UnsafeAddressError(f"{purpose} is no address: {url}")
    return parts
