"""The authorization code and refresh token grants: single use, rotation, what happens to whoever comes second."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant

from ..secrets_at_rest import digest, new_id, new_secret
from ..service.log_output import fields
from ..store.contract import code_key, refresh_key
from .subjects import Grant, Subject

if TYPE_CHECKING:
    from .server import OAuthServer

AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]
_logger = logging.getLogger(__name__)


def end_family(server: OAuthServer, family: str, reason: str) -> None:
    """Revokes every token of a family and says so in the log."""
    server.store.revoke_family(family, server.settings.refresh_family_lifetime)
    _logger.warning(fields("family_revoked", {"reason": reason, "family": family[:8]}))


class CodeGrant(AuthorizationCodeGrant):
    """Codes are used up before anything about them is checked; a second use ends what the first one got."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = AUTH_METHODS
    server: OAuthServer

    def generate_authorization_code(self) -> str:
        """A fresh code."""
        return new_secret()

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Keeps what the code stands for under its digest."""
        user: Subject = request.user
        grant = Grant(
            client_id=request.client.get_client_id(),
            subject=replace(user, resource=request.resource, scope=request.scope or "", family=new_id()),
            redirect_uri=request.payload.redirect_uri,
            code_challenge=request.payload.data.get("code_challenge"),
        )
        self.server.store.put(code_key(digest(code)), grant.record(), self.server.settings.auth_code_lifetime)

    def query_authorization_code(self, code: str, client: Any) -> Grant | None:
        """Uses the code up; a replay revokes the family."""
        redeemed = self.server.store.redeem_code(digest(code))
        if redeemed.replayed_family is not None:
            end_family(self.server, redeemed.replayed_family, "code replayed")
        if redeemed.record is None:
            return None
        grant = Grant.read(redeemed.record)
        return grant if grant.check_client(client) else None

    def validate_token_request(self) -> None:
        """Adds the check of ``resource`` to Authlib's."""
        super().validate_token_request()
        self.server.indicator.check_repeated(self.request, self.request.authorization_code.subject.resource)

    def authenticate_user(self, authorization_code: Grant) -> Subject:
        """Who signed in."""
        return authorization_code.subject

    def delete_authorization_code(self, authorization_code: Grant) -> None:
        """Nothing to do: it was used up when it was looked at."""


class RotatingRefreshGrant(RefreshTokenGrant):
    """Every use gives a new refresh token and ends the old one; using an old one again ends the family."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: OAuthServer

    def authenticate_refresh_token(self, refresh_token: str) -> Grant | None:
        """Looks the token up without using it: a request that is wrong otherwise must not cost the client its token."""
        record = self.server.store.get(refresh_key(digest(refresh_token)))
        if record is not None:
            return Grant.read(record)
        self._use_up(refresh_token)
        return None

    def validate_token_request(self) -> None:
        """Adds the checks of ``resource``, of what the client may have and of the user to Authlib's."""
        super().validate_token_request()
        grant: Grant = self.request.refresh_token
        self.server.indicator.check_repeated(self.request, grant.subject.resource)
        if self.request.client.get_allowed_scope(self.request.payload.scope or grant.get_scope()) is None:
            raise InvalidScopeError
        if not self.server.settings.allows_user(grant.subject.username):
            end_family(self.server, grant.subject.family, "user no longer allowed")
            raise InvalidGrantError("the user may no longer use this server")

    def authenticate_user(self, refresh_token: Grant) -> Subject:
        """Uses the token up, at the last moment before new ones are made: of many requests one gets here."""
        record = self._use_up(self.request.form["refresh_token"])
        if record is None:
            raise InvalidGrantError("the refresh token was used before")
        return Grant.read(record).subject

    def revoke_old_credential(self, refresh_token: Grant) -> None:
        """Nothing to do: it was used up before."""

    def _use_up(self, refresh_token: str) -> str | None:
        rotated = self.server.store.rotate(digest(refresh_token))
        if rotated.reused_family is not None:
            end_family(self.server, rotated.reused_family, "refresh token reused")
        return rotated.record
