"""Calls a running fetch server with the official SDK, reading a long page in parts.

Start the server in one terminal::

    mcp-fetch-streamablehttp-server --port 3000

and run this in another::

    python call_with_sdk.py http://127.0.0.1:3000/mcp https://example.com/
"""

from __future__ import annotations

import asyncio
import sys

from mcp import Client


async def main(url: str, page: str) -> None:
    async with Client(url) as client:
        print("protocol:", client.protocol_version)
        start: int | None = 0
        while start is not None:
            part = await client.call_tool("fetch", {"url": page, "start_index": start, "max_length": 2000})
            if part.is_error:
                raise SystemExit(part.content[0].text)
            print(part.content[0].text)
            start = part.structured_content["next_index"]


if __name__ == "__main__":
    asyncio.run(
        main(
            sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000/mcp",
            sys.argv[2] if len(sys.argv) > 2 else "https://example.com/",
        )
    )
