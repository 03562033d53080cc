"""An official stdio server takes the place behind the proxy; the edges find it there. Named to run last."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from processes import until
from stack import Gateway, Stack
from wire import tool_text

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mcp_server_time") is None, reason="mcp-server-time is not installed"
)


@pytest.fixture(scope="module")
def time_server(stack: Stack, listening) -> None:
    """Ends the listen streams, which were sessions of the process that goes."""
    for stream in listening.values():
        stream.close()
    stack.start_proxy([sys.executable, "-m", "mcp_server_time"])


@pytest.mark.usefixtures("time_server")
def test_time_server_behind_proxy_and_edge(gateway: Gateway):
    headers = gateway.tokens("proxy").header
    answers = []

    def reached() -> bool:
        answers.append(gateway.call("proxy", "get_current_time", {"timezone": "UTC"}, headers))
        return answers[-1].status_code == 200

    # nginx leaves an upstream alone for ten seconds after it has failed.
    until(reached, "the edge finds the proxy again", 30)
    assert '"timezone": "UTC"' in tool_text(answers[-1])
