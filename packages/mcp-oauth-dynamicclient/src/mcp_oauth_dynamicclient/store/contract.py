"""The contract of a store: records that expire, and the few operations that must be atomic.

Every method happens at once, as seen by all threads and all processes that
share the store. Values are texts; callers put digests, never secrets, into
keys and values. The store knows no OAuth errors: it reports what happened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

CODE_USED_SECONDS = 600
"""How long a used code is remembered, so that its replay ends the tokens it was exchanged for."""


class StoreUnavailableError(Exception):
    """The store did not answer. Nothing is known about whether the operation happened."""


@dataclass(frozen=True)
class Redeemed:
    """Outcome of redeeming a code: its record, or the family its replay betrays, or neither."""

    record: str | None = None
    replayed_family: str | None = None


@dataclass(frozen=True)
class Rotated:
    """Outcome of using a refresh token up: its record, or the family its reuse betrays, or neither."""

    record: str | None = None
    reused_family: str | None = None


@dataclass(frozen=True)
class Issued:
    """The tokens of one answer. ``refresh_digest`` is empty when there is no refresh token.

    ``family_ttl`` is how long the family must be remembered: as long as any of its tokens could live.
    """

    family: str
    client_id: str
    sub: str
    jti: str
    token_record: str
    token_ttl: int
    token_expires: int
    refresh_digest: str = ""
    refresh_record: str = ""
    refresh_ttl: int = 0
    family_ttl: int = 0


class Store(ABC):
    """Records by key, token families, counters. Synchronous but for :meth:`is_live` and :meth:`ping`."""

    kind: str
    """``redis`` or ``embedded``."""

    # Records

    @abstractmethod
    def put(self, key: str, value: str, ttl: int | None) -> None:
        """Writes a record; ``None`` keeps it for ever."""

    @abstractmethod
    def add(self, key: str, value: str, ttl: int) -> bool:
        """Writes a record unless there is one; whether it was written."""

    @abstractmethod
    def get(self, key: str) -> str | None:
        """Reads a record."""

    @abstractmethod
    def take(self, key: str) -> str | None:
        """Reads and deletes a record: of many takers one gets it."""

    @abstractmethod
    def replace(self, key: str, expected: str, value: str) -> bool:
        """Overwrites a record if it is still ``expected``, keeping its remaining life; whether it was."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Deletes a record if there is one."""

    @abstractmethod
    def hit(self, bucket: str, key: str, window: int) -> tuple[int, int]:
        """Counts an event; returns the count in the current window and the seconds until it ends."""

    # Codes and tokens

    @abstractmethod
    def redeem_code(self, code_digest: str) -> Redeemed:
        """Uses a code up and remembers it as used. The record is JSON with a ``family``."""

    @abstractmethod
    def rotate(self, refresh_digest: str) -> Rotated:
        """Uses a refresh token up and remembers it as used for what was left of its life."""

    @abstractmethod
    def issue(self, tokens: Issued) -> bool:
        """Makes tokens live, unless their family was revoked meanwhile; whether they are."""

    @abstractmethod
    def revoke_family(self, family: str, remember: int) -> None:
        """Ends every token of a family and lets none be issued in it for ``remember`` seconds."""

    @abstractmethod
    def revoke_token(self, jti: str) -> None:
        """Ends one access token."""

    @abstractmethod
    def revoke_client(self, client_id: str, remember: int) -> None:
        """Deletes a client and ends every token it ever got."""

    @abstractmethod
    def clean_up(self) -> int:
        """Drops index entries of tokens that are gone; returns how many."""

    # Asynchronous

    @abstractmethod
    async def is_live(self, jti: str) -> bool:
        """Whether an access token is neither expired nor revoked."""

    @abstractmethod
    async def ping(self) -> bool:
        """Whether the store answers within a second."""

    @abstractmethod
    async def aclose(self) -> None:
        """Closes connections."""


def client_key(client_id: str) -> str:
    """Where a registered client is kept."""
    return f"oauth:client:{client_id}"


def token_key(jti: str) -> str:
    """Where a live access token is kept."""
    return f"oauth:token:{jti}"


def code_key(code_digest: str) -> str:
    """Where an authorization code is kept."""
    return f"oauth:code:{code_digest}"


def refresh_key(refresh_digest: str) -> str:
    """Where a refresh token is kept."""
    return f"oauth:refresh:{refresh_digest}"
