"""A legacy client: a server of its own for each session, messages untouched, every message on its stream."""

from __future__ import annotations

import anyio
import httpx
import pytest
from harness import LEGACY, Session, Wire, alive, found, messages_of, odd, proxied, until
from mcp_streamablehttp_proxy import MCPProxy

pytestmark = pytest.mark.anyio


async def test_the_handshake_is_the_servers_own():
    async with proxied("--tasks") as wire:
        opening = (await wire.open()).opening
    assert opening["serverInfo"] == {"name": "odd-server", "version": "7", "x-unknown": "kept"}
    assert opening["capabilities"]["tasks"] == {"list": {}}
    assert opening["instructions"] == "be odd"
    assert opening["protocolVersion"] == LEGACY


async def test_the_version_is_negotiated_with_the_server():
    async with proxied() as wire:
        for version in ("2025-03-26", "2025-06-18", "2025-11-25"):
            session = await wire.open(version)
            assert session.opening["protocolVersion"] == version
            seen = await session.call("received")
            assert seen[0]["params"] == {
                "protocolVersion": version,
                "capabilities": {},
                "clientInfo": {"name": "wire", "version": "1"},
            }
            assert [message["method"] for message in seen] == ["initialize", "notifications/initialized", "tools/call"]


async def test_an_unknown_version_gets_the_servers_counter_offer():
    async with proxied() as wire:
        opened = await wire.client.send(wire.initialize_request("2031-01-01"))
    assert messages_of(opened)[0]["result"]["protocolVersion"] == LEGACY


async def test_ids_and_params_pass_untouched():
    async with proxied() as wire:
        session = await wire.open()
        meta = {"io.modelcontextprotocol/related-task": {"taskId": "1"}, "progressToken": "p"}
        for number in (7, "seven", "8"):
            request = session.calling("params", {"null": None}, meta=meta, number=number)
            message = (await session.send(request))[-1]
            assert message["id"] == number
            seen = found(message)
            assert seen["id"] == number
            assert seen["params"] == {"name": "params", "arguments": {"null": None}, "_meta": meta}


async def test_every_session_has_a_server_of_its_own():
    async with proxied() as wire:
        one, other = await wire.open(), await wire.open()
        pids = [await session.call("pid") for session in (one, other, one)]
        assert pids[0] == pids[2] != pids[1]
        assert (await wire.health()).json()["sessions"] == 2


async def test_delete_ends_the_session_and_its_server():
    async with proxied() as wire:
        session = await wire.open()
        pid = await session.call("pid")
        assert (await session.end()).status_code == 200
        assert await session.status() == 404
        await until(lambda: not alive(pid))
        assert (await wire.health()).json()["sessions"] == 0


async def test_session_rules_of_the_transport():
    async with proxied() as wire:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await wire.post(ping)).status_code == 400
        unknown = await wire.post(ping, {"mcp-session-id": "0" * 32})
        assert unknown.status_code == 404
        assert unknown.json()["error"]["message"] == "Session not found"
        session = await wire.open()
        assert (await wire.post([ping], session.headers)).status_code == 400
        assert (await wire.post(ping, {**session.headers, "mcp-protocol-version": "1999-01-01"})).status_code == 400
        assert (await wire.health()).json()["sessions"] == 1


async def test_what_is_no_handshake_starts_no_server():
    async with proxied() as wire:
        for body in (
            b"{",
            [],
            {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            {"jsonrpc": "2.0", "id": 1, "result": {}},
        ):
            assert (await wire.post(body)).status_code == 400
        assert (await wire.health()).json()["subprocess"] == "idle"


async def test_progress_travels_with_its_request():
    async with proxied() as wire:
        session = await wire.open()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(session.call, "echo", {"seconds": 0.5})
            request = session.calling("progress", {"steps": 20}, meta={"progressToken": 5})
            received = await session.send(request)
    assert [message["params"]["progress"] for message in received[:-1]] == list(range(20))
    assert received[0]["params"]["progressToken"] == 5


async def test_log_messages_travel_with_the_newest_request():
    async with proxied() as wire:
        session = await wire.open()
        async with wire.streaming(session.calling("silent", number="old")):
            received = await session.send(session.calling("log"))
    assert [message["params"]["level"] for message in received[:-1]] == ["debug", "info", "error"]


async def test_questions_of_the_server_reach_the_client_and_answers_the_server():
    async with proxied() as wire:
        session = await wire.open()
        for method in ("elicitation/create", "sampling/createMessage", "roots/list"):
            request = session.calling("ask", {"method": method, "params": {"q": None}})
            async with wire.streaming(request) as messages:
                question = await anext(messages)
                assert (question["method"], question["params"]) == (method, {"q": None})
                assert (await session.reply(question["id"], {"answer": None})).status_code == 202
                assert found(await anext(messages)) == {"answer": None}


async def test_changes_travel_on_the_standalone_stream():
    async with proxied() as wire:
        session = await wire.open()
        async with wire.streaming(session.listening()) as messages:
            changed = await session.send(session.calling("change"))
            assert len(changed) == 1
            assert (await anext(messages))["method"] == "notifications/tools/list_changed"
            await session.call("update", {"uri": "test://a"})
            assert (await anext(messages))["params"] == {"uri": "test://a"}
        assert await session.status() == 200


async def test_what_comes_before_the_standalone_stream_waits_for_it():
    async with proxied() as wire:
        session = await wire.open()
        for kind in ("tools", "resources", "prompts"):
            await session.call("change", {"kind": kind})
        async with wire.streaming(session.listening()) as messages:
            kinds = [(await anext(messages))["method"].split("/")[1] for _ in range(3)]
    assert kinds == ["tools", "resources", "prompts"]


async def test_json_mode_puts_questions_on_the_standalone_stream():
    async with proxied(json_response=True) as wire:
        session = await wire.open()
        async with wire.streaming(session.listening()) as messages, anyio.create_task_group() as tasks:

            async def answer() -> None:
                question = await anext(messages)
                await session.reply(question["id"], {"yes": True})

            tasks.start_soon(answer)
            response = await wire.client.send(session.calling("ask"))
            assert response.headers["content-type"] == "application/json"
            assert found(response.json()) == {"yes": True}


async def test_a_second_standalone_stream_is_a_conflict():
    async with proxied() as wire:
        session = await wire.open()
        async with wire.streaming(session.listening()):
            assert (await wire.client.send(session.listening())).status_code == 409


async def test_a_cancelled_request_ends_and_the_late_answer_is_dropped():
    async with proxied() as wire:
        session = await wire.open()
        async with wire.streaming(session.calling("late", number="x")) as messages:
            assert (await session.tell("notifications/cancelled", {"requestId": "x"})).status_code == 202
            ended = await anext(messages)
        assert (ended["id"], ended["error"]["code"]) == ("x", -32800)
        assert (await session.call("received"))[-2]["method"] == "notifications/cancelled"
        assert await session.status() == 200


async def test_a_client_that_leaves_does_not_stop_its_request():
    async with proxied() as wire:
        session = await wire.open()
        with anyio.move_on_after(0.3):
            await wire.client.send(session.calling("echo", {"seconds": 0.8}))
        await anyio.sleep(0.7)
        methods = [message.get("method") for message in await session.call("received")]
    assert "notifications/cancelled" not in methods


async def test_client_notifications_are_not_given_an_id():
    async with proxied() as wire:
        session = await wire.open()
        started = anyio.current_time()
        assert (await session.tell("notifications/roots/list_changed")).status_code == 202
        assert anyio.current_time() - started < 10
        seen = await session.call("received")
    assert seen[-2] == {"jsonrpc": "2.0", "method": "notifications/roots/list_changed", "params": {}}


async def test_an_idle_session_ends_and_an_open_stream_keeps_it():
    async with proxied(session_timeout=0.6) as wire:
        idle, listening = await wire.open(), await wire.open()
        pid = await idle.call("pid")
        async with wire.streaming(listening.listening()):
            await until(lambda: not alive(pid))
            assert await idle.status() == 404
            assert await listening.status() == 200


async def test_sessions_are_bound_to_the_user_who_opened_them():
    async with proxied(trust_user_header=True) as wire:
        session = await wire.open(headers={"x-user-id": "alice"})
        assert await session.status() == 200
        for other in ({"x-user-id": "bob"}, {"x-user-id": None}):
            thief = Session(wire, {**session.headers, **other}, {})
            stolen = await wire.client.send(thief.request("ping"))
            assert stolen.status_code == 404
            assert stolen.json()["error"]["message"] == "Session not found"
            assert (await thief.end()).status_code == 404
        assert await session.status() == 200


async def test_a_modern_server_behind_a_legacy_client_answers_for_itself():
    async with proxied("--era", "modern") as wire:
        assert (await wire.open()).opening["serverInfo"]["name"] == "odd-server"


async def test_parallel_sessions_never_lose_or_cross_a_reply():
    async with MCPProxy(odd(), port=0) as proxy, Wire(proxy.url) as wire:
        wire.client = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=40))

        async def client(name: int) -> None:
            session = await wire.open()
            for number in range(20):
                assert await session.call("echo", {"client": name, "number": number}) == {
                    "client": name,
                    "number": number,
                }

        async with anyio.create_task_group() as tasks:
            for name in range(10):
                tasks.start_soon(client, name)
        await wire.client.aclose()
