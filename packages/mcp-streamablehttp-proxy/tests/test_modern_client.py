"""A modern client in front of servers of both eras: what passes, what is translated, what is answered here."""

from __future__ import annotations

import anyio
import pytest
from harness import (
    LEGACY,
    LOG_LEVEL_KEY,
    MODERN,
    SERVER_KEY,
    SUBSCRIPTION_KEY,
    VERSION_KEY,
    found,
    messages_of,
    proxied,
    until,
)

pytestmark = pytest.mark.anyio
ERAS = ("legacy", "modern")


@pytest.mark.parametrize("era", ERAS)
async def test_discover_tells_the_servers_own_facts(era: str):
    async with proxied("--era", era, "--tasks") as wire:
        result = messages_of(await wire.modern("server/discover"))[0]["result"]
    assert result["supportedVersions"] == [MODERN]
    assert result["instructions"] == "be odd"
    assert result["capabilities"]["x-vendor"] == {"kept": True}
    assert "tasks" not in result["capabilities"]
    assert result["_meta"][SERVER_KEY] == {"name": "odd-server", "version": "7", "x-unknown": "kept"}
    assert result["resultType"] == "complete"
    assert (result["ttlMs"], result["cacheScope"]) == ((0, "private") if era == "legacy" else (5, "public"))


@pytest.mark.parametrize("era", ERAS)
async def test_unknown_fields_and_nulls_pass(era: str):
    async with proxied("--era", era) as wire:
        arguments = {"deep": {"null": None, "list": [1.5, None, "ä"]}, "big": 2**70}
        assert await wire.call("echo", arguments) == arguments
        listed = messages_of(await wire.modern("tools/list"))[0]["result"]
    assert listed["tools"][0]["x-unknown"] == 1
    assert listed["nextCursor"] == "second"


async def test_legacy_results_get_what_the_modern_revision_requires():
    async with proxied() as wire:
        listed = messages_of(await wire.modern("tools/list"))[0]["result"]
        called = messages_of(await wire.modern("tools/call", {"name": "pid"}))[0]["result"]
    assert (listed["ttlMs"], listed["cacheScope"], listed["resultType"]) == (0, "private", "complete")
    assert "ttlMs" not in called
    assert called["resultType"] == "complete"
    assert called["_meta"][SERVER_KEY]["name"] == "odd-server"


async def test_reserved_meta_is_stripped_for_a_legacy_server_only():
    meta = {"example.com/mine": 1, "progressToken": "t"}
    async with proxied() as wire:
        seen = await wire.call("params", meta=meta)
    assert seen["params"]["_meta"] == {"example.com/mine": 1, "progressToken": seen["id"]}
    async with proxied("--era", "modern") as wire:
        seen = await wire.call("params", meta=meta)
    assert seen["params"]["_meta"]["example.com/mine"] == 1
    assert seen["params"]["_meta"][VERSION_KEY] == MODERN
    assert seen["params"]["_meta"]["progressToken"] == seen["id"]


async def test_ids_of_several_clients_do_not_collide():
    async with proxied() as wire:
        seen: list[int] = []

        async def ask(number: int) -> None:
            request = wire.modern_request("tools/call", {"name": "params"})
            body = request.content.replace(b'"id": ', b'"id": 1, "was": ', 1)
            response = await wire.post(body, {**dict(request.headers), "content-length": None})
            message = messages_of(response)[0]
            assert message["id"] == 1
            seen.append(found(message)["id"])

        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(ask, number)
    assert len(set(seen)) == 5


async def test_removed_methods_are_404_whatever_the_server_knows():
    async with proxied() as wire:
        for method in ("initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
            response = await wire.modern(method)
            assert response.status_code == 404
            assert response.json()["error"]["code"] == -32601
        assert (await wire.health()).json()["subprocess"] == "idle"


async def test_methods_the_server_does_not_know_are_404():
    async with proxied() as wire:
        assert (await wire.modern("prompts/list")).status_code == 404


async def test_codes_the_modern_wire_forbids_are_mapped():
    async with proxied() as wire:
        for code, sent in ((-32002, -32602), (-32001, -32603), (-32019, -32603), (-32602, -32602), (-32042, -32042)):
            error = await wire.fail("fail", {"code": code})
            assert error == {"code": sent, "message": "as asked", "data": {"kept": True}}


async def test_resource_not_found_is_invalid_params():
    async with proxied() as wire:
        response = await wire.modern("resources/read", {"uri": "test://none"})
    assert response.status_code == 400
    assert response.json()["error"] == {"code": -32602, "message": "Resource not found", "data": {"uri": "test://none"}}


@pytest.mark.parametrize("era", ERAS)
async def test_progress_arrives_before_the_result_in_order_with_the_clients_token(era: str):
    async with proxied("--era", era) as wire:
        request = wire.modern_request(
            "tools/call", {"name": "progress", "arguments": {"steps": 40}}, meta={"progressToken": "mine"}
        )
        async with wire.streaming(request) as messages:
            received = [message async for message in messages]
    assert [message["params"]["progress"] for message in received[:-1]] == list(range(40))
    assert {message["params"]["progressToken"] for message in received[:-1]} == {"mine"}
    assert received[0]["params"]["x"] is None
    assert found(received[-1])["token"] != "mine"


async def test_progress_without_a_token_is_not_asked_for():
    async with proxied() as wire:
        response = await wire.modern("tools/call", {"name": "progress", "arguments": {"steps": 2}})
        assert response.headers["content-type"] == "application/json"
        assert found(response.json()) == {"token": None}


@pytest.mark.parametrize("era", ERAS)
async def test_log_messages_only_from_the_requested_level_on(era: str):
    async with proxied("--era", era) as wire:
        silent = messages_of(await wire.modern("tools/call", {"name": "log"}))
        curious = messages_of(await wire.modern("tools/call", {"name": "log"}, meta={LOG_LEVEL_KEY: "info"}))
        await wire.modern("tools/call", {"name": "log"}, meta={LOG_LEVEL_KEY: "error"})
        levels = [m["params"]["level"] for m in await wire.call("received") if m.get("method") == "logging/setLevel"]
    assert len(silent) == 1
    assert [message["params"]["level"] for message in curious[:-1]] == ["info", "error"]
    assert levels == (["info"] if era == "legacy" else [])


async def test_vendor_notifications_reach_a_lone_request():
    async with proxied() as wire:
        received = messages_of(await wire.modern("tools/call", {"name": "vendor"}))
        assert [message.get("method") for message in received] == ["notifications/vendor/hello", None]


async def test_questions_of_a_legacy_server_are_refused_and_pings_answered():
    async with proxied() as wire:
        assert (await wire.call("ask"))["code"] == -32601
        assert await wire.call("ask", {"method": "ping"}) == {}
        hello = (await wire.call("received"))[0:3]
    assert [message["method"] for message in hello] == ["server/discover", "initialize", "notifications/initialized"]
    assert hello[1]["params"]["capabilities"] == {}
    assert hello[1]["params"]["protocolVersion"] == LEGACY


@pytest.mark.parametrize("era", ERAS)
async def test_listen_streams_carry_what_was_asked_under_the_clients_id(era: str):
    wanted = {"toolsListChanged": True, "resourceSubscriptions": ["test://a"]}
    async with proxied("--era", era) as wire:
        request = wire.modern_request("subscriptions/listen", {"notifications": wanted})
        async with wire.streaming(request) as messages:
            acknowledged = await anext(messages)
            assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
            assert acknowledged["params"]["notifications"] == wanted
            number = acknowledged["params"]["_meta"][SUBSCRIPTION_KEY]
            await wire.call("change")
            changed = await anext(messages)
            await wire.call("update", {"uri": "test://a"})
            updated = await anext(messages)
        assert request.content.find(f'"id": {number},'.encode()) > 0
        assert changed["method"] == "notifications/tools/list_changed"
        assert changed["params"]["_meta"] == {SUBSCRIPTION_KEY: number}
        assert (updated["method"], updated["params"]["uri"]) == ("notifications/resources/updated", "test://a")
        methods = [message.get("method") for message in await wire.call("received")]
    if era == "legacy":
        assert "resources/subscribe" in methods
        assert "subscriptions/listen" not in methods


async def test_a_legacy_server_is_subscribed_once_and_released_by_the_last_listener():
    async with proxied() as wire:
        wanted = {"notifications": {"resourceSubscriptions": ["test://a"]}}

        async def count(method: str) -> int:
            return [message.get("method") for message in await wire.call("received")].count(method)

        async with wire.streaming(wire.modern_request("subscriptions/listen", wanted)) as first:
            await anext(first)
            async with wire.streaming(wire.modern_request("subscriptions/listen", wanted)) as second:
                await anext(second)
                assert await count("resources/subscribe") == 1
            assert await count("resources/unsubscribe") == 0

        async def released() -> bool:
            return await count("resources/unsubscribe") == 1

        await until(released)


async def test_a_refused_subscription_is_the_servers_own_error():
    async with proxied() as wire:
        wanted = {"notifications": {"resourceSubscriptions": ["test://refused"]}}
        response = await wire.modern("subscriptions/listen", wanted)
        assert response.json()["error"]["message"] == "no such resource"
        malformed = await wire.modern("subscriptions/listen", {"notifications": 5})
        assert malformed.json()["error"]["code"] == -32602


async def test_listen_acknowledges_only_what_the_server_can_tell():
    async with proxied() as wire:
        wanted = {"notifications": {"promptsListChanged": True, "resourcesListChanged": True}}
        async with wire.streaming(wire.modern_request("subscriptions/listen", wanted)) as messages:
            acknowledged = await anext(messages)
    assert acknowledged["params"]["notifications"] == {"resourcesListChanged": True}


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_leaves_cancels_its_request(era: str):
    async with proxied("--era", era) as wire:
        request = wire.modern_request("tools/call", {"name": "silent"})
        with anyio.move_on_after(0.5):
            await wire.client.send(request)

        async def cancelled() -> list[int]:
            seen = await wire.call("received")
            return [
                message["params"]["requestId"] for message in seen if message.get("method") == "notifications/cancelled"
            ]

        await until(cancelled)
        sent = [m for m in await wire.call("received") if m.get("params", {}).get("name") == "silent"]
        assert await cancelled() == [sent[0]["id"]]


async def test_a_client_that_leaves_cancels_its_request_in_json_mode_too():
    async with proxied(json_response=True) as wire:
        with anyio.move_on_after(0.5):
            await wire.modern("tools/call", {"name": "silent"})

        async def cancelled() -> bool:
            return "notifications/cancelled" in [m.get("method") for m in await wire.call("received")]

        await until(cancelled)
        assert (await wire.fail("fail", {"code": -32602}))["message"] == "as asked"


async def test_json_mode_answers_in_json_without_notifications():
    async with proxied(json_response=True) as wire:
        response = await wire.modern(
            "tools/call", {"name": "progress", "arguments": {"steps": 3}}, meta={"progressToken": 1}
        )
        assert response.headers["content-type"] == "application/json"
        assert "result" in response.json()


@pytest.mark.parametrize("era", ERAS)
async def test_header_arguments_are_checked_against_the_servers_schema(era: str):
    async with proxied("--era", era) as wire:
        call = {"name": "echo", "arguments": {"region": "north"}}
        fitting = await wire.modern("tools/call", call, headers={"mcp-param-region": "north"})
        wrong = await wire.modern("tools/call", call, headers={"mcp-param-region": "south"})
        missing = await wire.modern("tools/call", call)
        await wire.call("change")
        again = await wire.modern("tools/call", call, headers={"mcp-param-region": "south"})
    assert fitting.status_code == 200
    assert [response.status_code for response in (wrong, missing, again)] == [400, 400, 400]
    assert wrong.json()["error"]["code"] == -32020


async def test_tools_are_listed_once_for_header_checks_until_they_change():
    async with proxied() as wire:

        async def lists() -> int:
            seen = await wire.call("received", {"x": 1})
            return [message.get("method") for message in seen].count("tools/list")

        pages = await lists()
        assert pages == 2
        assert await lists() == 2
        await wire.call("change")
        assert await lists() == 4


async def test_a_slow_listener_does_not_hold_up_others():
    async with proxied() as wire:
        flood = {"name": "flood", "arguments": {"count": 3000}}
        request = wire.modern_request("tools/call", flood, meta={"progressToken": 1})
        response = await wire.client.send(request, stream=True)
        try:
            for _ in range(20):
                assert await wire.call("echo", {"a": 1}) == {"a": 1}
        finally:
            await response.aclose()


async def test_the_era_of_a_server_that_dies_at_the_probe_is_found_once():
    async with proxied("--die-at-discover") as wire:
        first = await wire.call("pid")
        seen = await wire.call("received")
        assert seen[0]["method"] == "initialize"
        await wire.fail("die")
        assert await wire.call("pid") != first
        assert (await wire.health()).status_code == 200


async def test_a_server_mute_at_the_probe_is_taken_for_legacy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mcp_streamablehttp_proxy.era.PROBE_SECONDS", 0.3)
    async with proxied("--mute-discover") as wire:
        seen = await wire.call("received")
    assert [message["method"] for message in seen[:3]] == ["server/discover", "notifications/cancelled", "initialize"]


@pytest.mark.parametrize(
    ("flag", "reason"), [("--refuse-handshake", "refused the handshake (-32600)"), ("--strange-version", "1999-01-01")]
)
async def test_a_server_that_cannot_be_used_is_a_clear_error(flag: str, reason: str):
    async with proxied(flag) as wire:
        error = await wire.fail("pid")
    assert error["code"] == -32603
    assert reason in error["message"]


async def test_notifications_are_taken_and_never_given_an_id():
    async with proxied() as wire:
        body = {"jsonrpc": "2.0", "method": "notifications/vendor/x"}
        response = await wire.post(body, {"mcp-protocol-version": MODERN, "mcp-method": "notifications/vendor/x"})
        assert (response.status_code, response.content) == (202, b"")
        seen = await wire.call("received")
        assert all("id" in message or message["method"].startswith("notifications/") for message in seen)
