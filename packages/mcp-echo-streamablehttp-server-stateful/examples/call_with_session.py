"""Keeps state over a revision with sessions: the SDK opens the session and ends it.

usage: python call_with_session.py [URL]
"""

from __future__ import annotations

import asyncio
import sys

from mcp import Client


async def main(url: str) -> None:
    async with Client(url, mode="legacy") as client:
        print("protocol:", client.protocol_version)
        echoed = await client.call_tool("echo", {"message": "remember me"})
        print(echoed.content[0].text)
        replayed = await client.call_tool("replayLastEcho", {})
        print(replayed.content[0].text)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000/mcp"))
