"""What the bridge does when things go wrong, and what a client must do while relaying."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hosts import bridged, settings
from mcp import Client, MCPError
from mcp.shared.message import SessionMessage
from mcp_server import MODERN, Running, refuse_legacy
from mcp_streamablehttp_client import ConfigurationError, StreamableHttpToStdioProxy, http_client
from mcp_types import jsonrpc_message_adapter
from web import Recorder, Seen, json_answer, serving

pytestmark = pytest.mark.anyio
MODERN_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
HANDSHAKE = {
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "h", "version": "1"}},
}
DISCOVERED = {"resultType": "complete", "supportedVersions": [MODERN], "capabilities": {"tools": {}}, "ttlMs": 0}


def scripted(script: Callable[[Seen], Any]) -> Any:
    """A modern server whose answers a test writes; ``server/discover`` is answered already."""

    def instead(seen: Seen) -> Any:
        if seen.body.get("method") == "server/discover":
            return json_answer(200, {"jsonrpc": "2.0", "id": seen.body["id"], "result": DISCOVERED})
        return script(seen)

    recorders: list[Recorder] = []

    def build(_: str) -> Recorder:
        recorders.append(Recorder(nothing, instead=instead))
        return recorders[0]

    return build, recorders


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Answers the lifespan alone."""
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def result(seen: Seen, value: dict[str, Any]) -> Any:
    return json_answer(200, {"jsonrpc": "2.0", "id": seen.body["id"], "result": value})


def error(seen: Seen, code: int, status: int = 400) -> Any:
    return json_answer(status, {"jsonrpc": "2.0", "id": seen.body["id"], "error": {"code": code, "message": "no"}})


@pytest.mark.parametrize("host", ["legacy", MODERN])
async def test_a_lost_session_is_replaced_once_and_the_request_sent_again(serve: Callable[..., Running], host: str):
    server = serve("legacy")
    async with Client(bridged(server.url), mode=host) as client:
        await client.call_tool("echo", {"message": "before"})
        lost = server.recorder.of("tools/call")[0].headers["mcp-session-id"]

        def forget(seen: Seen) -> Any:
            if seen.headers.get("mcp-session-id") == lost:
                return 404, {"content-type": "text/plain"}, b"gone"
            return None

        server.recorder.instead = forget
        results = []

        async def call(number: int) -> None:
            results.append((await client.call_tool("echo", {"message": str(number)})).content[0].text)

        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(call, number)
        assert sorted(results) == ["0", "1", "2", "3", "4"]
    handshakes = server.recorder.of("initialize")
    assert len(handshakes) == 2
    assert handshakes[0].body["params"] == handshakes[1].body["params"]
    assert handshakes[0].body["id"] != handshakes[1].body["id"]
    assert len(server.recorder.of("notifications/initialized")) == 2
    (goodbye,) = server.recorder.of("DELETE")
    assert goodbye.headers["mcp-session-id"] != lost


async def test_a_session_that_cannot_be_replaced_is_an_error(serve: Callable[..., Running]):
    server = serve("legacy")
    async with Client(bridged(server.url), mode="legacy") as client:
        server.recorder.instead = lambda _: (404, {"content-type": "text/plain"}, b"gone")
        with pytest.raises(MCPError) as caught:
            await client.call_tool("echo", {"message": "x"})
    assert caught.value.code == -32603
    assert caught.value.data == {"http_status": 404}


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_http_error_is_an_internal_error_with_its_status(serve: Callable[..., Running], status: int):
    server = serve("both")
    async with Client(bridged(server.url), mode="legacy") as client:
        server.recorder.instead = lambda _: (status, {"content-type": "text/html"}, b"<h1>oops</h1>")
        with pytest.raises(MCPError) as caught:
            await client.call_tool("echo", {"message": "x"})
        assert (caught.value.code, caught.value.data) == (-32603, {"http_status": status})
        server.recorder.instead = None
        assert (await client.call_tool("echo", {"message": "back"})).content[0].text == "back"
    assert len(server.recorder.of("tools/call")) == 2  # a request that was sent is not sent again


async def test_connecting_is_tried_again_because_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    (answer,) = await raw_exchange(f"http://127.0.0.1:{port}/mcp", HANDSHAKE)
    assert (answer["error"]["code"], answer["error"]["data"]) == (-32603, {"http_status": None})
    assert caplog.text.count("event=connection_failed") == 2


async def test_a_connection_that_breaks_after_sending_is_not_tried_again():
    connections = []

    async def hang_up(stream: Any) -> None:
        connections.append(await stream.receive())
        await stream.aclose()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, hang_up)
        (answer,) = await raw_exchange(f"http://127.0.0.1:{port}/mcp", HANDSHAKE)
        group.cancel_scope.cancel()
    assert (answer["error"]["code"], answer["error"]["data"]) == (-32603, {"http_status": None})
    assert len(connections) == 1


async def test_annotated_arguments_become_headers_and_bad_tools_disappear(serve: Callable[..., Running]):
    server = serve("modern")
    async with Client(bridged(server.url), mode="legacy") as client:
        assert "bad" not in {tool.name for tool in (await client.list_tools()).tools}
        answer = await client.call_tool("region", {"region": "Grönland", "count": 1})
    assert answer.content[0].text.startswith("=?base64?")


async def test_after_a_header_mismatch_the_tools_are_listed_and_the_call_repeated_once(serve: Callable[..., Running]):
    server = serve("modern")
    request = call("region")  # the host has listed nothing
    request["params"]["arguments"] = {"region": "eu"}
    (answer,) = await raw_exchange(server.url, request)
    assert answer["result"]["content"][0]["text"] == "eu"
    first, second = server.recorder.of("tools/call")
    assert (first.status, second.status) == (400, 200)
    assert first.body["id"] != second.body["id"]
    assert len(server.recorder.of("tools/list")) == 1


async def test_a_second_header_mismatch_is_the_answer():
    build, recorders = scripted(
        lambda seen: error(seen, -32020) if "call" in seen.body["method"] else result(seen, {"tools": []})
    )
    with serving(build) as origin:
        async with Client(bridged(origin), mode=MODERN) as client:
            with pytest.raises(MCPError) as caught:
                await client.session.call_tool("any", {})
    assert caught.value.code == -32020
    assert len(recorders[0].of("tools/call")) == 2


async def raw_exchange(url: str, *messages: dict[str, Any], **options: Any) -> list[Any]:
    """Sends messages through the bridge and returns one answer for each request."""
    answers = []
    with anyio.fail_after(30):
        async with bridged(url, **options) as (read, write):
            for message in messages:
                await write.send(SessionMessage(jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", **message})))
                if "id" in message:
                    answers.append((await read.receive()).message.model_dump(exclude_unset=True, by_alias=True))
    return answers


def call(name: str = "any", request_id: Any = 7, meta: dict[str, Any] | None = None) -> dict[str, Any]:
    params = {"name": name, "arguments": {}, "_meta": meta if meta is not None else MODERN_META}
    return {"id": request_id, "method": "tools/call", "params": params}


async def test_a_modern_result_without_type_is_complete():
    build, _ = scripted(lambda seen: result(seen, {"content": [], "unheard": {"of": 1}}))
    with serving(build) as origin:
        (answer,) = await raw_exchange(origin, call())
    assert answer["id"] == 7
    assert answer["result"] == {"content": [], "unheard": {"of": 1}, "resultType": "complete"}


async def test_an_unknown_result_type_is_an_error_unless_the_host_has_extensions():
    build, _ = scripted(lambda seen: result(seen, {"resultType": "task"}))
    extended = {**MODERN_META, "io.modelcontextprotocol/clientCapabilities": {"extensions": {"com.example/t": {}}}}
    with serving(build) as origin:
        refused, passed = await raw_exchange(origin, call(), call(meta=extended))
    assert refused["error"]["code"] == -32603
    assert passed["result"] == {"resultType": "task"}


@pytest.mark.parametrize(("method", "sent"), [("tools/list", 2), ("tools/call", 1)])
async def test_a_broken_stream_is_asked_for_again_only_where_that_is_safe(method: str, sent: int):
    broken = []

    def script(seen: Seen) -> Any:
        if not broken:
            broken.append(seen)
            return 200, {"content-type": "text/event-stream"}, b": nothing follows\n\n"
        return result(seen, {"resultType": "complete", "tools": []})

    build, recorders = scripted(script)
    with serving(build) as origin:
        (answer,) = await raw_exchange(origin, {**call(), "method": method})
    requests = recorders[0].of(method)
    assert len(requests) == sent
    assert answer["id"] == 7
    if sent == 2:
        assert requests[0].body["id"] != requests[1].body["id"]
        assert answer["result"]["tools"] == []
    else:
        assert answer["error"]["code"] == -32603
        assert answer["error"]["data"] == {"http_status": 200}


async def test_a_tool_that_may_be_repeated_is_repeated():
    tool = {"name": "any", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}
    broken = []

    def script(seen: Seen) -> Any:
        if seen.body["method"] == "tools/list":
            return result(seen, {"tools": [tool]})
        if not broken:
            broken.append(seen)
            return 200, {"content-type": "text/event-stream"}, b": nothing\n\n"
        return result(seen, {"content": []})

    build, recorders = scripted(script)
    with serving(build) as origin:
        listing = {"id": 1, "method": "tools/list", "params": {"_meta": MODERN_META}}
        _, answer = await raw_exchange(origin, listing, call())
    assert answer["result"]["content"] == []
    assert len(recorders[0].of("tools/call")) == 2


async def test_the_first_message_of_a_modern_host_decides_the_era(serve: Callable[..., Running]):
    for era in ("modern", "legacy"):
        server = serve(era)
        meta = {**MODERN_META, "io.modelcontextprotocol/clientInfo": {"name": "host", "version": "9"}}
        request = {
            "id": "x",
            "method": "tools/call",
            "params": {"name": "echo", "arguments": {"message": "m"}, "_meta": meta},
        }
        (answer,) = await raw_exchange(server.url, request)
        assert answer["result"]["content"][0]["text"] == "m"
        assert answer["result"]["resultType"] == "complete"
        if era == "legacy":
            assert server.recorder.of("initialize")[0].body["params"]["clientInfo"]["name"] == "host"
            assert "_meta" not in server.recorder.of("tools/call")[0].body["params"]


@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel", "resources/subscribe"])
async def test_methods_a_modern_host_no_longer_has_are_refused(serve: Callable[..., Running], method: str):
    server = serve("legacy")
    request = {"id": 1, "method": method, "params": {"_meta": MODERN_META}}
    (answer,) = await raw_exchange(server.url, request, protocol="legacy")
    assert answer["error"]["code"] == -32601


async def test_an_unsupported_modern_version_is_refused_with_the_supported_ones(serve: Callable[..., Running]):
    server = serve("legacy")
    meta = {**MODERN_META, "io.modelcontextprotocol/protocolVersion": "2030-01-01"}
    (answer,) = await raw_exchange(server.url, call(meta=meta), protocol="legacy")
    assert answer["error"]["code"] == -32022
    assert answer["error"]["data"] == {"supported": [MODERN], "requested": "2030-01-01"}


async def test_requests_a_modern_server_no_longer_has_are_answered_by_the_bridge(serve: Callable[..., Running]):
    server = serve("modern")
    handshake, ping, subscribed, missing, unsubscribed = await raw_exchange(
        server.url,
        HANDSHAKE,
        {"id": 2, "method": "ping"},
        {"id": 3, "method": "resources/subscribe", "params": {"uri": "test://note"}},
        {"id": 4, "method": "resources/subscribe", "params": {}},
        {"id": 5, "method": "resources/unsubscribe", "params": {"uri": "test://note"}},
    )
    assert handshake["result"]["protocolVersion"] == "2025-06-18"
    assert ping["result"] == subscribed["result"] == unsubscribed["result"] == {}
    assert missing["error"]["code"] == -32602


async def test_a_server_of_no_era_refuses_both_hosts():
    refuse = Recorder(nothing, instead=lambda seen: error(seen, -32601, 404) if seen.body else (405, {}, b""))
    with serving(lambda _: refuse) as origin:
        answers = await raw_exchange(origin, HANDSHAKE, call())
    assert [answer["error"]["code"] for answer in answers] == [-32601, -32601]


async def test_a_request_id_in_flight_is_not_taken_twice(serve: Callable[..., Running]):
    server = serve("modern")
    waiting = jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", **call("wait")})
    with anyio.fail_after(30):
        async with bridged(server.url) as (read, write):
            await write.send(SessionMessage(waiting))
            await anyio.to_thread.run_sync(server.behaviour.started.wait, 15)
            await write.send(SessionMessage(waiting))
            answer = (await read.receive()).message
    assert answer.error.code == -32600


async def test_a_redirect_to_another_origin_is_not_followed(shared: Running):
    refuse = Recorder(nothing, instead=lambda _: (307, {"location": shared.url}, b""))
    with serving(lambda _: refuse) as origin:
        answers = await raw_exchange(f"{origin}/mcp", call())
    assert "not followed" in answers[0]["error"]["message"]


async def test_a_redirect_within_the_origin_is_followed(serve: Callable[..., Running]):
    server = serve("modern")
    keep = refuse_legacy

    def move(seen: Seen) -> Any:
        return (308, {"location": "/mcp"}, b"") if seen.path == "/old" else keep(seen)

    server.recorder.instead = move
    message = {"id": 7, "method": "tools/list", "params": {"_meta": MODERN_META}}
    (answer,) = await raw_exchange(server.url.replace("/mcp", "/old"), message)
    assert answer["result"]["tools"]


async def test_both_media_types_are_accepted_and_the_version_is_always_sent(serve: Callable[..., Running]):
    for era, version in (("modern", MODERN), ("legacy", "2025-11-25")):
        server = serve(era)
        async with Client(bridged(server.url), mode="legacy" if era == "legacy" else MODERN) as client:
            await client.call_tool("echo", {"message": "x"})
        for seen in server.recorder.of("POST"):
            assert {"application/json", "text/event-stream"} <= set(seen.headers["accept"].split(", "))
            if seen.body["method"] != "initialize":
                assert seen.headers["mcp-protocol-version"] == version
            if era == "modern":
                assert seen.headers["mcp-method"] == seen.body["method"]


async def test_answers_larger_than_any_message_are_refused(
    serve: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_client, "MAX_MESSAGE_BYTES", 1000)
    server = serve("both", json_response=True)
    answers = await raw_exchange(
        server.url, call("big") | {"params": {"name": "big", "arguments": {"size": 5000}, "_meta": MODERN_META}}
    )
    assert answers[0]["error"]["code"] == -32603
    assert "more than 1000 bytes" in answers[0]["error"]["message"]


async def test_settings_without_a_server_are_refused():
    with pytest.raises(ConfigurationError, match="no MCP server"):
        async with StreamableHttpToStdioProxy(
            settings("http://127.0.0.1:1/mcp").model_copy(update={"mcp_server_url": None})
        ):
            pass


def test_error_answers_are_json_rpc():
    assert http_client._is_jsonrpc_error(json.dumps({"error": {"code": 1, "message": "x"}}).encode())
    for body in (b"", b"[]", b"{}", b'{"error": "invalid_token"}', b'{"error": {"code": "1"}}'):
        assert not http_client._is_jsonrpc_error(body)
