"""Starts a proxy in front of a stdio server and lists its tools through it, in both protocol eras.

usage: python call_through_proxy.py COMMAND [ARG ...]
"""

from __future__ import annotations

import asyncio
import sys

from mcp import Client
from mcp_streamablehttp_proxy import MCPProxy


async def main(command: list[str]) -> None:
    async with MCPProxy(command, port=0) as proxy:
        for mode in ("auto", "legacy"):
            async with Client(proxy.url, mode=mode) as client:
                tools = (await client.list_tools()).tools
                print(f"{client.protocol_version}: {', '.join(tool.name for tool in tools)}")


asyncio.run(main(sys.argv[1:]))
