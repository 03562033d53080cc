"""Fixtures of the client's tests: an authorization server, a service, and a browser that says yes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from authority import Authority, Service, browser, running
from mcp_oauth_dynamicclient import OAuth2Client


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Stage:
    """A server that outlives the tests, with the application of the test that runs."""

    def __init__(self) -> None:
        self.app: Any = None
        self.origin = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stages() -> Iterator[tuple[Stage, Stage]]:
    one, other = Stage(), Stage()
    with running(one) as one.origin, running(other) as other.origin:
        yield one, other


@pytest.fixture
def authority(stages: tuple[Stage, Stage]) -> Authority:
    server = Authority()
    server.issuer, stages[0].app = stages[0].origin, server.app
    return server


@pytest.fixture
def service(authority: Authority, stages: tuple[Stage, Stage]) -> Service:
    server = Service(authority)
    server.origin, stages[1].app = stages[1].origin, server.app
    return server


@pytest.fixture
def client(authority: Authority) -> Callable[..., OAuth2Client]:
    """A client of the authority; its browser approves unless the test brings another."""

    def build(**options: Any) -> OAuth2Client:
        return OAuth2Client(authority.issuer, "Test Client", **{"open_browser": browser, **options})

    return build


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
