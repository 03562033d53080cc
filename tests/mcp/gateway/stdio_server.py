"""A stdio MCP server for the proxy: a tool that reports progress and waits to be let go, and one that announces."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import anyio
from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

WAIT_SECONDS = 30

server = MCPServer("gateway-stdio")


@server.tool()
async def hold(path: str, ctx: Context) -> str:
    """Reports progress, then waits until the file exists."""
    await ctx.report_progress(1, 2, "waiting")
    with anyio.fail_after(WAIT_SECONDS):
        await to_thread.run_sync(_wait_for, Path(path), abandon_on_cancel=True)
    return "released"


@server.tool()
async def announce(ctx: Context) -> str:
    """Says that the list of tools has changed."""
    await ctx.session.send_tool_list_changed()
    return "announced"


@server.tool()
def whoami() -> str:
    """Names the process, to tell one child from another."""
    return f"{os.getpid()}"


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.02)


if __name__ == "__main__":
    server.run()
    sys.exit(0)
