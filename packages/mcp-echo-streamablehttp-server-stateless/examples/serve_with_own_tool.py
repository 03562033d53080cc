"""Serves the echo server with one more tool, on a port the system chooses.

It shows the Python interface: settings, an extra tool, and ``run``.
"""

from __future__ import annotations

from typing import Any

from mcp_echo_streamablehttp_server_stateless import MCPEchoServer
from mcp_echo_streamablehttp_server_stateless.tools.call import Call
from mcp_echo_streamablehttp_server_stateless.tools.catalogue import EchoTool, Reply, ToolError


async def count_words(call: Call, arguments: dict[str, Any]) -> Reply:
    words = len(arguments["text"].split())
    if words == 0:
        raise ToolError("There is no word in `text`.")
    return Reply(f"{words} words", {"words": words})


COUNT_WORDS = EchoTool(
    name="countWords",
    title="Count words",
    description="Counts the words of a text.",
    run=count_words,
    properties={"text": {"type": "string"}},
    required=("text",),
)


if __name__ == "__main__":
    MCPEchoServer(extra_tools=[COUNT_WORDS]).run("127.0.0.1", 0)
