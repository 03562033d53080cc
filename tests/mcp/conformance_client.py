"""Adapter between the official conformance suite and ``MCPClient``.

The suite names the scenario in ``MCP_CONFORMANCE_SCENARIO``, the wire in
``MCP_CONFORMANCE_PROTOCOL_VERSION``, gives data of its own in
``MCP_CONFORMANCE_CONTEXT`` and the server's address as the last argument.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import mcp_types as types
from mcp.shared.auth import AuthorizationCodeResult
from mcp_streamablehttp_client import MCPClient, MemoryStore

# The suite serves this document's registration by the identifier alone.
METADATA_URL = "https://conformance-test.local/client-metadata.json"
MODERN = "2026-07-28"


class Visitor:
    """Stands in for the person: follows the authorization URL and keeps what it is redirected to."""

    def __init__(self) -> None:
        self._location = ""

    async def visit(self, url: str) -> None:
        async with httpx2.AsyncClient() as browser:
            response = await browser.get(url, follow_redirects=False)
        self._location = response.headers["location"]

    async def answer(self) -> AuthorizationCodeResult:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self._location).query).items()}
        return AuthorizationCodeResult(code=query["code"], state=query.get("state"), iss=query.get("iss"))


async def accept_defaults(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
    """Accepts a form with the defaults its schema names (SEP-1034)."""
    schema = params.requested_schema if isinstance(params, types.ElicitRequestFormParams) else {}
    content = {name: field["default"] for name, field in schema.get("properties", {}).items() if "default" in field}
    return types.ElicitResult(action="accept", content=content)


def sample(schema: dict[str, Any]) -> dict[str, Any]:
    """Arguments that a schema of the suite's tools accepts."""
    values: dict[str, Any] = {"integer": 5, "number": 3, "string": "text", "boolean": True, "array": [], "object": {}}
    return {
        name: values.get(field.get("type", "string"), "text") for name, field in schema.get("properties", {}).items()
    }


async def play(client: Any, scenario: str, context: dict[str, Any]) -> None:
    """What the scenario wants done; ``client`` has the methods of ``MCPClient`` and of the SDK's ``Client``."""
    tools = (await client.list_tools()).tools
    if scenario in ("initialize", "json-schema-ref-no-deref"):
        return
    if scenario == "tools_call":
        await client.call_tool("add_numbers", {"a": 5, "b": 3})
        return
    if scenario == "json-schema-2020-12-preservation":
        echo = next(tool for tool in tools if tool.name == "json_schema_echo")
        focal = next(tool for tool in tools if tool is not echo)
        await client.call_tool(echo.name, {"schema": focal.input_schema})
        return
    for call in context.get("toolCalls", []):
        await client.call_tool(call["name"], call["arguments"])
    if context.get("toolCalls"):
        return
    for tool in tools:
        await client.call_tool(tool.name, sample(tool.input_schema))
    if scenario == "http-standard-headers":
        for resource in (await client.list_resources()).resources:
            await client.read_resource(str(resource.uri))
        for prompt in (await client.list_prompts()).prompts:
            await client.get_prompt(prompt.name, {argument.name: "text" for argument in prompt.arguments or []})


def context() -> dict[str, Any]:
    """The data of the scenario."""
    return json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")


async def main(url: str) -> None:
    scenario, given = os.environ["MCP_CONFORMANCE_SCENARIO"], context()
    visitor = Visitor()
    modern = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION") == MODERN
    oauth = {key: given[key] for key in ("client_id", "client_secret") if key in given}
    client = MCPClient(
        url,
        {"client_name": "conformance", "client_metadata_url": METADATA_URL, **oauth},
        mode="auto" if modern else "legacy",
        storage=MemoryStore(),
        redirect_handler=visitor.visit,
        callback_handler=visitor.answer,
        elicitation_callback=accept_defaults,
    )
    async with client:
        await play(client, scenario, given)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
