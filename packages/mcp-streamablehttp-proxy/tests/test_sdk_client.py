"""The official SDK's client through the proxy, in both eras, with everything a server may ask of it."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from harness import LEGACY, MODERN, odd, until
from mcp import Client
from mcp_streamablehttp_proxy import MCPProxy
from mcp_types import ElicitResult

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("mode", "version"), [("auto", MODERN), ("legacy", LEGACY)])
@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_tools_and_progress(era: str, mode: str, version: str):
    seen: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with MCPProxy(odd("--era", era), port=0) as proxy, Client(proxy.url, mode=mode) as client:
        assert client.protocol_version == version
        assert client.server_info.name == "odd-server"
        result = await client.call_tool("progress", {"steps": 5}, progress_callback=on_progress)
        assert result.is_error is False
        # The callbacks are tasks of the client's own.
        await until(lambda: len(seen) == 5)
    assert seen == [0, 1, 2, 3, 4]


async def test_elicitation_of_a_legacy_server_reaches_a_legacy_client():
    async def answer(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"name": params.message})

    form = {"message": "who?", "requestedSchema": {"type": "object", "properties": {}}}
    async with (
        MCPProxy(odd(), port=0) as proxy,
        Client(proxy.url, mode="legacy", elicitation_callback=answer) as client,
    ):
        result = await client.call_tool("ask", {"params": form})
    assert result.structured_content == {"found": {"action": "accept", "content": {"name": "who?"}}}


async def test_serve_forever_starts_and_ends_with_stop_or_cancellation():
    proxy = MCPProxy(odd(), port=0)
    for end in ("stop", "cancel"):
        serving = asyncio.create_task(proxy.serve_forever())

        async def answers() -> bool:
            return proxy.port != 0 and await _answers(proxy.url)

        await until(answers)
        if end == "stop":
            await proxy.stop()
            await serving
        else:
            serving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await serving
        assert not await _answers(proxy.url)


async def _answers(url: str) -> bool:
    host, port = url.split("/")[2].split(":")
    try:
        stream = await anyio.connect_tcp(host, int(port))
    except OSError:
        return False
    await stream.aclose()
    return True
