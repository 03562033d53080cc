"""Adapter between the official conformance suite and the bridge: an SDK host that starts the installed command.

Works like ``conformance_client.py``. The browser of the bridge is ``curl``, so
that authorizations finish without a person.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from conformance_client import METADATA_URL, MODERN, accept_defaults, context, play
from mcp import Client, MCPError, StdioServerParameters

COMMAND = Path(sys.executable).with_name("mcp-streamablehttp-client")


def bridge(url: str, directory: str) -> StdioServerParameters:
    """How the host starts the bridge."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "BROWSER": "curl -sLo /dev/null %s",
        "CREDENTIAL_STORAGE_PATH": str(Path(directory) / "credentials.json"),
        "MCP_SERVER_URL": url,
        "MCP_CLIENT_ID": METADATA_URL,
    }
    given = context()
    for variable, key in (("MCP_CLIENT_ID", "client_id"), ("MCP_CLIENT_SECRET", "client_secret")):
        if key in given:
            environment[variable] = given[key]
    return StdioServerParameters(command=str(COMMAND), args=[], env=environment, cwd=directory)


async def main(url: str) -> None:
    modern = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION") == MODERN
    with tempfile.TemporaryDirectory() as directory:
        host = Client(bridge(url, directory), mode="auto" if modern else "legacy", elicitation_callback=accept_defaults)
        async with host as client:
            await play(client, os.environ["MCP_CONFORMANCE_SCENARIO"], context())


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[-1]))
    except MCPError as error:
        print(f"the bridge answered: {error}", file=sys.stderr)
        raise SystemExit(1) from None
