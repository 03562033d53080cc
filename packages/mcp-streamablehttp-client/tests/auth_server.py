"""An authorization server on the SDK's server side, with switches for what it may do wrong.

It approves every request at once, as a person would who is in a hurry.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import parse_qs

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.routes import create_auth_routes
from mcp.server.auth.settings import ClientRegistrationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from mcp_server import Running, mcp_server
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from web import Recorder, Seen, json_answer, serving

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Provider:
    """Clients, codes and tokens in memory."""

    def __init__(self, issuer: str, life: int) -> None:
        self.issuer = issuer
        self.life = life
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.access: dict[str, AccessToken] = {}
        self.refresh: dict[str, RefreshToken] = {}
        self.refreshed = 0
        self.authorized = 0
        self.redirect_changes: dict[str, str] = {}
        self.deny = False

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info.model_copy(update={"scope": "mcp:read mcp:write"})

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        self.authorized += 1
        if self.deny:
            answer = {"error": "access_denied", "error_description": "not today", "state": params.state}
            return construct_redirect_uri(str(params.redirect_uri), **answer)
        code = secrets.token_urlsafe(16)
        self.codes[code] = AuthorizationCode(
            code=code,
            client_id=client.client_id,
            scopes=params.scopes or ["mcp:read"],
            expires_at=time.time() + 60,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=True,
            resource=params.resource,
        )
        answer = {"code": code, "state": params.state, "iss": self.issuer, **self.redirect_changes}
        return construct_redirect_uri(str(params.redirect_uri), **answer)

    async def load_authorization_code(self, client: Any, code: str) -> AuthorizationCode | None:
        return self.codes.get(code)

    async def exchange_authorization_code(self, client: Any, code: AuthorizationCode) -> OAuthToken:
        del self.codes[code.code]
        return self.issue(client.client_id, code.scopes, code.resource)

    async def load_refresh_token(self, client: Any, refresh_token: str) -> RefreshToken | None:
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(self, client: Any, refresh_token: RefreshToken, scopes: list[str]) -> OAuthToken:
        del self.refresh[refresh_token.token]  # rotation: a second use of the same token fails
        self.refreshed += 1
        return self.issue(client.client_id, scopes, None)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.access.get(token)

    async def revoke_token(self, token: Any) -> None:
        self.access.pop(token.token, None)

    def issue(self, client_id: str, scopes: list[str], resource: str | None) -> OAuthToken:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.access[access] = AccessToken(
            token=access, client_id=client_id, scopes=scopes, expires_at=int(time.time()) + self.life, resource=resource
        )
        self.refresh[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes)
        return OAuthToken(access_token=access, refresh_token=refresh, expires_in=self.life, scope=" ".join(scopes))


class AuthServer:
    """The application: the SDK's endpoints, RFC 7592, the device flow, and metadata the tests can spoil."""

    def __init__(self, origin: str, life: int = 3600) -> None:
        self.origin = origin
        self.provider = Provider(f"{origin}", life)
        self.metadata: dict[str, Any] = {}
        """Fields to put into the metadata; ``None`` removes one."""
        self.registration_token = secrets.token_urlsafe(16)
        self.device_answers: list[dict[str, str]] = []
        routes = create_auth_routes(
            self.provider,
            AnyHttpUrl(origin),
            client_registration_options=ClientRegistrationOptions(
                enabled=True, valid_scopes=["mcp:read", "mcp:write"], default_scopes=["mcp:read"]
            ),
        )
        own = [
            Route("/.well-known/oauth-authorization-server", self._published),
            Route("/manage/{client_id}", self._manage, methods=["GET", "PUT", "DELETE"]),
            Route("/device", self._device, methods=["POST"]),
        ]
        self.recorder = Recorder(Starlette(routes=[*own, *routes]), instead=self._instead)

    async def _published(self, _: Request) -> Response:
        document: dict[str, Any] = {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "registration_endpoint": f"{self.origin}/register",
            "scopes_supported": ["mcp:read", "mcp:write"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return JSONResponse({name: value for name, value in document.items() if value is not None})

    def _instead(self, seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        if seen.path == "/token" and self.device_answers:
            return json_answer(400, self.device_answers.pop(0))
        return None

    async def _manage(self, request: Request) -> Response:
        client_id = request.path_params["client_id"]
        known = self.provider.clients.get(client_id)
        if known is None or request.headers.get("authorization") != f"Bearer {self.registration_token}":
            return JSONResponse({"error": "invalid_token"}, 401)
        if request.method == "DELETE":
            del self.provider.clients[client_id]
            return Response(status_code=204)
        if request.method == "PUT":
            body = await request.json()
            issued = {"registration_access_token", "registration_client_uri", "client_id_issued_at"}
            if body.get("client_id") != client_id or issued & set(body):
                return JSONResponse({"error": "invalid_request"}, 400)
            secret = known.client_secret
            known = OAuthClientInformationFull.model_validate({**body, "client_secret": secret})
            self.provider.clients[client_id] = known
            self.registration_token = secrets.token_urlsafe(16)
        return JSONResponse(self.registered(known))

    async def _device(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        assert form["client_id"][0] in self.provider.clients
        answer = {"device_code": "dc-" + secrets.token_hex(8), "user_code": "ABCD-EFGH", "interval": 0, "expires_in": 5}
        return JSONResponse({**answer, "verification_uri": f"{self.origin}/device"})

    def registered(self, known: OAuthClientInformationFull) -> dict[str, Any]:
        return {
            **known.model_dump(mode="json", exclude_none=True),
            "registration_access_token": self.registration_token,
            "registration_client_uri": f"{self.origin}/manage/{known.client_id}",
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/register":
            await self._register(scope, receive, send)
            return
        await self.recorder(scope, receive, send)

    async def _register(self, scope: Any, receive: Any, send: Any) -> None:
        """Adds to the SDK's answer what RFC 7592 adds to it."""
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await self.recorder(scope, receive, keep)
        if messages[0]["status"] != 201:
            for message in messages:
                await send(message)
            return
        client_id = list(self.provider.clients)[-1]
        response = JSONResponse(self.registered(self.provider.clients[client_id]), 201)
        await response(scope, receive, send)


class Guard:
    """Asks for a token of one server in front of an application, and says where to get one."""

    def __init__(self, app: Any, origin: str, auth: AuthServer) -> None:
        self.app = app
        self.resource = f"{origin}/mcp"
        self.origin = origin
        self.auth = auth
        self.needed: dict[str, str] = {}
        """Scopes that a tool needs beyond being known."""
        self.prm: dict[str, Any] = {}
        self.recorder = Recorder(app, instead=self._judge)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.recorder(scope, receive, send)

    def _judge(self, seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        if seen.path.startswith("/.well-known/oauth-protected-resource"):
            document = {"resource": self.resource, "authorization_servers": [self.auth.origin], **self.prm}
            return json_answer(200, document)
        token = self.auth.provider.access.get(seen.headers.get("authorization", "").removeprefix("Bearer "))
        place = f'resource_metadata="{self.origin}/.well-known/oauth-protected-resource/mcp"'
        if token is None or (token.expires_at or 0) <= time.time():
            return json_answer(401, {"error": "invalid_token"}, **{"www-authenticate": f"Bearer {place}"})
        wanted = self.needed.get(str(seen.body.get("params", {}).get("name")))
        if wanted is not None and wanted not in token.scopes:
            challenge = f'Bearer error="insufficient_scope", scope="{wanted}", {place}'
            return json_answer(403, {"error": "insufficient_scope"}, **{"www-authenticate": challenge})
        return None


class Protected:
    """A protected MCP server and its authorization server."""

    def __init__(self, server: Running, guard: Guard, auth: AuthServer) -> None:
        self.url = server.url
        self.server = server
        self.guard = guard
        self.auth = auth
        self.provider = auth.provider


@contextmanager
def protected_server(life: int = 3600, era: str = "both") -> Iterator[Protected]:
    """Both servers, each on a port of its own."""
    with ExitStack() as stack:
        auths: list[AuthServer] = []
        guards: list[Guard] = []

        def authorization(origin: str) -> AuthServer:
            auths.append(AuthServer(origin, life))
            return auths[0]

        def guarded(app: Any, origin: str) -> Guard:
            guards.append(Guard(app, origin, auths[0]))
            return guards[0]

        stack.enter_context(serving(authorization))
        server = stack.enter_context(mcp_server(era, wrap=guarded))
        yield Protected(server, guards[0], auths[0])
