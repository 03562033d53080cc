"""Fixtures of the tests: servers of either era, protected ones, and processes that are ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from auth_server import Protected, protected_server
from hosts import Process
from mcp_server import Running, mcp_server
from mcp_streamablehttp_client import http_client


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and no test reaches the person's credentials."""
    for name in ("MCP_SERVER_URL", "MCP_CLIENT_ID", "MCP_CLIENT_ACCESS_TOKEN", "LOG_LEVEL", "BROWSER", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(http_client, "_RETRY_DELAYS", (0.01, 0.01))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def shared() -> Iterator[Running]:
    """A server of both eras that no test changes."""
    with mcp_server() as server:
        yield server


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    """Starts a server of the test's own."""
    with ExitStack() as stack:

        def start(*arguments: Any, **options: Any) -> Running:
            return stack.enter_context(mcp_server(*arguments, **options))

        yield start


@pytest.fixture
def protect() -> Iterator[Callable[..., Protected]]:
    """Starts a protected server of the test's own."""
    with ExitStack() as stack:

        def start(**options: Any) -> Protected:
            return stack.enter_context(protected_server(**options))

        yield start


@pytest.fixture
def protected(protect: Callable[..., Protected]) -> Protected:
    return protect()


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts the real command as a bridge."""
    started: list[Process] = []

    def start(url: str, *arguments: str, **environment: str) -> Process:
        started.append(Process(url, tmp_path, *arguments, **environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
