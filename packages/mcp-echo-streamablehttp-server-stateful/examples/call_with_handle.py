"""Keeps state over the stateless revision: the handle of the first answer goes into the later calls.

Start the server in one terminal::

    mcp-echo-streamablehttp-server-stateful --port 3000

and run this in another::

    python call_with_handle.py http://127.0.0.1:3000/mcp
"""

from __future__ import annotations

import asyncio
import sys

from mcp import Client


async def main(url: str) -> None:
    async with Client(url) as client:
        print("protocol:", client.protocol_version)
        first = await client.call_tool("echo", {"message": "remember me"})
        handle = first.structured_content["handle"]
        second = await client.call_tool("echo", {"message": "and me", "handle": handle})
        print("echoes so far:", second.structured_content["count"])
    async with Client(url) as client:
        replayed = await client.call_tool("replayLastEcho", {"handle": handle})
        print(replayed.content[0].text)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000/mcp"))
