"""Authlib's OAuth client over this package's HTTP: URLs, grants and client authentication are Authlib's.

Authlib's own asynchronous client chooses its HTTP library by what is installed;
this one stays with the library the rest of the package uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import DEFAULT_HEADERS
from authlib.oauth2.client import OAuth2Client as AuthlibClient

from .discovery import ServerMetadata
from .errors import TokenError
from .storage import Record
from .wire import Wire, json_object

_AUTHENTICATION = ("none", "client_secret_basic", "client_secret_post")


class TokenEndpoint(AuthlibClient):  # type: ignore[misc]  # Authlib carries no types
    """Token and revocation endpoint of one authorization server, as one client."""

    def __init__(self, wire: Wire, server: ServerMetadata, registration: Record, redirect_uri: str | None) -> None:
        self.session = None  # Authlib's finalizer needs it even when this constructor raises
        secret = registration.get("client_secret")
        method = registration.get("token_endpoint_auth_method") or ("client_secret_basic" if secret else "none")
        if method not in _AUTHENTICATION:
            raise TokenError(f"registered with a client authentication this client does not know: {method}")
        super().__init__(
            session=None,
            client_id=registration["client_id"],
            client_secret=secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        self._wire = wire
        self._server = server

    def authorization_url(self, *, state: str, verifier: str, scope: str | None, resource: str | None) -> str:
        """Where the person signs in (RFC 6749, section 4.1.1; RFC 7636; RFC 8707)."""
        address, _ = self.create_authorization_url(
            self._server.authorization_endpoint, state=state, code_verifier=verifier, scope=scope, resource=resource
        )
        return str(address)

    async def redeem(self, code: str, *, verifier: str, resource: str | None) -> dict[str, Any]:
        """Trades a code for a token.

        Raises:
            TokenError: the endpoint refused, or answered nonsense.
        """
        more = {"resource": resource} if resource else {}
        return await _asked(
            self.fetch_token(
                self._server.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                **more,
            )
        )

    async def renew(self, refresh_token: str, *, resource: str | None) -> dict[str, Any]:
        """Trades a refresh token for the next token.

        Raises:
            TokenError: the endpoint refused, or answered nonsense.
        """
        more = {"resource": resource} if resource else {}
        return await _asked(self.refresh_token(self._server.token_endpoint, refresh_token=refresh_token, **more))

    async def revoke(self, token: str, hint: str) -> None:
        """Ends a token (RFC 7009).

        Raises:
            TokenError: the server has no such endpoint, or it refused.
        """
        endpoint = self._server.revocation_endpoint
        if endpoint is None:
            raise TokenError(f"authorization server has no revocation endpoint: {self._server.issuer}")
        response: httpx.Response = await self.revoke_token(endpoint, token=token, token_type_hint=hint)
        if response.status_code != 200:
            code = (json_object(response) or {}).get("error")
            raise TokenError(f"revocation refused with status {response.status_code}", code=_text(code))

    async def _fetch_token(
        self, url: str, body: str = "", headers: Any = None, auth: Any = None, method: str = "POST"
    ) -> Any:
        return self.parse_response_token(await self._http_post(url, body, auth, headers))

    async def _refresh_token(
        self, url: str, refresh_token: str | None = None, body: str = "", headers: Any = None, auth: Any = None
    ) -> Any:
        token = self.parse_response_token(await self._http_post(url, body, auth, headers))
        token.setdefault("refresh_token", refresh_token)
        return token

    async def _http_post(
        self, url: str, body: str = "", auth: ClientAuth | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        signed = auth or self.client_auth(self.token_endpoint_auth_method)
        address, sent, text = signed.prepare("POST", url, dict(headers or DEFAULT_HEADERS), body)
        return await self._wire.send("POST", address, "the token endpoint", headers=sent, body=text.encode())


async def _asked(answer: Any) -> dict[str, Any]:
    """Awaits Authlib's answer and turns its errors into ours; no message repeats what was sent."""
    try:
        token = dict(await answer)
    except OAuth2Error as error:
        raise TokenError(f"token endpoint refused: {error.error}", code=error.error) from None
    except httpx.HTTPStatusError as error:
        raise TokenError(f"token endpoint failed with status {error.response.status_code}") from None
    except ValueError:
        raise TokenError("token endpoint answered with something else than a token") from None
    if not _text(token.get("access_token")) or str(token.get("token_type", "")).lower() != "bearer":
        raise TokenError("token endpoint answered without a bearer token")
    return token


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
