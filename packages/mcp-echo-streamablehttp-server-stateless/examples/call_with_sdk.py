"""Calls a running echo server with the official SDK.

Start the server in one terminal::

    mcp-echo-streamablehttp-server-stateless --port 3000

and run this in another::

    python call_with_sdk.py http://127.0.0.1:3000/mcp
"""

from __future__ import annotations

import asyncio
import sys

from mcp import Client


async def main(url: str) -> None:
    async with Client(url) as client:
        print("protocol:", client.protocol_version)
        print("tools:", ", ".join(tool.name for tool in (await client.list_tools()).tools))
        result = await client.call_tool("echo", {"message": "hello", "uppercase": True, "reverse": True})
        print("answer:", result.structured_content["message"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000/mcp"))
