"""Fixtures of the tests: servers under test with the settings a test asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from harness import Wire, running
from under_test import build


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Endpoint of a server with default settings, shared by the tests that change nothing about it."""
    with running(build().app) as address:
        yield address


@pytest.fixture(scope="session")
def wire(url: str) -> Iterator[Wire]:
    """Raw client of the shared server."""
    client = Wire(url)
    yield client
    client.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Wire]]:
    """Starts a server with settings of the test's own; see ``under_test.build``."""
    with ExitStack() as stack:

        def start(**options: Any) -> Wire:
            client = Wire(stack.enter_context(running(build(**options).app)))
            stack.callback(client.close)
            return client

        yield start
