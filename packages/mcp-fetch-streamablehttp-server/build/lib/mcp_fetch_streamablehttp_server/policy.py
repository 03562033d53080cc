"""Which URLs may be fetched: scheme, host, port, domain lists, addresses. Decides, never touches a socket.

:meth:`UrlPolicy.check` judges what a URL says; :meth:`UrlPolicy.require_addresses`
judges what its name resolves to, at the moment of the connection.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import httpx2
import idna

from .addresses import Reach, literal, reach_of
from .failure import UrlRefusedError

DEFAULT_SCHEMES = ("http", "https")
DEFAULT_PORTS = frozenset({80, 443, 8080, 8443})
_SCHEME_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)(.*)", re.DOTALL)
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST_NAME = 253
_LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa")
"""Names that only mean something on this machine or network (RFC 6761, 6762, 8375; `.internal` by ICANN)."""


@dataclass(frozen=True)
class Target:
    """A URL that passed the policy: normalized, without userinfo and fragment."""

    url: httpx2.URL
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port (RFC 6454)."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        return str(self.url)


@dataclass(frozen=True)
class UrlPolicy:
    """The rules. ``allow_hosts`` are exact (host, port) pairs for which port and address are not judged."""

    schemes: Sequence[str] = DEFAULT_SCHEMES
    ports: frozenset[int] = DEFAULT_PORTS
    allowed_domains: Sequence[str] = ()
    blocked_domains: Sequence[str] = ()
    allow_private: bool = False
    allow_hosts: Iterable[tuple[str, int]] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schemes", tuple(scheme.lower() for scheme in self.schemes))
        for name in ("allowed_domains", "blocked_domains"):
            object.__setattr__(self, name, tuple(domain_entry(entry) for entry in getattr(self, name)))
        pairs = frozenset((normal_host(host), port) for host, port in self.allow_hosts)
        object.__setattr__(self, "allow_hosts", pairs)

    def check(self, url: str) -> Target:
        """Judges a URL by its text.

        Raises:
            UrlRefusedError: a rule forbids it.
        """
        scheme, authority, rest = _split(url)
        if scheme not in self.schemes or scheme not in _SCHEME_PORTS:
            raise UrlRefusedError("scheme", f"only {' and '.join(self.schemes)} URLs are fetched")
        host_text, port = _host_and_port(authority, _SCHEME_PORTS[scheme])
        try:
            host = normal_host(host_text)
        except ValueError as error:
            raise UrlRefusedError("host", str(error)) from error
        self._check_domain(host, port)
        if not self.exempt(host, port):
            if port not in self.ports:
                raise UrlRefusedError("port", f"port {port} is not among {', '.join(map(str, sorted(self.ports)))}")
            self._check_host(host)
        return _target(scheme, host, port, rest)

    def exempt(self, host: str, port: int) -> bool:
        """Whether this very host and port is listed as an exception."""
        return (host, port) in frozenset(self.allow_hosts)

    def require_addresses(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """Judges every address a name resolved to.

        Raises:
            UrlRefusedError: one of them is not public.
        """
        if self.exempt(host, port):
            return
        for text in addresses:
            try:
                reach = reach_of(ipaddress.ip_address(text))
            except ValueError:
                reach = Reach.SPECIAL
            self._require_reach(reach)

    def _require_reach(self, reach: Reach) -> None:
        if reach is Reach.PUBLIC or (reach is Reach.PRIVATE and self.allow_private):
            return
        raise UrlRefusedError("address", "the host is not at a public address")

    def _check_host(self, host: str) -> None:
        address = literal(host)
        if address is not None:
            self._require_reach(reach_of(address))
        elif not self.allow_private and any(_covers(name, host) for name in _LOCAL_NAMES):
            raise UrlRefusedError("address", "the host name is reserved for private networks")

    def _check_domain(self, host: str, port: int) -> None:
        if any(_covers(domain, host) for domain in self.blocked_domains):
            raise UrlRefusedError("domain", "the domain is blocked")
        if not self.allowed_domains or self.exempt(host, port):
            return
        if not any(_covers(domain, host) for domain in self.allowed_domains):
            raise UrlRefusedError("domain", "the domain is not on the list of allowed domains")


def validate_url(url: str, policy: UrlPolicy | None = None) -> str:
    """Returns the URL in the form in which it would be requested.

    A name is judged when it is resolved, at the connection; here only what the
    URL itself says counts.

    Raises:
        ValueError: the policy refuses it.
    """
    return str((policy or UrlPolicy()).check(url))


def normal_host(text: str) -> str:
    """A host in lower case ASCII: IDNA-encoded, without brackets and without one trailing dot.

    Raises:
        ValueError: it is no host.
    """
    if text.startswith("["):
        if not text.endswith("]"):
            raise ValueError("the host is malformed")
        return str(_address(text[1:-1]))
    host = text.lower() if text.isascii() else _encoded(text)
    host = host.removesuffix(".")
    if not host:
        raise ValueError("the URL has no host")
    if len(host) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError("the host name is malformed")
    try:
        address = literal(host)
    except ValueError as error:
        raise ValueError("the host is a malformed address") from error
    return str(address or host)


def domain_entry(text: str) -> str:
    """An entry of a domain list; ``*.example.com`` and ``.example.com`` mean ``example.com``.

    Raises:
        ValueError: it is no domain.
    """
    return normal_host(text.strip().removeprefix("*").removeprefix("."))


def _covers(domain: str, host: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _split(url: str) -> tuple[str, str, str]:
    found = _URL.fullmatch(url.strip(" "))
    if found is None:
        raise UrlRefusedError("scheme", "the URL must be absolute, for example https://example.com/")
    scheme, authority, rest = found.groups()
    if _FORBIDDEN.search(authority) or re.search(r"[\x00-\x1f\x7f]", rest):
        raise UrlRefusedError("host", "the URL contains control characters, white space or a backslash")
    if "@" in authority:
        raise UrlRefusedError("userinfo", "the URL carries a user name or password; use the Authorization header")
    return scheme.lower(), authority, rest


def _host_and_port(authority: str, default: int) -> tuple[str, int]:
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        return authority, default
    if not port:
        return host, default
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise UrlRefusedError("port", "the port is not a number between 1 and 65535")
    return host, int(port)


def _address(text: str) -> ipaddress.IPv6Address:
    if not _ADDRESS.fullmatch(text):
        # Above all, no zone: it would choose the network interface.
        raise ValueError("the host is a malformed address")
    try:
        return ipaddress.IPv6Address(text)
    except ValueError as error:
        raise ValueError("the host is a malformed address") from error


def _encoded(text: str) -> str:
    try:
        return idna.encode(text, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise ValueError("the host name is malformed") from error


def _target(scheme: str, host: str, port: int, rest: str) -> Target:
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port == _SCHEME_PORTS[scheme] else f":{port}"
    try:
        url = httpx2.URL(f"{scheme}://{shown}{suffix}{rest.partition('#')[0]}")
    except httpx2.InvalidURL as error:
        raise UrlRefusedError("host", "the URL is malformed") from error
    if url.raw_host.decode("ascii") != host or (url.port or _SCHEME_PORTS[scheme]) != port:
        # What is judged here must be what is connected to.
        raise UrlRefusedError("host", "the URL can be read in two ways")
    return Target(url, scheme, host, port)
