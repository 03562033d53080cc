"""Revocation (RFC 7009) and introspection (RFC 7662): whose business a token is, and what may be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from ..clients import RegisteredClient
from ..resources import canonical
from ..secrets_at_rest import digest
from ..store.contract import refresh_key, token_key
from .grants import AUTH_METHODS, end_family
from .subjects import Grant

if TYPE_CHECKING:
    from .server import OAuthServer


@dataclass(frozen=True)
class KnownToken:
    """A token that is live: an access token by its claims or a refresh token by its grant."""

    client_id: str
    claims: Mapping[str, Any] | None = None
    grant: Grant | None = None

    @property
    def resource(self) -> str | None:
        """The service the token is for."""
        if self.grant is not None:
            return self.grant.subject.resource
        audience = (self.claims or {}).get("aud")
        return audience if isinstance(audience, str) else None


def find_token(server: OAuthServer, text: str) -> KnownToken | None:
    """The live token of that text. Hints about its type are not needed."""
    claims = server.keys.check(text, server.settings.issuer)
    if claims is not None:
        live = server.store.get(token_key(claims["jti"])) is not None
        return KnownToken(str(claims.get("client_id")), claims=claims) if live else None
    record = server.store.get(refresh_key(digest(text)))
    if record is None:
        return None
    grant = Grant.read(record)
    return KnownToken(grant.client_id, grant=grant)


class Revocation(RevocationEndpoint):
    """Ends an access token, or with a refresh token its whole family. Says 200 about tokens of others, too."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = AUTH_METHODS
    server: OAuthServer

    def authenticate_token(self, request: Any, client: RegisteredClient) -> KnownToken | None:
        """The token, if it belongs to the client."""
        _require_token(request)
        token = find_token(self.server, request.form["token"])
        return token if token is not None and token.client_id == client.client_id else None

    def revoke_token(self, token: KnownToken, request: Any) -> None:
        """Ends it."""
        if token.claims is not None:
            self.server.store.revoke_token(token.claims["jti"])
        elif token.grant is not None:
            end_family(self.server, token.grant.subject.family, "revoked by the client")

    def create_endpoint_response(self, request: Any) -> tuple[int, Any, list[tuple[str, str]]]:
        """Authlib's answer, with an empty body."""
        status, _, _ = super().create_endpoint_response(request)
        return status, "", [("Cache-Control", "no-store")]


class Introspection(IntrospectionEndpoint):
    """For confidential clients: about their own tokens, and about tokens for a resource they own."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = [method for method in AUTH_METHODS if method != "none"]
    server: OAuthServer

    def authenticate_token(self, request: Any, client: RegisteredClient) -> KnownToken | None:
        """The token, if the client may know about it."""
        _require_token(request)
        token = find_token(self.server, request.form["token"])
        return token if token is not None and self._may_know(client, token) else None

    def _may_know(self, client: RegisteredClient, token: KnownToken) -> bool:
        if token.client_id == client.client_id:
            return True
        audience = canonical(token.resource or "")
        for entry in self.server.settings.resource_owners:
            owner, _, resource = entry.partition("=")
            owned = canonical(resource)
            if owner == client.client_id and owned is not None and audience is not None and owned.covers(audience):
                return True
        return False

    def create_introspection_payload(self, token: KnownToken | None) -> dict[str, Any]:
        """What RFC 7662 section 2.2 lists."""
        if token is None:
            return {"active": False}
        if token.claims is not None:
            names = ("aud", "iss", "sub", "username", "jti", "exp", "iat", "client_id", "scope")
            shown = {name: token.claims[name] for name in names if name in token.claims}
            return {"active": True, "token_type": "Bearer", **shown}
        if token.grant is None:
            return {"active": False}
        subject = token.grant.subject
        return {
            "active": True,
            "token_type": "refresh_token",
            "client_id": token.client_id,
            "iss": self.server.settings.issuer,
            "sub": subject.sub,
            "username": subject.username,
            "scope": subject.scope,
            "aud": subject.resource or self.server.settings.issuer,
            "iat": subject.family_start,
        }


def _require_token(request: Any) -> None:
    if "token" not in request.form:
        raise InvalidRequestError("token is required")
