"""What only the stateful server does: legacy sessions, modern handles, and whose they are."""

from __future__ import annotations

import re
import time
from typing import Any

import anyio
import httpx
import pytest
from harness import MODERN, Wire, error_of, message_of
from under_test import tools

TRUSTING = {"MCP_TRUST_USER_HEADER": "1"}
ALICE, BOB = {"x-user-id": "alice"}, {"x-user-id": "bob"}


def call(wire: Wire, session: dict[str, str], name: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    return message_of(wire.legacy("tools/call", {"name": name, "arguments": arguments or {}}, headers=session))[
        "result"
    ]


def text(result: dict[str, Any]) -> str:
    assert result["isError"] is False, result
    return result["content"][0]["text"]


def test_session_id_is_opaque_hexadecimal(wire: Wire):
    session_id = wire.open_session()["mcp-session-id"]
    assert len(session_id) == 32
    assert int(session_id, 16)


def test_request_without_session_is_400(wire: Wire):
    response = wire.legacy("tools/list")
    assert response.status_code == 400


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_other_verbs_without_session_are_400(wire: Wire, verb: str):
    response = wire.client.request(verb, wire.url, headers={"accept": "text/event-stream"})
    assert response.status_code == 400


@pytest.mark.parametrize("verb", ["POST", "GET", "DELETE"])
def test_unknown_session_is_404(wire: Wire, verb: str):
    response = wire.client.request(
        verb,
        wire.url,
        headers={
            "mcp-session-id": "f" * 32,
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
        },
        content=b'{"jsonrpc":"2.0","id":1,"method":"ping"}',
    )
    assert response.status_code == 404


def test_delete_ends_a_session(wire: Wire):
    session = wire.open_session()
    text(call(wire, session, "echo", {"message": "hello"}))
    assert wire.client.delete(wire.url, headers=session).status_code == 200
    assert wire.legacy("ping", headers=session).status_code == 404
    assert wire.client.delete(wire.url, headers=session).status_code == 404


def test_legacy_echo_names_session_and_client(wire: Wire):
    session = wire.open_session()
    result = call(wire, session, "echo", {"message": "hello", "uppercase": True})
    assert text(result) == f"[Session {session['mcp-session-id'][:8]}... from wire] HELLO"
    assert result["structuredContent"] == {"message": "HELLO", "count": 1}


def test_legacy_replay(wire: Wire):
    session = wire.open_session()
    assert text(call(wire, session, "replayLastEcho")).startswith("No previous echo message")
    call(wire, session, "echo", {"message": "one"})
    call(wire, session, "echo", {"message": "two"})
    expected = f"[REPLAY - Session {session['mcp-session-id'][:8]}... from wire] two"
    assert text(call(wire, session, "replayLastEcho")) == expected
    assert text(call(wire, session, "replayLastEcho")) == expected


def test_sessions_do_not_see_each_other(wire: Wire):
    first, second = wire.open_session(), wire.open_session()
    call(wire, first, "echo", {"message": "of the first"})
    assert text(call(wire, second, "replayLastEcho")).startswith("No previous echo message")
    listing = str(call(wire, second, "sessionInfo"))
    assert first["mcp-session-id"][:8] not in listing
    assert "of the first" not in listing


def test_session_info_shows_the_own_session(wire: Wire):
    session = wire.open_session()
    call(wire, session, "echo", {"message": "hello"})
    data = call(wire, session, "sessionInfo")["structuredContent"]
    assert data["kind"] == "session"
    assert data["id"] == f"{session['mcp-session-id'][:8]}..."
    assert data["client"] == {"name": "wire", "version": "1"}
    assert (data["echoes"], data["queuedMessages"]) == (1, 1)
    assert data["totals"]["sessions"] >= 1
    assert set(data["totals"]) == {"sessions", "handles"}


def test_modern_echo_mints_a_handle(wire: Wire):
    result = wire.tool("echo", {"message": "hello"})
    assert text(result) == "hello"
    data = result["structuredContent"]
    assert (data["message"], data["count"]) == ("hello", 1)
    prefix, _, random = data["handle"].partition("-")
    assert (prefix, len(random)) == ("echo", 32)
    assert wire.tool("echo", {"message": "hello"})["structuredContent"]["handle"] != data["handle"]


def test_handle_carries_state(wire: Wire):
    handle = wire.tool("echo", {"message": "one"})["structuredContent"]["handle"]
    again = wire.tool("echo", {"message": "two", "handle": handle})["structuredContent"]
    assert again == {"message": "two", "count": 2, "handle": handle}
    assert wire.text("replayLastEcho", {"handle": handle}) == f"[REPLAY - Session {handle[5:13]}... from wire] two"
    data = wire.tool("sessionInfo", {"handle": handle})["structuredContent"]
    assert (data["kind"], data["echoes"], data["user"]) == ("handle", 2, None)
    assert handle not in str(data)


def test_handle_works_within_a_legacy_session(wire: Wire):
    handle = wire.tool("echo", {"message": "modern"})["structuredContent"]["handle"]
    session = wire.open_session()
    assert text(call(wire, session, "replayLastEcho", {"handle": handle})).endswith("modern")
    result = call(wire, session, "echo", {"message": "legacy", "handle": handle})
    assert result["structuredContent"] == {"message": "legacy", "count": 2, "handle": handle}


@pytest.mark.parametrize("tool", ["replayLastEcho", "sessionInfo"])
def test_neither_session_nor_handle_is_a_tool_error(wire: Wire, tool: str):
    assert "call echo first" in wire.failure(tool)


@pytest.mark.parametrize("tool", ["echo", "replayLastEcho", "sessionInfo"])
@pytest.mark.parametrize("handle", ["echo-" + "0" * 32, "", "nonsense"])
def test_unknown_handle_is_a_tool_error_that_says_so(wire: Wire, tool: str, handle: str):
    arguments = {"handle": handle, **({"message": "hello"} if tool == "echo" else {})}
    assert "Unknown or expired handle" in wire.failure(tool, arguments)


def test_handle_must_be_text(wire: Wire):
    assert "handle" in wire.failure("replayLastEcho", {"handle": 7})


def test_a_stolen_handle_is_worth_nothing(serve: Any):
    wire = serve(env=TRUSTING)
    handle = wire.tool("echo", {"message": "of alice"}, headers=ALICE)["structuredContent"]["handle"]
    unknown = wire.failure("replayLastEcho", {"handle": "echo-" + "0" * 32}, headers=BOB)
    for thief in (BOB, {}):
        for tool in ("replayLastEcho", "sessionInfo"):
            assert wire.failure(tool, {"handle": handle}, headers=thief) == unknown
        assert wire.failure("echo", {"handle": handle, "message": "x"}, headers=thief) == unknown
    data = wire.tool("sessionInfo", {"handle": handle}, headers=ALICE)["structuredContent"]
    assert (data["user"], data["echoes"]) == ("alice", 1)


def test_a_handle_of_nobody_is_not_for_somebody(serve: Any):
    wire = serve(env=TRUSTING)
    handle = wire.tool("echo", {"message": "hello"})["structuredContent"]["handle"]
    assert "Unknown" in wire.failure("replayLastEcho", {"handle": handle}, headers=BOB)
    assert wire.text("replayLastEcho", {"handle": handle}).endswith("hello")


def test_a_stolen_session_looks_like_none(serve: Any):
    wire = serve(env=TRUSTING)
    session = wire.open_session(ALICE)
    call(wire, session, "echo", {"message": "of alice"})
    stolen = {**session, **BOB}
    unknown = wire.legacy("ping", headers={**stolen, "mcp-session-id": "f" * 32})
    for verb in ("POST", "DELETE", "GET"):
        headers = {**stolen, "content-type": "application/json", "accept": "application/json, text/event-stream"}
        body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
        refused = wire.client.request(verb, wire.url, headers=headers, content=body)
        assert (refused.status_code, refused.json()) == (404, unknown.json())
    anonymous = {name: value for name, value in session.items() if name != "x-user-id"}
    assert wire.legacy("ping", headers=anonymous).status_code == 404
    assert text(call(wire, session, "replayLastEcho")).endswith("of alice")


def test_without_trust_the_user_header_binds_nothing(wire: Wire):
    session = wire.open_session(ALICE)
    assert message_of(wire.legacy("ping", headers={**session, **BOB}))["result"] == {}


def test_too_many_sessions_are_503(serve: Any):
    wire = serve(env={"MCP_MAX_SESSIONS": "2"})
    first = wire.open_session()
    wire.open_session()
    refused = wire.initialize()
    assert (refused.status_code, error_of(refused)["code"]) == (503, -32603)
    assert message_of(wire.legacy("ping", headers=first))["result"] == {}
    wire.client.delete(wire.url, headers=first)
    assert wire.initialize().status_code == 200


def test_too_many_handles_push_out_the_oldest(serve: Any):
    wire = serve(env={"MCP_MAX_SESSIONS": "2"})
    first, second = (wire.tool("echo", {"message": "x"})["structuredContent"]["handle"] for _ in range(2))
    wire.tool("echo", {"message": "used again", "handle": first})
    third = wire.tool("echo", {"message": "x"})["structuredContent"]["handle"]
    assert "Unknown" in wire.failure("replayLastEcho", {"handle": second})
    assert wire.text("replayLastEcho", {"handle": first}).endswith("used again")
    assert wire.text("replayLastEcho", {"handle": third}).endswith("x")


def test_idle_session_and_handle_expire(serve: Any):
    wire = serve(env={"MCP_SESSION_TIMEOUT": "1", "MCP_SESSION_CLEANUP_INTERVAL": "1"})
    session = wire.open_session()
    handle = wire.tool("echo", {"message": "x"})["structuredContent"]["handle"]
    with wire.client.stream("GET", wire.url, headers={**wire.open_session(), "accept": "text/event-stream"}):
        time.sleep(2.2)
        assert wire.legacy("ping", headers=session).status_code == 404
        assert "Unknown or expired" in wire.failure("replayLastEcho", {"handle": handle})
        deadline = time.monotonic() + 5
        while wire.tool("healthProbe")["structuredContent"]["sessions"] != {"sessions": 1, "handles": 0}:
            assert time.monotonic() < deadline, "the cleanup does not come"
            time.sleep(0.1)


def test_descriptions_say_how_long_a_handle_lives(serve: Any):
    wire = serve(env={"MCP_SESSION_TIMEOUT": "5400"})
    tools = {tool["name"]: tool["description"] for tool in message_of(wire.modern("tools/list"))["result"]["tools"]}
    for name in ("echo", "replayLastEcho", "sessionInfo"):
        assert "1h 30m" in tools[name]


def test_long_message_is_echoed_but_not_kept(wire: Wire):
    message = "x" * 20_000
    result = wire.tool("echo", {"message": message})
    assert text(result) == message
    handle = result["structuredContent"]["handle"]
    assert "20000 characters" in wire.failure("replayLastEcho", {"handle": handle})
    wire.tool("echo", {"message": "short", "handle": handle})
    assert wire.text("replayLastEcho", {"handle": handle}).endswith("short")


def test_request_timing_shows_the_age_of_the_session(wire: Wire):
    assert re.search(r"^session age: \d+s$", text(call(wire, wire.open_session(), "requestTiming")), flags=re.MULTILINE)
    assert "session age" not in wire.text("requestTiming")


def test_both_kinds_of_content_must_be_accepted(wire: Wire):
    assert wire.modern("tools/list", headers={"accept": "application/json"}).status_code == 406
    assert wire.initialize(headers={"accept": "application/json"}).status_code == 406


@pytest.fixture
def slow_wire(serve: Any) -> tuple[Wire, list[str]]:
    """A server with a tool that reports progress and takes its time, and what became of its calls."""
    catalogue, fates = tools("catalogue"), []

    async def slow(call: Any, arguments: dict[str, Any]) -> Any:
        fates.append("started")
        try:
            await anyio.sleep(arguments["seconds"])
        except anyio.get_cancelled_exc_class():
            fates.append("cancelled")
            raise
        fates.append("finished")
        return catalogue.Reply("done")

    tool = catalogue.EchoTool("slow", "Slow", "Waits.", slow, {"seconds": {"type": "number"}})
    return serve(extra_tools=[tool]), fates


def modern_body(seconds: float) -> dict[str, Any]:
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    params = {"name": "slow", "arguments": {"seconds": seconds}, "_meta": meta}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


MODERN_HEADERS = {
    "mcp-protocol-version": MODERN,
    "mcp-method": "tools/call",
    "mcp-name": "slow",
    "accept": "application/json, text/event-stream",
}


def test_silent_calls_become_an_event_stream_with_pings(slow_wire: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mcp.server._streamable_http_modern._SSE_PING_INTERVAL", 0.05)
    wire, _ = slow_wire
    response = wire.client.post(wire.url, json=modern_body(0.3), headers=MODERN_HEADERS)
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.text.startswith(": ping")
    assert message_of(response)["result"]["content"][0]["text"] == "done"


def test_closing_the_response_stream_cancels_the_call(slow_wire: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mcp.server._streamable_http_modern._SSE_PING_INTERVAL", 0.05)
    wire, fates = slow_wire
    with wire.client.stream("POST", wire.url, json=modern_body(30), headers=MODERN_HEADERS) as response:
        assert response.status_code == 200
    deadline = time.monotonic() + 5
    while "cancelled" not in fates:
        assert time.monotonic() < deadline, fates
        time.sleep(0.01)
    assert fates == ["started", "cancelled"]


def test_concurrent_calls_keep_to_their_own_context(wire: Wire):
    sessions = [wire.open_session() for _ in range(8)]

    async def one(client: Any, session: dict[str, str], number: int) -> None:
        body = {"name": "echo", "arguments": {"message": f"{number}"}}
        for _ in range(5):
            response = await client.post(
                wire.url,
                json={"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": body},
                headers={**session, "accept": "application/json, text/event-stream"},
            )
            expected = f"[Session {session['mcp-session-id'][:8]}... from wire] {number}"
            assert text(message_of(response)["result"]) == expected

    async def all_at_once() -> None:
        async with httpx.AsyncClient(timeout=10) as client, anyio.create_task_group() as tasks:
            for number, session in enumerate(sessions):
                tasks.start_soon(one, client, session, number)

    anyio.run(all_at_once)


def test_a_thousand_live_sessions(serve: Any):
    wire = serve()
    sessions = [wire.open_session() for _ in range(1000)]
    assert len({session["mcp-session-id"] for session in sessions}) == 1000
    assert wire.initialize().status_code == 503
    for number in (0, 500, 999):
        call = {"name": "echo", "arguments": {"message": str(number)}}
        answer = message_of(wire.legacy("tools/call", call, headers=sessions[number]))
        assert answer["result"]["structuredContent"] == {"message": str(number), "count": 1}
    # Room comes back as soon as one ends.
    wire.client.delete(wire.url, headers=sessions[0])
    wire.open_session()
