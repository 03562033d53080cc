"""Which path leads where. The only module that knows FastAPI's router."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..about import distribution_version
from . import schema
from .authorize import AuthorizationEndpoints
from .bodies import query_of
from .clients_and_tokens import BackChannel
from .context import Context
from .devices import DevicePage
from .discovery import RESOURCE_PATH, Discovery
from .pages import message_page, success_page
from .verify import Verify

_Endpoint = Callable[[Request], Awaitable[Response]]
_CLIENT_AUTH = ("client_id", "client_secret")
_AUTHORIZE = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
)
_TOKEN = ("code", "redirect_uri", "code_verifier", "refresh_token", "device_code", "scope", "resource")


def add_routes(app: FastAPI, context: Context) -> None:
    """Adds every endpoint that the settings switch on."""
    # First, since it is asked about every request to every service.
    app.router.routes.insert(0, Route("/verify", Verify(context, context.settings.policy())))
    _add_discovery(app, Discovery(context))
    authorization = AuthorizationEndpoints(context)
    back = BackChannel(context)
    _add(app, "/authorize", authorization.authorize, ["GET"], schema.query(*_AUTHORIZE))
    _add(app, "/authorize", authorization.authorize, ["POST"], schema.form(*_AUTHORIZE[:2], optional=_AUTHORIZE[2:]))
    _add(app, "/consent", authorization.consent, ["POST"], schema.form("request_id", "csrf_token", "decision"))
    _add(app, "/callback", authorization.callback, ["GET"], schema.query("code", "state", "error"))
    _add(app, "/token", back.token, ["POST"], schema.form("grant_type", optional=(*_TOKEN, *_CLIENT_AUTH)))
    about_token = schema.form("token", optional=("token_type_hint", *_CLIENT_AUTH))
    _add(app, "/revoke", back.revoke, ["POST"], about_token)
    _add(app, "/introspect", back.introspect, ["POST"], about_token)
    if context.settings.enable_dcr:
        _add(app, "/register", back.register, ["POST"], schema.registration())
        _add(app, "/register/{client_id}", back.registration, ["GET", "DELETE"], schema.client_path())
        replacing = {**schema.client_path(), **schema.registration()}
        _add(app, "/register/{client_id}", back.registration, ["PUT"], replacing)
    if context.settings.enable_device_flow:
        device = DevicePage(context, authorization)
        wanted = schema.form("client_id", optional=("client_secret", "scope", "resource"))
        _add(app, "/device_authorization", back.device_authorization, ["POST"], wanted)
        _add(app, "/device", device.show, ["GET"], schema.query("user_code"))
        _add(app, "/device", device.submit, ["POST"], schema.form("user_code", "csrf_token"))
    _add(app, "/success", _success, ["GET"], schema.query("code", "state", "iss"))
    _add(app, "/error", _error, ["GET"])
    _add(app, "/health", _health(context), ["GET"])


def _add_discovery(app: FastAPI, discovery: Discovery) -> None:
    documents: dict[str, _Endpoint] = {
        "/.well-known/oauth-authorization-server": discovery.server_metadata,
        RESOURCE_PATH: discovery.resource_metadata,
        RESOURCE_PATH + "/{path:path}": discovery.resource_metadata,
        "/jwks": discovery.keys,
        "/.well-known/jwks.json": discovery.keys,
    }
    for path, endpoint in documents.items():
        _add(app, path, endpoint, ["GET"])
        app.add_api_route(path, _bare(discovery.preflight), methods=["OPTIONS"], include_in_schema=False)


def _add(
    app: FastAPI, path: str, endpoint: _Endpoint, methods: Sequence[str], extra: dict[str, Any] | None = None
) -> None:
    for method in methods:
        app.add_api_route(
            path,
            _bare(endpoint),
            methods=[method],
            openapi_extra=extra,
            operation_id=f"{method.lower()}_{path.strip('/').replace('/', '_').replace('.', '_') or 'root'}",
            summary=(endpoint.__doc__ or "").strip().partition("\n")[0],
            response_class=Response,
        )


def _bare(endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """A plain function of the request: FastAPI looks at annotations, which bound methods of classes obscure."""

    async def handler(request: Request) -> Response:
        return await endpoint(request)

    handler.__annotations__ = {"request": Request, "return": Response}
    return handler


async def _success(request: Request) -> Response:
    """Shows the code to paste."""
    incoming = query_of(request)
    shown = [(name, incoming.value(name)) for name in ("code", "state", "iss")]
    return success_page([(name, value) for name, value in shown if value is not None])


async def _error(request: Request) -> Response:
    """Says that something went wrong."""
    return message_page("Sign-in failed", "Go back to the application and start again.")


def _health(context: Context) -> _Endpoint:
    async def health(request: Request) -> Response:
        """Whether the server can serve."""
        version = distribution_version()
        if context.store.kind == "embedded":
            return JSONResponse({"status": "healthy", "store": "embedded", "version": version})
        if await context.store.ping():
            return JSONResponse({"status": "healthy", "redis": "connected", "version": version})
        reason = {"status": "unhealthy", "reason": "Redis does not answer", "redis": "unreachable", "version": version}
        return JSONResponse(reason, 503)

    return health
