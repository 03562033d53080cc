"""Access tokens as JWTs (RFC 9068): claims and lifetimes. Signing is Authlib's and joserfc's."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc.jwk import KeySet, OctKey

from ..clients import RegisteredClient
from ..keys import SigningKeys
from ..secrets_at_rest import new_secret
from ..settings import Settings
from .subjects import Subject


class AccessTokens(JWTBearerTokenGenerator):
    """Makes access tokens and opaque refresh tokens."""

    def __init__(self, settings: Settings, keys: SigningKeys) -> None:
        super().__init__(
            settings.issuer,
            alg=keys.algorithm,
            refresh_token_generator=lambda **_: new_secret(),
            expires_generator=settings.access_token_lifetime,
        )
        self._keys = keys
        self._settings = settings

    def get_jwks(self) -> KeySet | OctKey:
        """The key that signs."""
        return self._keys.signing

    def get_jti(self, client: RegisteredClient, grant_type: str, user: Subject, scope: str) -> str:
        """The identifier the subject was given for this token."""
        return user.jti

    def get_audiences(self, client: RegisteredClient, user: Subject, scope: str) -> str:
        """The one service the token is for; the issuer, good for no service, when none was named."""
        return user.resource or self._settings.default_resource or self._settings.issuer

    def get_extra_claims(self, client: RegisteredClient, grant_type: str, user: Subject, scope: str) -> dict[str, Any]:
        """Who the user is."""
        return user.claims(scope)
