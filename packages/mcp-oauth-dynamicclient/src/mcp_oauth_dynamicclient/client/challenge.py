"""Reads the Bearer challenge of a 401 (RFC 9110, section 11.6.1; RFC 9728, section 5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105 - the grammar's name for a word, not a secret
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))\s*(?:,|$)')
_SCHEME = re.compile(rf"(?:^|,)\s*({_TOKEN})(?=\s+{_TOKEN}\s*=|\s*(?:,|$))")


@dataclass(frozen=True)
class Challenge:
    """What the service says about the token it wants."""

    resource_metadata: str | None = None
    scope: str | None = None
    error: str | None = None


def bearer_challenge(response: httpx.Response) -> Challenge:
    """The first Bearer challenge of an answer; empty when there is none."""
    for header in response.headers.get_list("www-authenticate"):
        for scheme in _SCHEME.finditer(header):
            if scheme.group(1).lower() == "bearer":
                return _read(header, scheme.end())
    return Challenge()


def _read(header: str, position: int) -> Challenge:
    found: dict[str, str] = {}
    while (parameter := _PARAMETER.match(header, position)) is not None:
        name, quoted, word = parameter.groups()
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else word
        found.setdefault(name.lower(), value)
        position = parameter.end()
    return Challenge(found.get("resource_metadata"), found.get("scope"), found.get("error"))
