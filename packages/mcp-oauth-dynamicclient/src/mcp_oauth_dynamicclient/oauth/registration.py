"""Dynamic registration (RFC 7591) and its management (RFC 7592): what is accepted, what is handed out."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7591 import (
    ClientMetadataClaims,
    ClientRegistrationEndpoint,
    InvalidClientMetadataError,
    InvalidRedirectURIError,
)
from authlib.oauth2.rfc7592 import ClientConfigurationEndpoint
from pydantic import ValidationError

from ..clients import RegisteredClient
from ..models import GRANT_CODE, GRANT_REFRESH, ClientRegistration
from ..redirects import RedirectUriError, check_application_type
from ..secrets_at_rest import digest, matches, new_id, new_secret
from ..service.log_output import fields
from ..store.contract import client_key
from .faults import InvalidTokenError, describable

if TYPE_CHECKING:
    from .server import OAuthServer

_logger = logging.getLogger(__name__)


class _Claims(ClientMetadataClaims):
    """Authlib's checks against the server's metadata; shapes and redirect URIs are checked before."""

    REGISTERED_CLAIMS = (*ClientMetadataClaims.REGISTERED_CLAIMS, "application_type")

    def validate_redirect_uris(self) -> None:
        """Done by :class:`~mcp_oauth_dynamicclient.models.ClientRegistration`, which knows private schemes."""


def checked_metadata(server: OAuthServer, document: Any) -> dict[str, Any]:
    """The metadata to store for what a client sent.

    Raises:
        InvalidClientMetadataError: a field has the wrong type or asks for what this server lacks.
        InvalidRedirectURIError: a redirect URI is not acceptable.
    """
    if not isinstance(document, dict):
        raise InvalidClientMetadataError("the body must be a JSON object")
    try:
        registration = ClientRegistration.model_validate(document)
        kind = check_application_type(registration.redirect_uris, registration.application_type)
    except RedirectUriError as error:
        raise InvalidRedirectURIError(describable(str(error))) from error
    except ValidationError as error:
        raise _metadata_error(error) from error
    metadata = registration.metadata()
    metadata["grant_types"] = registration.grant_types or [GRANT_CODE, GRANT_REFRESH]
    metadata["response_types"] = registration.response_types or ["code"]
    metadata["application_type"] = kind
    if registration.scope is not None:
        metadata["scope"] = " ".join(server.catalogue.expand(registration.scope.split()))
    if GRANT_CODE in metadata["grant_types"] and not registration.redirect_uris:
        raise InvalidRedirectURIError("redirect_uris is required")
    return metadata


def _metadata_error(error: ValidationError) -> InvalidClientMetadataError | InvalidRedirectURIError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "document"
    text = describable(f"{name}: {first['msg'].removeprefix('Value error, ')}")
    return InvalidRedirectURIError(text) if name == "redirect_uris" else InvalidClientMetadataError(text)


class Registration(ClientRegistrationEndpoint):
    """Open to everybody; the web layer limits how often."""

    server: OAuthServer

    def __init__(self, server: OAuthServer) -> None:
        super().__init__(server, [_Claims])

    def get_server_metadata(self) -> dict[str, Any]:
        """For Authlib: what grant types, scopes and methods there are."""
        return self.server.metadata()

    def authenticate_token(self, request: Any) -> bool:
        """For Authlib: registration needs no credential."""
        return True

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """Checks shapes and redirect URIs, then lets Authlib check the rest."""
        request.payload = type(request.payload)(checked_metadata(self.server, request.payload.data))
        extracted: dict[str, Any] = super().extract_client_metadata(request)
        request.payload = type(request.payload)(extracted)
        return extracted

    def generate_client_info(self, request: Any) -> dict[str, Any]:
        """A client id, and a secret for clients that authenticate with one."""
        now = int(time.time())
        info: dict[str, Any] = {"client_id": f"client_{new_id()}", "client_id_issued_at": now}
        if request.payload.data["token_endpoint_auth_method"] != "none":  # noqa: S105 - a method's name
            info["client_secret"] = new_secret()
            info["client_secret_expires_at"] = _expiry(self.server, now)
        return info

    def save_client(self, client_info: dict[str, Any], client_metadata: dict[str, Any], request: Any) -> Any:
        """Keeps the client with digests in place of secrets."""
        request.registration_token = new_secret("reg-")
        secret = client_info.get("client_secret")
        client = RegisteredClient(
            client_id=client_info["client_id"],
            metadata=client_metadata,
            catalogue=self.server.catalogue,
            issued_at=client_info["client_id_issued_at"],
            secret_digest=digest(secret) if secret else None,
            secret_expires_at=client_info.get("client_secret_expires_at", 0),
            registration_digest=digest(request.registration_token),
        )
        lifetime = self.server.settings.client_lifetime or None
        self.server.store.put(client_key(client.client_id), client.record(), lifetime)
        _logger.info(fields("client_registered", {"client": client.client_id, "name": client.name[:80]}))
        return client

    def generate_client_registration_info(self, client: RegisteredClient, request: Any) -> dict[str, str]:
        """How the client manages its registration."""
        return _management(self.server, client, request.registration_token)


class Configuration(ClientConfigurationEndpoint):
    """Reading, replacing and deleting a registration with the token that came with it."""

    server: OAuthServer

    def __init__(self, server: OAuthServer) -> None:
        super().__init__(server, [_Claims])

    def get_server_metadata(self) -> dict[str, Any]:
        """For Authlib: what grant types, scopes and methods there are."""
        return self.server.metadata()

    def authenticate_token(self, request: Any) -> RegisteredClient:
        """The client whose registration token was sent. Who knows no token does not learn which ids exist."""
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        client = self.server.directory.find(request.subject)
        known = client.registration_digest if client is not None else None
        correct = matches(token.strip(), known or digest(""))
        if client is None or known is None or scheme.lower() != "bearer" or not correct:
            raise InvalidTokenError("the registration access token is not valid")
        request.registration_token = token.strip()
        request.new_secret = None
        return client

    def authenticate_client(self, request: Any) -> RegisteredClient:
        """For Authlib: the client was found with its token."""
        client: RegisteredClient = request.credential
        return client

    def check_permission(self, client: RegisteredClient, request: Any) -> bool:
        """For Authlib: the token is the permission."""
        return True

    def create_update_client_response(self, client: RegisteredClient, request: Any) -> Any:
        """Refuses what is no object with texts where Authlib compares them."""
        document = request.payload.data
        if not isinstance(document, dict):
            raise InvalidRequestError("the body must be a JSON object")
        if not isinstance(document.get("client_secret", ""), str):
            raise InvalidRequestError("client_secret must be the issued one")
        return super().create_update_client_response(client, request)

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """The same checks as at registration."""
        endpoint = Registration(self.server)
        extracted: dict[str, Any] = endpoint.extract_client_metadata(request)
        return extracted

    def update_client(self, client: RegisteredClient, client_metadata: dict[str, Any], request: Any) -> Any:
        """Replaces the metadata and the registration token, unless another request just did."""
        request.registration_token = new_secret("reg-")
        updated = client.updated(client_metadata, digest(request.registration_token))
        updated, request.new_secret = _with_fitting_secret(self.server, updated)
        if not self.server.store.replace(client_key(client.client_id), client.raw, updated.record()):
            raise InvalidTokenError("the registration was changed meanwhile")
        _logger.info(fields("client_updated", {"client": client.client_id}))
        return updated

    def introspect_client(self, client: RegisteredClient) -> dict[str, Any]:
        """What the client registered."""
        return {**client.client_info, **client.client_metadata}

    def generate_client_registration_info(self, client: RegisteredClient, request: Any) -> dict[str, str]:
        """The token that is valid now, and a secret if one was just made."""
        info = _management(self.server, client, request.registration_token)
        if request.new_secret is not None:
            info["client_secret"] = request.new_secret
        return info

    def delete_client(self, client: RegisteredClient, request: Any) -> None:
        """Deletes the client and ends its tokens."""
        self.server.store.revoke_client(client.client_id, self.server.settings.refresh_family_lifetime)
        _logger.info(fields("client_deleted", {"client": client.client_id}))


def _with_fitting_secret(server: OAuthServer, client: RegisteredClient) -> tuple[RegisteredClient, str | None]:
    """Adds or drops the secret when the authentication method changed."""
    if client.auth_method == "none":
        return replace(client, secret_digest=None, secret_expires_at=0), None
    if client.secret_digest is not None:
        return client, None
    secret = new_secret()
    expires = _expiry(server, client.issued_at)
    return replace(client, secret_digest=digest(secret), secret_expires_at=expires), secret


def _expiry(server: OAuthServer, issued_at: int) -> int:
    lifetime = server.settings.client_lifetime
    return issued_at + lifetime if lifetime else 0


def _management(server: OAuthServer, client: RegisteredClient, token: str) -> dict[str, str]:
    return {
        "registration_access_token": token,
        "registration_client_uri": f"{server.settings.issuer}/register/{client.client_id}",
    }
