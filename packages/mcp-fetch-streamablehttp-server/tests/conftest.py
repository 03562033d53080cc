"""Fixtures of the tests: a web site, an Internet that leads to it, handlers, servers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest
from harness import Wire, running
from mcp_fetch_streamablehttp_server import FetchHandler, FetchLimits, UrlPolicy
from origin import Authority, Internet, Origin
from support import build


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the machine, and no ``.env``, reaches a test."""
    for name in list(os.environ):
        if name.startswith(("MCP_", "FETCH_", "LOG_")) or name in ("HOST", "PORT"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def origin() -> Iterator[Origin]:
    """A fresh web site."""
    site = Origin()
    yield site
    site.close()


@pytest.fixture
def internet(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """An Internet whose every public web server is the origin."""
    net = Internet()
    net.ports = {80: origin.port, 8080: origin.port}
    with net.in_place(monkeypatch):
        yield net


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs the certificates of this run."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls_origin(authority: Authority, internet: Internet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    """The web site at https://site.example, with a certificate that handlers trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    site = Origin(authority.server("site.example"))
    internet.ports[443] = site.port
    yield site
    site.close()


Fetch = Callable[..., Any]


@pytest.fixture
async def handler(internet: Internet) -> AsyncIterator[Callable[..., FetchHandler]]:
    """Makes handlers that live on the test's Internet, and closes them."""
    async with AsyncExitStack() as stack:

        def make(*, policy: UrlPolicy | None = None, max_redirects: int = 5, **limits: Any) -> FetchHandler:
            made = FetchHandler(
                max_redirects=max_redirects,
                policy=policy,
                resolver=internet.resolve,
                limits=FetchLimits(**{"ignore_robots": True, **limits}),
            )
            stack.push_async_callback(made.aclose)
            return made

        yield make


@pytest.fixture
async def fetch(handler: Callable[..., FetchHandler]) -> Fetch:
    """Fetches with a handler of default settings (but without asking robots.txt)."""
    made = handler()

    async def run(url: str, **arguments: Any) -> Any:
        return await made.handle_fetch({"url": url, **arguments})

    return run


@pytest.fixture
def serve() -> Iterator[Callable[..., Wire]]:
    """Starts a server with variables of the test's own; yields raw clients of it."""
    with ExitStack() as stack:

        def start(handler: FetchHandler | None = None, **variables: str) -> Wire:
            client = Wire(stack.enter_context(running(build(handler, **variables).create_app())))
            stack.callback(client.close)
            return client

        yield start
