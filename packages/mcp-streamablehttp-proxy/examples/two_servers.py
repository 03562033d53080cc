"""Serves two stdio servers beside each other until interrupted. usage: python two_servers.py FIRST SECOND"""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys

from mcp_streamablehttp_proxy import MCPProxy


async def main(first: str, second: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with MCPProxy(shlex.split(first), port=0) as one, MCPProxy(shlex.split(second), port=0) as other:
        print(one.url, other.url, flush=True)
        await stop.wait()


asyncio.run(main(sys.argv[1], sys.argv[2]))
