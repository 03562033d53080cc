"""Fixtures: GitHub, Redis, servers with either store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fake_github import FakeGitHub
from harness import Browser, RedisServer, Server, serving


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def session_github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as github:
        yield github


@pytest.fixture
def github(session_github: FakeGitHub) -> Iterator[FakeGitHub]:
    """A well-behaved GitHub."""
    session_github.behave()
    yield session_github
    session_github.behave()


@pytest.fixture(autouse=True)
def _browsers() -> Iterator[None]:
    yield
    Browser.close_all()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A redis-server shared by the tests that do not stop it."""
    if shutil.which("redis-server") is None:
        pytest.fail("these tests need redis-server")
    server = RedisServer()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def shared(session_github: FakeGitHub) -> Iterator[Server]:
    """A server with the embedded store and default settings, shared by tests that change nothing about it."""
    with serving(session_github) as server:
        yield server


@pytest.fixture
def server(shared: Server, github: FakeGitHub) -> Server:
    """The shared server, with a well-behaved GitHub."""
    return shared


@pytest.fixture(scope="session")
def with_redis(session_github: FakeGitHub, redis_server: RedisServer) -> Iterator[Server]:
    """A server with Redis and default settings, likewise."""
    with serving(session_github, redis_url=redis_server.url) as server:
        yield server


@pytest.fixture(params=["embedded", "redis"])
def either(request: pytest.FixtureRequest, github: FakeGitHub) -> Server:
    """A server with each kind of store in turn."""
    server: Server = request.getfixturevalue("shared" if request.param == "embedded" else "with_redis")
    return server


@pytest.fixture
def start(github: FakeGitHub) -> Iterator[Callable[..., Server]]:
    """Starts servers with settings of the test's own."""
    with ExitStack() as stack:

        def begin(app_options: dict[str, Any] | None = None, **changes: Any) -> Server:
            return stack.enter_context(serving(github, app_options, **changes))

        yield begin
