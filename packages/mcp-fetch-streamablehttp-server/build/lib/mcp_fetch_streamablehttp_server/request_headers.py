"""Headers a caller may send along, and which of them survive a redirect. Knows nothing of URLs' rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .failure import FetchError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_RESERVED = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "forwarded",
        "x-real-ip",
    }
)
_RESERVED_PREFIXES = ("proxy-", "x-forwarded-", "x-user-")
_MOST_HEADERS = 50
_LONGEST_VALUE = 8192
LONGEST_USER_AGENT = 256
_ACCEPT = "text/html,application/xhtml+xml,application/json;q=0.9,text/*;q=0.9,*/*;q=0.8"


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The caller's headers by lower-case name.

    Raises:
        FetchError: one of them is not the caller's to set, or is malformed.
    """
    if len(headers) > _MOST_HEADERS:
        raise FetchError(f"refused by rule `header`: more than {_MOST_HEADERS} headers")
    checked: dict[str, str] = {}
    for name, value in headers.items():
        lowered = name.lower()
        if not _TOKEN.fullmatch(name):
            raise FetchError("refused by rule `header`: a header name is malformed")
        # Some servers read `X_Forwarded_For` like `X-Forwarded-For`.
        canonical = lowered.replace("_", "-")
        if canonical in _RESERVED or canonical.startswith(_RESERVED_PREFIXES):
            raise FetchError(f"refused by rule `header`: {name} may not be set")
        if lowered in checked:
            raise FetchError(f"refused by rule `header`: {name} is given twice")
        checked[lowered] = checked_value(name, value)
    return checked


def checked_value(name: str, value: str) -> str:
    """A header value without CR, LF, NUL and their like.

    Raises:
        FetchError: it has some, or is too long.
    """
    if _CONTROL.search(value):
        raise FetchError(f"refused by rule `header`: the value of {name} contains control characters")
    if len(value) > _LONGEST_VALUE:
        raise FetchError(f"refused by rule `header`: the value of {name} is longer than {_LONGEST_VALUE} characters")
    return value.strip(" \t")


def request_headers(own: Mapping[str, str], user_agent: str) -> list[tuple[bytes, bytes]]:
    """What is sent: the defaults, overridden by the caller's own headers."""
    merged = {"accept": _ACCEPT, "accept-encoding": "gzip, deflate", **own, "user-agent": user_agent}
    return encoded(merged.items())


def encoded(pairs: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes; RFC 9110 5.5 leaves what is not ASCII to sender and recipient: UTF-8 here."""
    return [(name.encode("ascii"), value.encode("utf-8", "replace")) for name, value in pairs]
