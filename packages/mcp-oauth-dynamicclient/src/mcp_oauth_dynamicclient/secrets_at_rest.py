"""Secrets: how they are made, stored as digests, and compared. Owns no storage and logs nothing."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """A fresh random text of 256 bits that is safe in URLs, headers and forms."""
    return prefix + secrets.token_urlsafe(_BYTES)


def new_id() -> str:
    """A fresh random identifier of 128 bits; not a secret."""
    return secrets.token_hex(16)


def digest(secret: str) -> str:
    """The SHA-256 of a secret: what the store keeps of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def matches(secret: str, stored_digest: str) -> bool:
    """Whether ``secret`` is the one whose digest was stored; takes the same time either way."""
    return hmac.compare_digest(digest(secret), stored_digest)


def same(one: str, other: str) -> bool:
    """Compares two texts in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
