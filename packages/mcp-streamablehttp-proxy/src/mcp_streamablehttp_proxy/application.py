"""The ASGI application of one configuration. Building it starts no server; its lifespan does, on demand."""

from __future__ import annotations

import logging
from functools import partial

from fastapi import FastAPI

from .about import NAME, PACKAGE, distribution_version
from .configuration import ProxyConfiguration
from .service.assembly import Health, ServiceParts, assemble
from .session_manager import MCPSessionManager


def build_app(configuration: ProxyConfiguration) -> FastAPI:
    """An application with ``/mcp`` and ``/health`` and nothing else: no HTTP path starts another command."""
    logger = logging.getLogger(PACKAGE)
    managers: list[MCPSessionManager] = []

    def manager() -> MCPSessionManager:
        managers[:] = [MCPSessionManager(configuration, logger, closing=app.state.closing.wait)]
        return managers[0]

    def health() -> Health:
        return managers[0].health() if managers else Health(healthy=False)

    parts = ServiceParts(
        version=distribution_version(),
        logger=logger,
        manager=manager,
        health=health,
        application=partial(FastAPI, title=NAME, docs_url=None, redoc_url=None, openapi_url=None),
    )
    app = assemble(configuration.settings, parts)
    if not isinstance(app, FastAPI):
        raise TypeError("the service was asked for a FastAPI application")
    return app
