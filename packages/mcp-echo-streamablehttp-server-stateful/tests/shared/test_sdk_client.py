"""The official client, in both of its modes, calls every tool."""

from __future__ import annotations

import pytest
from mcp import Client
from mcp_types import CallToolResult
from under_test import TOOLS

FAILS_WITHOUT_MORE = {"bearerDecode"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
async def test_every_tool_answers(url: str, mode: str, version: str):
    async with Client(url, mode=mode) as client:
        assert client.protocol_version == version
        listed = await client.list_tools()
        assert tuple(tool.name for tool in listed.tools) == TOOLS
        echoed = await client.call_tool("echo", {"message": "hello"})
        assert isinstance(echoed, CallToolResult)
        handle = echoed.structured_content.get("handle")
        for tool in listed.tools:
            arguments = {"message": "hello"} if tool.name == "echo" else {}
            if handle is not None and "handle" in tool.input_schema["properties"]:
                arguments["handle"] = handle
            result = await client.call_tool(tool.name, arguments)
            assert result.is_error is (tool.name in FAILS_WITHOUT_MORE), (tool.name, result)
