"""Fixtures of the gateway's tests: everything runs once, both edges at the same time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NAMES = HERE / "loopback_names"
sys.path.insert(0, str(NAMES))
sys.modules.pop("sitecustomize", None)
import sitecustomize  # noqa: E402, F401 - its import makes the names of the edges resolvable
from stack import EDGES, Gateway, Stack, running_stack  # noqa: E402 - after the names
from streams import ListenStream  # noqa: E402 - after the names


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture(scope="session")
def listening(stack: Stack) -> Iterator[dict[str, ListenStream]]:
    """A legacy listen stream through each edge, opened before any other test and read to the end."""
    opened = {edge: ListenStream(stack.gateways[edge]) for edge in EDGES}
    yield opened
    for stream in opened.values():
        stream.close()


@pytest.fixture(params=EDGES)
def gateway(request: pytest.FixtureRequest, stack: Stack, listening: dict[str, ListenStream]) -> Gateway:
    """The gateway behind one edge after the other."""
    return stack.gateways[request.param]
