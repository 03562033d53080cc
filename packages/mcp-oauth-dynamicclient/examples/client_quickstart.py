"""Registers, lets you sign in, and sends one request with the token.

Give it the authorization server and the address of a service behind the gateway::

    python client_quickstart.py https://auth.yourdomain.com https://mcp-service.yourdomain.com/mcp
"""

from __future__ import annotations

import asyncio
import sys

from mcp_oauth_dynamicclient import OAuth2Client


async def main(auth_server: str, service: str) -> None:
    # Initialize client
    client = OAuth2Client(auth_server=auth_server, client_name="My MCP Client")

    # Register dynamically
    registration = await client.register()
    print("registered as", registration["client_id"])

    # Perform OAuth flow
    token = await client.authenticate()

    # Use token for requests
    response = await client.request("GET", service, headers={"Authorization": f"Bearer {token}"})
    print("answered with", response.status_code)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
