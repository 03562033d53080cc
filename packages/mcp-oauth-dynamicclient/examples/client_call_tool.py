"""Calls a tool behind the gateway with a token for that service alone, and keeps the credentials in a file.

The second run needs no browser: registration and tokens are still there. Run it with the authorization
server, the service and a file of your own::

    python client_call_tool.py https://auth.yourdomain.com https://echo.yourdomain.com/mcp ~/.mcp/example.json
"""

from __future__ import annotations

import asyncio
import sys

from mcp_oauth_dynamicclient import OAuth2Client
from mcp_oauth_dynamicclient.client import FileStorage

VERSION = "2026-07-28"
HEADERS = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": VERSION,
    "Mcp-Method": "tools/call",
    "Mcp-Name": "echo",
}
META = {"io.modelcontextprotocol/protocolVersion": VERSION, "io.modelcontextprotocol/clientCapabilities": {}}
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "echo", "arguments": {"message": "hello"}, "_meta": META},
}


async def main(auth_server: str, service: str, credentials: str) -> None:
    async with OAuth2Client(auth_server, "Example", resource=service, storage=FileStorage(credentials)) as client:
        # Without a token yet, this signs in by itself; with one that has run out, it renews it.
        response = await client.request("POST", service, json=CALL, headers=HEADERS)
        print(response.status_code, response.text)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
