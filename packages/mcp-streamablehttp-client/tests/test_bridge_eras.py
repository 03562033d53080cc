"""Hosts and servers of every combination of eras, through the bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import mcp_types as types
import pytest
from hosts import bridged
from mcp import Client, MCPError
from mcp_server import LEGACY, MODERN, Running
from web import wait_for

pytestmark = pytest.mark.anyio
COMBINATIONS = [(host, server) for host in ("legacy", "auto", MODERN) for server in ("both", "legacy", "modern")]


async def accept(_: Any, params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "ada"})


@pytest.mark.parametrize(("host", "era"), COMBINATIONS)
async def test_every_host_uses_every_server(serve: Callable[..., Running], host: str, era: str):
    server = serve(era)
    async with Client(bridged(server.url), mode=host) as client:
        assert client.protocol_version == (LEGACY if host == "legacy" else MODERN)
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert "echo" in tools
        result = await client.call_tool("echo", {"message": "hé"})
        assert result.content[0].text == "hé"
        assert (await client.call_tool("fail", {})).is_error
        contents = (await client.read_resource("test://note")).contents
        assert contents[0].text == "note"
        prompt = await client.get_prompt("greet", {"name": "you"})
        assert prompt.messages[0].content.text == "hello you"
        if host != MODERN:
            assert client.server_info is not None
            assert client.server_info.name == "fixture"
            assert client.instructions == "Be kind."
    modern_wire = {seen.headers.get("mcp-protocol-version") == MODERN for seen in server.recorder.of("tools/call")}
    assert modern_wire == {era == "modern" or (era == "both" and host != "legacy")}


@pytest.mark.parametrize(("host", "era"), [("legacy", "legacy"), ("legacy", "modern"), ("auto", "modern")])
async def test_questions_of_the_server_reach_the_host(serve: Callable[..., Running], host: str, era: str):
    server = serve(era)
    async with Client(bridged(server.url), mode=host, elicitation_callback=accept) as client:
        result = await client.call_tool("ask", {})
        assert result.content[0].text == '{"name": "ada"}'


async def test_a_repeated_request_with_answers_has_a_fresh_id(serve: Callable[..., Running]):
    server = serve("modern")
    async with Client(bridged(server.url), mode="legacy", elicitation_callback=accept) as client:
        await client.call_tool("ask", {})
    first, second = server.recorder.of("tools/call")
    assert first.body["id"] != second.body["id"]
    assert second.body["params"]["requestState"] == "opaque"
    assert second.body["params"]["inputResponses"]["name"]["action"] == "accept"


async def test_a_question_the_host_refuses_is_the_answer_of_the_call(serve: Callable[..., Running]):
    async def refuse(_: Any, params: Any) -> types.ErrorData:
        return types.ErrorData(code=-32000, message="no")

    server = serve("modern")
    async with Client(bridged(server.url), mode="legacy", elicitation_callback=refuse) as client:
        with pytest.raises(MCPError, match="no"):
            await client.call_tool("ask", {})


async def test_a_modern_host_is_not_asked_by_a_legacy_server(serve: Callable[..., Running]):
    server = serve("legacy")
    async with Client(bridged(server.url), mode=MODERN, elicitation_callback=accept) as client:
        result = await client.call_tool("sample", {})
    assert "refused" in result.content[0].text
    (handshake,) = server.recorder.of("initialize")
    assert handshake.body["params"]["capabilities"] == {}


@pytest.mark.parametrize(
    ("host", "era"), [("legacy", "legacy"), ("legacy", "modern"), (MODERN, "legacy"), (MODERN, "modern")]
)
async def test_progress_arrives_before_the_result(serve: Callable[..., Running], host: str, era: str):
    server = serve(era)
    seen: list[Any] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append((done, total, message))

    async with Client(bridged(server.url), mode=host) as client:
        result = await client.call_tool("progress", {}, progress_callback=progress)
    assert result.content[0].text == "done"
    assert seen == [(1, 2, "half")]


@pytest.mark.parametrize(
    ("host", "era"), [("legacy", "legacy"), ("legacy", "modern"), (MODERN, "legacy"), (MODERN, "modern")]
)
async def test_cancelling_stops_the_work_in_both_eras(serve: Callable[..., Running], host: str, era: str):
    server = serve(era)
    async with Client(bridged(server.url), mode=host) as client:
        with anyio.move_on_after(20) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "wait", {})
                await anyio.to_thread.run_sync(server.behaviour.started.wait, 15)
                group.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(server.behaviour.cancelled.wait, 15)
        assert not scope.cancelled_caught
        result = await client.call_tool("echo", {"message": "still there"})
        assert result.content[0].text == "still there"
    posted = bool(server.recorder.of("notifications/cancelled"))
    assert posted == (era == "legacy")  # a modern request is cancelled by closing its stream


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_log_messages_reach_a_legacy_host(serve: Callable[..., Running], era: str):
    server = serve(era)
    seen: list[Any] = []

    async def log(params: Any) -> None:
        seen.append(params.data)

    async with Client(bridged(server.url), mode="legacy", logging_callback=log) as client:
        await client.set_logging_level("info")
        await client.call_tool("log", {})
    assert seen == ["careful"]


async def test_log_messages_reach_a_modern_host_only_when_asked_for(serve: Callable[..., Running]):
    server = serve("legacy")
    seen: list[Any] = []

    async def log(params: Any) -> None:
        seen.append(params.data)

    async with Client(bridged(server.url), mode=MODERN, logging_callback=log) as client:
        await client.call_tool("log", {})
    assert seen == []
    async with Client(bridged(server.url), mode=MODERN, logging_callback=log, log_level="info") as client:
        await client.call_tool("log", {})
    assert seen == ["careful"]
    assert server.behaviour.levels == ["info"]


async def test_list_changes_of_a_modern_server_reach_a_legacy_host(serve: Callable[..., Running]):
    server = serve("modern")
    seen: list[Any] = []

    async def handle(message: Any) -> None:
        seen.append(message)

    async with Client(bridged(server.url), mode="legacy", message_handler=handle) as client:
        await anyio.to_thread.run_sync(wait_for, lambda: server.recorder.of("subscriptions/listen"))
        with anyio.fail_after(20):
            while not any(isinstance(message, types.ToolListChangedNotification) for message in seen):
                await client.call_tool("change", {})
                await anyio.sleep(0.05)


async def test_a_modern_host_listens_to_a_legacy_server(serve: Callable[..., Running]):
    server = serve("legacy")

    async def poke() -> None:
        while True:
            await client.call_tool("poke", {})
            await anyio.sleep(0.05)

    async with (
        Client(bridged(server.url), mode=MODERN) as client,
        client.listen(tools_list_changed=True, resource_subscriptions=["test://note"]) as subscription,
    ):
        assert subscription.honored.resource_subscriptions == ["test://note"]
        assert server.behaviour.subscribed == ["test://note"]
        with anyio.fail_after(20):
            # The server's own stream opens a moment after the handshake.
            async with anyio.create_task_group() as group:
                group.start_soon(poke)
                async for event in subscription:
                    assert getattr(event, "uri", None) == "test://note"
                    break
                group.cancel_scope.cancel()
    assert server.behaviour.subscribed == []


async def test_a_resource_that_is_missing_has_the_code_of_the_hosts_era(serve: Callable[..., Running]):
    async with Client(bridged(serve("modern").url), mode="legacy") as client:
        with pytest.raises(MCPError) as caught:
            await client.read_resource("test://other")
    assert caught.value.code == -32002


@pytest.mark.parametrize("host", ["auto", MODERN])
async def test_a_server_known_to_be_legacy_is_not_probed(serve: Callable[..., Running], host: str):
    server = serve("both")
    async with Client(bridged(server.url, protocol="legacy"), mode=host) as client:
        await client.list_tools()
    assert "server/discover" not in server.recorder.methods()
    assert "initialize" in server.recorder.methods()


@pytest.mark.parametrize("host", ["legacy", "auto"])
async def test_a_server_known_to_be_modern_gets_no_handshake(serve: Callable[..., Running], host: str):
    server = serve("both")
    async with Client(bridged(server.url, protocol=MODERN), mode=host) as client:
        await client.list_tools()
    assert "initialize" not in server.recorder.methods()
