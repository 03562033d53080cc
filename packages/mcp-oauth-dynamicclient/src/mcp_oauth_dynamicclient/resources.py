"""Protected resources: which URIs may be an audience, and when an audience covers a request (RFC 8707).

Knows nothing about tokens. Compares canonical forms and refuses whatever two
programs could read differently: dot segments, encoded slashes, user names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_AMBIGUOUS = re.compile(r"%2e|%2f|%5c|\\|[\x00-\x20\x7f]|//", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


@dataclass(frozen=True)
class ResourceUri:
    """A canonical ``http(s)`` URI: lower-case scheme and host, no default port, no trailing slash."""

    scheme: str
    host: str
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.host}"

    def __str__(self) -> str:
        return self.origin + self.path

    def covers(self, other: ResourceUri) -> bool:
        """Whether ``other`` is this resource or lies below it on a path-segment boundary."""
        if (self.scheme, self.host) != (other.scheme, other.host):
            return False
        return other.path == self.path or other.path.startswith(f"{self.path}/")


def canonical(uri: str) -> ResourceUri | None:
    """The canonical form of an absolute URI; ``None`` when it cannot be a resource."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _DEFAULT_PORTS or "#" in uri or parts.query or "?" in uri or "@" in parts.netloc:
        return None
    host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(host) or not _unambiguous(parts.path) or not uri.isascii():
        return None
    suffix = "" if port in {None, _DEFAULT_PORTS[scheme]} else f":{port}"
    return ResourceUri(scheme, host + suffix, parts.path.rstrip("/"))


def _unambiguous(path: str) -> bool:
    return not _AMBIGUOUS.search(path) and not {".", ".."} & set(path.split("/"))


@dataclass(frozen=True)
class _Pattern:
    """An entry of ``PROTECTED_RESOURCES``. A leading ``*.`` of the host stands for one label."""

    scheme: str
    host: str
    path: str

    def covers(self, resource: ResourceUri) -> bool:
        if self.host.startswith("*."):
            label, _, rest = resource.host.partition(".")
            host = f"*.{rest}" if label else ""
        else:
            host = resource.host
        return ResourceUri(self.scheme, self.host, self.path).covers(ResourceUri(resource.scheme, host, resource.path))


class ProtectedResources:
    """The resources tokens may be issued for. The issuer itself never counts unless it is listed by name."""

    def __init__(self, entries: Iterable[str], issuer: str) -> None:
        """Reads the entries.

        Raises:
            ValueError: an entry is no http(s) origin or URI, or has a wildcard elsewhere than in front.
        """
        self._patterns = tuple(_pattern(entry) for entry in entries)
        own = canonical(issuer)
        self._issuer_host = own.host if own else ""

    def allowed(self, uri: str) -> ResourceUri | None:
        """The canonical form of ``uri`` if tokens may be issued for it."""
        resource = canonical(uri)
        if resource is None:
            return None
        for pattern in self._patterns:
            if pattern.covers(resource) and not ("*" in pattern.host and resource.host == self._issuer_host):
                return resource
        return None


def _pattern(entry: str) -> _Pattern:
    scheme, separator, rest = entry.partition("://")
    wildcard = rest.startswith("*.")
    resource = canonical(f"{scheme}{separator}{rest[2:] if wildcard else rest}")
    if resource is None or "*" in str(resource):
        raise ValueError(f"not an http(s) origin or URI: {entry}")
    return _Pattern(resource.scheme, f"*.{resource.host}" if wildcard else resource.host, resource.path)


def audience_covers(audience: str | list[str], target: str) -> bool:
    """Whether some entry of ``aud`` is the target or its parent."""
    wanted = canonical(target)
    if wanted is None:
        return False
    entries = [audience] if isinstance(audience, str) else audience
    found = (canonical(entry) for entry in entries if isinstance(entry, str))
    return any(resource is not None and resource.covers(wanted) for resource in found)
