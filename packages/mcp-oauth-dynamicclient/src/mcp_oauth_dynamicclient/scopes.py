"""Scopes: what clients may ask for, and which of them an operation needs. Reads no token."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from starlette.datastructures import Headers

from .proxies import Target

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_REVISION = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_WITH_VALIDATED_HEADERS = "2026-07-28"
_RULE_KEYS = {"host", "method", "name", "scope"}


def split_scope(text: str | None) -> list[str]:
    """The scopes of a space separated text, in order, each once."""
    return list(dict.fromkeys((text or "").split()))


def well_formed(scopes: Iterable[str]) -> bool:
    """Whether every scope consists of the characters of RFC 6749 section 3.3."""
    return all(_TOKEN.fullmatch(scope) for scope in scopes)


class ScopeCatalogue:
    """The scopes this server knows and the ones a client gets that asks for none."""

    def __init__(self, supported: Iterable[str], default: Iterable[str]) -> None:
        self.supported = tuple(supported)
        self.default = tuple(default)

    def expand(self, scopes: Iterable[str]) -> list[str]:
        """Replaces ``mcp:*`` by every supported scope that starts with ``mcp:``."""
        expanded: list[str] = []
        for scope in scopes:
            if scope == "mcp:*":
                expanded.extend(known for known in self.supported if known.startswith("mcp:"))
            else:
                expanded.append(scope)
        return list(dict.fromkeys(expanded))

    def grantable(self, requested: str | None, registered: str | None) -> str | None:
        """The scope a client gets for what it requests; ``None`` when some of it is not to be had."""
        own = self.expand(split_scope(registered)) or None
        wanted = self.expand(split_scope(requested))
        if not wanted:
            return " ".join(scope for scope in self.default if own is None or scope in own) or " ".join(own or ())
        allowed = set(self.supported if own is None else own) & set(self.supported)
        return " ".join(wanted) if allowed.issuperset(wanted) else None


@dataclass(frozen=True)
class ScopeRule:
    """Operations matching all three globs need ``scope``."""

    host: str
    method: str
    name: str
    scope: tuple[str, ...]


class ScopePolicy:
    """What an operation needs. Without a matching rule: any one of the default scopes."""

    def __init__(self, rules: Iterable[ScopeRule], default: Iterable[str]) -> None:
        self._rules = tuple(rules)
        self._default = tuple(default)

    def missing(self, target: Target, headers: Headers, held: str) -> tuple[str, ...]:
        """All scopes the operation needs if ``held`` does not suffice, else nothing."""
        owned = set(split_scope(held))
        needed = self.needed(target, headers)
        if needed:
            return () if owned.issuperset(needed) else needed
        return () if owned.intersection(self._default) or not self._default else self._default

    def needed(self, target: Target, headers: Headers) -> tuple[str, ...]:
        """The scopes of every rule that matches.

        ``Mcp-Method`` and ``Mcp-Name`` count only from revision 2026-07-28 on,
        where the service compares them with the body. Of an older request
        nobody knows what it does, so each rule for its host applies.
        """
        trusted = _headers_are_validated(headers)
        method, name = headers.get("mcp-method", ""), _decoded(headers.get("mcp-name", ""))
        needed: list[str] = []
        for rule in self._rules:
            if not any(fnmatchcase(host, rule.host) for host in (target.host, target.host.partition(":")[0])):
                continue
            if not trusted or (fnmatchcase(method, rule.method) and fnmatchcase(name, rule.name)):
                needed.extend(rule.scope)
        return tuple(dict.fromkeys(needed))


def _headers_are_validated(headers: Headers) -> bool:
    versions = headers.getlist("mcp-protocol-version")
    once = all(len(headers.getlist(name)) <= 1 for name in ("mcp-method", "mcp-name"))
    if len(versions) != 1 or not once or not _REVISION.fullmatch(versions[0]):
        return False
    return versions[0] >= _FIRST_WITH_VALIDATED_HEADERS


def _decoded(name: str) -> str:
    """Undoes the ``=?base64?...?=`` form of header values that are not plain ASCII."""
    if not (name.startswith("=?base64?") and name.endswith("?=")):
        return name
    try:
        return base64.b64decode(name[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return name


def parse_scope_policy(text: str) -> tuple[ScopeRule, ...]:
    """Reads ``SCOPE_POLICY``: a JSON list of ``{host, method, name, scope}``, globs but for the scope.

    Raises:
        ValueError: it is anything else.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValueError("not JSON") from error
    if not isinstance(document, list):
        raise ValueError("not a JSON list")  # noqa: TRY004 - a fault of the setting, reported as such
    return tuple(_rule(entry) for entry in document)


def _rule(entry: object) -> ScopeRule:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise ValueError("every rule is an object of texts")
    if unknown := set(entry) - _RULE_KEYS:
        raise ValueError(f"unknown keys in a rule: {', '.join(sorted(unknown))}")
    scopes = tuple(split_scope(entry.get("scope")))
    if not scopes or not well_formed(scopes):
        raise ValueError("a rule without a proper scope")
    return ScopeRule(entry.get("host", "*").lower(), entry.get("method", "*"), entry.get("name", "*"), scopes)
