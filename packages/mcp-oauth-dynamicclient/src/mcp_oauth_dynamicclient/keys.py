"""Keys that sign and check access tokens (RFC 9068), and the public set others may see (RFC 7517).

One algorithm, chosen by configuration, is ever accepted; what a token says
about its algorithm changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

SMALLEST_RSA_KEY = 2048


class KeyMaterialError(ValueError):
    """A variable does not hold a usable key."""

    def __init__(self, variable: str, message: str) -> None:
        super().__init__(message)
        self.variable = variable


def read_private_key(text: str, variable: str) -> RSAKey:
    """Reads a base64 encoded PEM of an RSA private key.

    Raises:
        KeyMaterialError: it is none, or a short one.
    """
    try:
        pem = base64.b64decode("".join(text.split()), validate=True)
        key = serialization.load_pem_private_key(pem, password=None)
    except (binascii.Error, ValueError, TypeError) as error:
        raise KeyMaterialError(variable, "not a base64 encoded PEM of an RSA private key") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyMaterialError(variable, "not an RSA private key")
    if key.key_size < SMALLEST_RSA_KEY:
        raise KeyMaterialError(variable, f"an RSA key of at least {SMALLEST_RSA_KEY} bits is needed")
    imported = RSAKey.import_key(pem)
    named: RSAKey = RSAKey.import_key(pem, {"kid": imported.thumbprint(), "use": "sig", "alg": "RS256"})
    return named


def create_private_key() -> str:
    """A fresh RSA key as ``JWT_PRIVATE_KEY_B64`` wants it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=SMALLEST_RSA_KEY)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return base64.b64encode(pem).decode()


@dataclass(frozen=True, repr=False)
class SigningKeys:
    """The current key, which signs, and older ones, which are still accepted and published."""

    algorithm: str
    current: RSAKey | OctKey
    accepted: KeySet | OctKey

    def __repr__(self) -> str:
        return f"SigningKeys({self.algorithm})"

    @classmethod
    def asymmetric(cls, current: RSAKey, previous: Sequence[RSAKey]) -> SigningKeys:
        """RS256 with key rotation."""
        unique = {key.kid: key for key in (*previous, current)}
        return cls("RS256", current, KeySet([current, *(key for kid, key in unique.items() if kid != current.kid)]))

    @classmethod
    def symmetric(cls, secret: str) -> SigningKeys:
        """HS256."""
        key = OctKey.import_key(secret)
        return cls("HS256", key, key)

    def public_set(self) -> dict[str, Any]:
        """The JWK set to publish: empty for HS256, whose key is no one's business."""
        if isinstance(self.accepted, KeySet):
            return {"keys": [key.as_dict(private=False) for key in self.accepted.keys]}
        return {"keys": []}

    @property
    def signing(self) -> KeySet | OctKey:
        """The current key as the signer wants it: a set of one makes it write the ``kid``."""
        return KeySet([self.current]) if isinstance(self.current, RSAKey) else self.current

    def check(self, token: str, issuer: str) -> dict[str, Any] | None:
        """The claims of a token with a good signature, type, issuer and expiry; else ``None``."""
        try:
            decoded = jwt.decode(token, self.accepted, algorithms=[self.algorithm])
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        claims = decoded.claims
        typ = decoded.header.get("typ")
        if not isinstance(typ, str) or typ.lower().removeprefix("application/") != "at+jwt":
            return None
        expires = claims.get("exp")
        if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= time.time():
            return None
        texts = ("iss", "sub", "jti", "client_id", "scope")
        if claims.get("iss") != issuer or not all(isinstance(claims.get(name, ""), str) for name in texts):
            return None
        return dict(claims) if claims.get("jti") and claims.get("sub") else None
