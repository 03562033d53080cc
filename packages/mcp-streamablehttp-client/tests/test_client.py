"""``MCPClient`` as its users write it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import mcp_types as types
import pytest
from mcp import MCPError
from mcp_server import LEGACY, MODERN, Running
from mcp_streamablehttp_client import ConfigurationError, MCPClient, MemoryStore, ServerUnreachableError
from web import Seen, json_answer

pytestmark = pytest.mark.anyio
ERAS = [("auto", MODERN), ("legacy", LEGACY), (MODERN, MODERN)]


async def accept(_: Any, params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "ada"})


@pytest.mark.parametrize(("mode", "version"), ERAS)
async def test_everything_can_be_asked_in_both_eras(shared: Running, mode: str, version: str):
    async with MCPClient(shared.url, mode=mode, storage=MemoryStore(), elicitation_callback=accept) as client:
        assert client.protocol_version == version
        assert (await client.call_tool("echo", {"message": "hé"})).content[0].text == "hé"
        assert (await client.call_tool("ask")).content[0].text == '{"name": "ada"}'
        assert "echo" in {tool.name for tool in (await client.list_tools()).tools}
        assert (await client.list_resources()).resources[0].name == "note"
        assert (await client.list_prompts()).prompts[0].name == "greet"
        assert (await client.read_resource("test://note")).contents[0].text == "note"
        assert (await client.get_prompt("greet", {"name": "you"})).messages[0].content.text == "hello you"
        discovered = await client.discover()
        assert version in discovered.supported_versions
        raw = await client.request("tools/list", {})
        assert raw["tools"][0]["inputSchema"]["type"] == "object"
        with pytest.raises(MCPError):
            await client.request("no/such")


async def test_it_connects_at_the_first_call_and_again_after_closing(serve: Callable[..., Running]):
    server = serve("legacy")
    client = MCPClient(server.url, storage=MemoryStore())
    assert client.protocol_version is None
    assert not server.recorder.seen
    answers = await asyncio.gather(*(client.call_tool("echo", {"message": str(number)}) for number in range(5)))
    assert [answer.content[0].text for answer in answers] == list("01234")
    assert len(server.recorder.of("initialize")) == 1
    await client.close()
    assert len(server.recorder.of("DELETE")) == 1
    await client.close()
    await client.call_tool("echo", {"message": "again"})
    await client.close()
    assert len(server.recorder.of("initialize")) == 2


async def test_it_can_be_used_from_any_task(shared: Running):
    client = MCPClient(shared.url, storage=MemoryStore())
    first = asyncio.create_task(client.call_tool("echo", {"message": "one"}))
    await first
    second = asyncio.create_task(client.call_tool("echo", {"message": "two"}))
    assert (await second).content[0].text == "two"
    await asyncio.create_task(client.close())


def test_a_program_may_end_without_closing(shared: Running):
    program = (
        "import asyncio\nfrom mcp_streamablehttp_client import MCPClient, MemoryStore\n"
        f"async def main():\n    client = MCPClient(server_url={shared.url!r}, storage=MemoryStore())\n"
        '    result = await client.call_tool("echo", {"message": "hello"})\n    print(result.content[0].text)\n'
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "hello\n")
    assert "Traceback" not in done.stderr
    assert "never retrieved" not in done.stderr


async def test_a_failed_attempt_is_not_remembered(serve: Callable[..., Running]):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    client = MCPClient(f"http://127.0.0.1:{port}/mcp", storage=MemoryStore())
    with pytest.raises(ServerUnreachableError, match="cannot be reached"):
        await client.list_tools()
    server = serve("both")
    client._settings = client._settings.model_copy(update={"mcp_server_url": server.url})
    assert (await client.list_tools()).tools
    await client.close()


async def test_what_is_no_mcp_server_is_told(serve: Callable[..., Running]):
    server = serve("both")
    server.recorder.instead = lambda _: (
        200,
        {"content-type": "application/json"},
        b'{"jsonrpc":"2.0","id":1,"result":{"x":1}}',
    )
    client = MCPClient(server.url, storage=MemoryStore(), timeout=5)
    with pytest.raises(MCPError, match="answered another request"):
        await client.list_tools()
    server.recorder.instead = _wrong
    with pytest.raises(ServerUnreachableError, match="is not MCP"):
        await client.list_tools()
    await client.close()


def _wrong(seen: Seen) -> Any:
    return json_answer(200, {"jsonrpc": "2.0", "id": seen.body.get("id"), "result": {"tools": 3}})


async def test_headers_are_sent_and_checked(serve: Callable[..., Running]):
    server = serve("both")
    async with MCPClient(server.url, headers={"X-Test": "yes"}, storage=MemoryStore()) as client:
        await client.list_tools()
    assert {seen.headers.get("x-test") for seen in server.recorder.seen} == {"yes"}
    client = MCPClient(server.url, headers={"X-Test": "a\r\nb: c"}, storage=MemoryStore())
    with pytest.raises(ConfigurationError, match="X-Test"):
        await client.list_tools()
    await client.close()


async def test_a_slow_answer_ends_after_the_timeout(shared: Running):
    async with MCPClient(shared.url, timeout=0.5, storage=MemoryStore()) as client:
        with pytest.raises(MCPError, match="timed out"):
            await client.call_tool("wait")


async def test_a_lost_session_is_replaced(serve: Callable[..., Running]):
    server = serve("legacy")
    async with MCPClient(server.url, storage=MemoryStore()) as client:
        await client.call_tool("echo", {"message": "x"})
        lost = server.recorder.of("tools/call")[0].headers["mcp-session-id"]
        server.recorder.instead = lambda seen: (404, {}, b"") if seen.headers.get("mcp-session-id") == lost else None
        assert (await client.call_tool("echo", {"message": "y"})).content[0].text == "y"


@pytest.mark.parametrize("url", ["mcp.example.com", "ftp://x/mcp", "https://u:p@x/mcp"])
def test_an_address_that_cannot_work_is_refused(url: str):
    with pytest.raises(ConfigurationError, match="`server_url` cannot be used"):
        MCPClient(url)


async def test_a_mode_that_does_not_exist_is_refused(shared: Running):
    client = MCPClient(shared.url, mode="2025-06-18", storage=MemoryStore())
    with pytest.raises(ConfigurationError, match="`mode` cannot be used"):
        await client.list_tools()
    await client.close()
