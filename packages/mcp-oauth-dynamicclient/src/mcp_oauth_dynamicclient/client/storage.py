"""Where the client keeps what it was given: the interface, and the storage that forgets at exit.

A registration belongs to an issuer, a token to an issuer and a resource;
neither is ever looked up by anything less.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import anyio

Record = Mapping[str, Any]


class Storage(Protocol):
    """What :class:`OAuth2Client` needs of a storage."""

    async def registration(self, issuer: str) -> Record | None:
        """The registration at ``issuer``."""

    async def save_registration(self, issuer: str, record: Record | None) -> None:
        """Keeps a registration, or forgets it together with every token of that issuer."""

    async def token(self, issuer: str, resource: str | None) -> Record | None:
        """The token of ``issuer`` for ``resource``."""

    async def save_token(self, issuer: str, resource: str | None, record: Record | None) -> None:
        """Keeps a token, or forgets it."""

    async def resources(self, issuer: str) -> list[str | None]:
        """The resources there is a token of ``issuer`` for."""

    def renewing(self, issuer: str) -> AbstractAsyncContextManager[Any]:
        """Held while a token of ``issuer`` is renewed: a refresh token may be used only once."""


class MemoryStorage:
    """Keeps everything in memory. The default."""

    def __init__(self) -> None:
        self._registrations: dict[str, Record] = {}
        self._tokens: dict[tuple[str, str | None], Record] = {}
        self._renewals: dict[str, anyio.Lock] = {}

    async def registration(self, issuer: str) -> Record | None:
        """The registration at ``issuer``."""
        return self._registrations.get(issuer)

    async def save_registration(self, issuer: str, record: Record | None) -> None:
        """Keeps a registration, or forgets it together with every token of that issuer."""
        if record is not None:
            self._registrations[issuer] = record
            return
        self._registrations.pop(issuer, None)
        for key in [key for key in self._tokens if key[0] == issuer]:
            del self._tokens[key]

    async def token(self, issuer: str, resource: str | None) -> Record | None:
        """The token of ``issuer`` for ``resource``."""
        return self._tokens.get((issuer, resource))

    async def save_token(self, issuer: str, resource: str | None, record: Record | None) -> None:
        """Keeps a token, or forgets it."""
        if record is not None:
            self._tokens[issuer, resource] = record
        else:
            self._tokens.pop((issuer, resource), None)

    async def resources(self, issuer: str) -> list[str | None]:
        """The resources there is a token of ``issuer`` for."""
        return [resource for owner, resource in self._tokens if owner == issuer]

    def renewing(self, issuer: str) -> AbstractAsyncContextManager[Any]:
        """Held while a token of ``issuer`` is renewed."""
        return self._renewals.setdefault(issuer, anyio.Lock())
