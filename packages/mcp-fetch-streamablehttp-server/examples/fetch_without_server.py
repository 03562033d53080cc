"""Fetches a page from Python, without a server.

usage: python fetch_without_server.py URL [HOST:PORT]

``HOST:PORT`` names an exception from the rules about ports and addresses, for a page on this machine.
"""

from __future__ import annotations

import asyncio
import sys

from mcp_fetch_streamablehttp_server import FetchHandler, FetchLimits, UrlPolicy


async def main(page: str, exception: str | None) -> int:
    host, _, port = (exception or "").rpartition(":")
    policy = UrlPolicy(allow_hosts=[(host, int(port))] if exception else ())
    async with FetchHandler(policy=policy, limits=FetchLimits(timeout=10, max_size=1_000_000)) as handler:
        result = await handler.handle_fetch({"url": page, "format": "text"})
        print(result.content[0].text)
        return 1 if result.is_error else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)))
