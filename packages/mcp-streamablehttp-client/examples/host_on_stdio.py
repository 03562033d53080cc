"""A stdio host that knows nothing of HTTP: it starts the bridge as if it were a local server.

usage: python host_on_stdio.py URL
"""

import asyncio
import os
import sys

from mcp import Client, StdioServerParameters


async def main(url: str) -> None:
    bridge = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mcp_streamablehttp_client"],
        env={**os.environ, "MCP_SERVER_URL": url},
    )
    async with Client(bridge) as client:
        print("protocol:", client.protocol_version)
        for tool in (await client.list_tools()).tools:
            print("tool:", tool.name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
