"""Authorizes with a page opener of the program's own, and keeps the credentials in memory.

usage: python own_browser.py URL
"""

import asyncio
import sys

from mcp_streamablehttp_client import MCPClient, MemoryStore


async def show(authorization_url: str) -> None:
    """A real program would open a window here."""
    print("Please visit:", authorization_url, flush=True)


async def main(url: str) -> None:
    client = MCPClient(url, {"client_name": "Example"}, storage=MemoryStore(), redirect_handler=show)
    async with client:
        print("authorized, tools:", ", ".join(tool.name for tool in (await client.list_tools()).tools))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
