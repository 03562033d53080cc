"""Builds the application from settings. Configures no logging and starts nothing before the first request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from .about import distribution_version
from .cimd import DocumentFetcher
from .github import GitHub, upstream_client
from .oauth.server import OAuthServer
from .pinned import Resolver, system_resolver
from .proxies import TrustedProxies, parse_networks
from .service.log_output import fields
from .settings import Settings, load_settings
from .store.contract import Store, StoreUnavailableError
from .store.embedded import EmbeddedStore
from .store.redis_store import RedisStore
from .web.context import Context
from .web.faults import WebError, answer_fault, answer_http, answer_unavailable
from .web.request_layer import RequestLayer
from .web.routes import add_routes

_REDIS_PATIENCE = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_logger = logging.getLogger(__name__)


def open_store(settings: Settings) -> Store:
    """Redis if the settings name one, else the embedded store."""
    location = settings.redis_location()
    return EmbeddedStore() if location is None else RedisStore(location, settings.redis_password)


def create_app(
    settings: Settings | None = None, *, store: Store | None = None, resolver: Resolver = system_resolver
) -> FastAPI:
    """The authorization server as an ASGI application.

    Args:
        settings: read from the environment and ``.env`` when left out.
        store: where clients and tokens are kept; by default what the settings say.
        resolver: resolves the hosts of client metadata documents.

    Raises:
        ConfigurationError: the environment's settings make no sense.
    """
    settings = settings or load_settings()
    store = store or open_store(settings)
    upstream = upstream_client()
    proxies = TrustedProxies(parse_networks(settings.trusted_proxies))
    # Authlib writes tokens to its debug log.
    logging.getLogger("authlib").setLevel(logging.WARNING)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watch = asyncio.create_task(_await_store(store))
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            await upstream.aclose()
            await store.aclose()

    app = FastAPI(
        title="MCP OAuth authorization server",
        version=distribution_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    context = Context(
        settings=settings,
        store=store,
        oauth=OAuthServer(settings, store),
        github=GitHub(settings, upstream),
        documents=DocumentFetcher(
            store,
            allowed_hosts=settings.cimd_allowed_hosts,
            private_hosts=settings.cimd_private_hosts,
            resolver=resolver,
        ),
        proxies=proxies,
        resources=settings.resources(),
    )
    add_routes(app, context)
    app.add_exception_handler(WebError, answer_fault)
    app.add_exception_handler(StoreUnavailableError, answer_unavailable)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_middleware(RequestLayer, proxies=proxies)
    return app


async def _await_store(store: Store) -> None:
    """Says what the store is. Waits for Redis with growing pauses; requests meanwhile get 503."""
    if store.kind == "embedded":
        _logger.warning(fields("store", {"kind": "embedded", "text": "clients and tokens end with this process"}))
        return
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + _REDIS_PATIENCE, _FIRST_PAUSE
    while not await store.ping():
        if loop.time() >= deadline:
            text = "no answer for 30 seconds; requests get status 503 until there is one"
            _logger.error(fields("store", {"kind": "redis", "text": text}))
            return
        _logger.warning(fields("store", {"kind": "redis", "text": "no answer yet"}))
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    _logger.info(fields("store", {"kind": "redis", "text": "connected"}))
