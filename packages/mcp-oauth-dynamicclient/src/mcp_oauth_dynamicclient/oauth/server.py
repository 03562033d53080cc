"""The authorization server as an Authlib application: clients, tokens, replies. No routing, no HTML."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidClientError, OAuth2Error
from authlib.oauth2.rfc9207 import IssuerParameter

from ..clients import ClientDirectory, RegisteredClient
from ..keys import SigningKeys
from ..models import GRANT_CODE, GRANT_DEVICE, GRANT_REFRESH
from ..secrets_at_rest import digest
from ..settings import Settings
from ..store.contract import Issued, Store
from .device import DeviceEndpoint, DeviceGrant
from .extensions import ResourceIndicator, StrictCodeChallenge
from .grants import AUTH_METHODS, CodeGrant, RotatingRefreshGrant
from .messages import DocumentRequest, Incoming, OAuthRequest, Reply
from .registration import Configuration, Registration
from .revocation import Introspection, Revocation
from .subjects import Grant, Subject
from .tokens import AccessTokens


class _Issuer(IssuerParameter):
    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        return self._issuer


def _add_issuer(issuer: str, server: AuthorizationServer) -> None:
    _Issuer(issuer)(server)


class OAuthServer(AuthorizationServer):
    """Synchronous: call it from a thread. Holds no state besides the store."""

    def __init__(self, settings: Settings, store: Store) -> None:
        super().__init__()
        self.settings = settings
        self.store = store
        self.keys: SigningKeys = settings.signing_keys()
        self.catalogue = settings.catalogue()
        self.directory = ClientDirectory(store, self.catalogue, documents=settings.enable_cimd)
        self.indicator = ResourceIndicator(settings.resources(), settings.default_resource)
        self.register_token_generator("default", AccessTokens(settings, self.keys))
        self.register_grant(CodeGrant, [StrictCodeChallenge(), self.indicator])
        self.register_grant(RotatingRefreshGrant)
        self.register_extension(partial(_add_issuer, settings.issuer))
        for endpoint in (Registration, Configuration, Revocation, Introspection):
            self.register_endpoint(endpoint)
        if settings.enable_device_flow:
            self.register_grant(DeviceGrant)
            self.register_endpoint(DeviceEndpoint)

    def metadata(self) -> dict[str, Any]:
        """The document of RFC 8414."""
        issuer = self.settings.issuer
        secret_methods = [method for method in AUTH_METHODS if method != "none"]
        document: dict[str, Any] = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "revocation_endpoint": f"{issuer}/revoke",
            "introspection_endpoint": f"{issuer}/introspect",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [GRANT_CODE, GRANT_REFRESH],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", *secret_methods],
            "revocation_endpoint_auth_methods_supported": ["none", *secret_methods],
            "introspection_endpoint_auth_methods_supported": secret_methods,
            "scopes_supported": list(self.catalogue.supported),
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": self.settings.enable_cimd,
        }
        if self.settings.enable_dcr:
            document["registration_endpoint"] = f"{issuer}/register"
        if self.keys.algorithm == "RS256":
            document["jwks_uri"] = f"{issuer}/jwks"
        if self.settings.enable_device_flow:
            document["device_authorization_endpoint"] = f"{issuer}/device_authorization"
            document["grant_types_supported"].append(GRANT_DEVICE)
        return document

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """For Authlib: looks a client up."""
        return self.directory.find(client_id)

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """For Authlib: makes the tokens of an answer live, unless their family was revoked meanwhile."""
        subject: Subject = request.user
        now = int(time.time())
        family_left = subject.family_start + self.settings.refresh_family_lifetime - now
        client_id = request.client.get_client_id()
        refresh = token.get("refresh_token", "")
        refresh_ttl = max(min(self.settings.refresh_token_lifetime, family_left), 1)
        lifetime = token["expires_in"]
        about = {"client_id": client_id, "sub": subject.sub, "family": subject.family, "aud": subject.resource}
        self.store.issue(
            Issued(
                family=subject.family,
                client_id=client_id,
                sub=subject.sub,
                jti=subject.jti,
                token_record=json.dumps(about),
                token_ttl=lifetime,
                token_expires=now + lifetime,
                refresh_digest=digest(refresh) if refresh else "",
                refresh_record=Grant(client_id, subject).record() if refresh else "",
                refresh_ttl=refresh_ttl,
                family_ttl=max(lifetime, refresh_ttl if refresh else 0),
            )
        )

    def create_oauth2_request(self, request: Incoming | OAuthRequest) -> OAuthRequest:
        """For Authlib: takes what :mod:`.messages` made of the web framework's request."""
        return OAuthRequest(request, self.settings.issuer) if isinstance(request, Incoming) else request

    def create_json_request(self, request: Incoming | DocumentRequest) -> DocumentRequest:
        """For Authlib: likewise for JSON."""
        return DocumentRequest(request, self.settings.issuer) if isinstance(request, Incoming) else request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Reply:
        """For Authlib: makes a reply."""
        return Reply(status, body, list(headers))

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Reply:
        """For Authlib: unknown or wrong client credentials always get 401 with a challenge."""
        if isinstance(error, InvalidClientError):
            error = InvalidClientError("the client is unknown or did not authenticate as registered", status_code=401)
        reply: Reply = super().handle_error_response(request, error)
        return reply

    def authorization_error(self, redirect_uri: str, error: OAuth2Error, state: str | None) -> Reply:
        """A redirect that tells the client what went wrong, with ``state`` and ``iss``."""
        parameters = [("error", error.error)]
        if description := error.get_error_description():
            parameters.append(("error_description", description))
        if state:
            parameters.append(("state", state))
        parameters.append(("iss", self.settings.issuer))
        return Reply(302, "", [("Location", add_params_to_uri(redirect_uri, parameters))])

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """For Authlib: nobody listens."""
