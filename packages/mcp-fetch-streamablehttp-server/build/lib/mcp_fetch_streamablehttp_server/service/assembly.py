"""Puts the layers and the SDK's session manager together into one ASGI application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .admission import AdmissionLayer
from .draining import Closing, ListenStreamLayer
from .envelope import MAX_BODY_BYTES, EnvelopeLayer
from .identity import IdentityLayer
from .request_log import RequestLogLayer
from .settings import ServiceSettings

_EXPOSED = ("Mcp-Session-Id", "MCP-Protocol-Version", "WWW-Authenticate")


class Manager(Protocol):
    """What answers the requests that the layers let through; the SDK's session manager is one."""

    def run(self) -> AbstractAsyncContextManager[None]:
        """Lives as long as the application."""

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""


@dataclass(frozen=True)
class Health:
    """What ``/health`` says beside its status and the version: facts, or a ``reason`` when unhealthy."""

    healthy: bool = True
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceParts:
    """What a package brings to the assembly.

    ``manager`` is called once per start of the application: the SDK's manager
    cannot run twice. ``inner`` wraps it with layers of the package's own,
    ``background`` runs beside it, ``health`` is asked by ``/health``, and
    ``application`` is the class to build.
    """

    version: str
    logger: logging.Logger
    manager: Callable[[], Manager]
    inner: Callable[[ASGIApp], ASGIApp] = lambda app: app
    background: Callable[[], AbstractAsyncContextManager[object]] = nullcontext
    health: Callable[[], Health] = Health
    application: Callable[..., Starlette] = Starlette


class _Endpoint:
    """The running session manager, or 503 while there is none."""

    def __init__(self) -> None:
        self.manager: Manager | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.manager is None:
            await JSONResponse(_UNHEALTHY, status_code=503)(scope, receive, send)
        else:
            await self.manager.handle_request(scope, receive, send)


_UNHEALTHY = {"status": "unhealthy", "reason": "the session manager is not running"}


def assemble(settings: ServiceSettings, parts: ServiceParts) -> Starlette:
    """Builds the application: ``/mcp`` (with or without trailing slash) and ``/health``.

    ``app.state.closing`` ends its listen streams, for whoever stops the server.
    """
    endpoint = _Endpoint()
    closing = Closing()
    listening = ListenStreamLayer(parts.inner(endpoint), closing)
    enveloped = EnvelopeLayer(listening, settings.protocol, MAX_BODY_BYTES)
    # An instance, not a function: Starlette then sends it every verb and leaves the answer to the layers.
    layered = AdmissionLayer(IdentityLayer(enveloped, settings.edge), settings.allow)

    async def answer_health(request: Request) -> JSONResponse:
        if endpoint.manager is None:
            return JSONResponse(_UNHEALTHY, status_code=503)
        health = parts.health()
        status = {"status": "healthy" if health.healthy else "unhealthy", "version": parts.version}
        return JSONResponse({**status, **health.facts}, status_code=200 if health.healthy else 503)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        manager = parts.manager()
        closing.begin()
        async with parts.background(), manager.run():
            endpoint.manager = manager
            try:
                yield
            finally:
                endpoint.manager = None

    middleware = [Middleware(RequestLogLayer, edge=settings.edge, logger=parts.logger)]
    if settings.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["*"],
                expose_headers=list(_EXPOSED),
                allow_credentials=False,
            )
        )
    routes = [
        Route("/mcp", endpoint=layered),
        Route("/mcp/", endpoint=layered),
        Route("/health", endpoint=answer_health, methods=["GET"]),
    ]
    app = parts.application(routes=routes, middleware=middleware, lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.closing = closing
    return app
