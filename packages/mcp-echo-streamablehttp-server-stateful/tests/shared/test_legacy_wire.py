"""The revisions with a handshake (2024-11-05 to 2025-11-25) on the wire, as far as both servers agree."""

from __future__ import annotations

from typing import Any

import pytest
from harness import LEGACY, Wire, error_of, message_of
from under_test import NAME, TOOLS


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_known_version_is_agreed_to(wire: Wire, version: str):
    result = message_of(wire.initialize(version))["result"]
    assert result["protocolVersion"] == version
    assert result["serverInfo"]["name"] == NAME
    assert set(result["capabilities"]) == {"tools"}


@pytest.mark.parametrize("version", ["1999-01-01", "2026-07-28", "nonsense"])
def test_unknown_version_gets_a_counter_offer(wire: Wire, version: str):
    assert message_of(wire.initialize(version))["result"]["protocolVersion"] == LEGACY


def test_batch_is_refused(wire: Wire):
    session = wire.open_session()
    response = wire.post([{"jsonrpc": "2.0", "id": 1, "method": "ping"}], session)
    assert response.status_code == 400


def test_unsupported_version_header_is_refused(wire: Wire):
    session = wire.open_session()
    response = wire.legacy("ping", headers={**session, "mcp-protocol-version": "1999-01-01"})
    assert response.status_code == 400


def test_missing_version_header_is_tolerated(wire: Wire):
    session = wire.open_session()
    del session["mcp-protocol-version"]
    response = wire.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, session)
    assert message_of(response)["result"] == {}


def test_tool_list_and_call(wire: Wire):
    session = wire.open_session()
    listed = message_of(wire.legacy("tools/list", headers=session))["result"]
    assert [tool["name"] for tool in listed["tools"]] == list(TOOLS)
    assert "ttlMs" not in listed
    result = message_of(
        wire.legacy("tools/call", {"name": "echo", "arguments": {"message": "hello"}}, headers=session)
    )["result"]
    assert result["content"][0]["text"].endswith("hello")
    assert "resultType" not in result


def test_unknown_tool_is_a_protocol_error(wire: Wire):
    response = wire.legacy("tools/call", {"name": "no-such-tool"}, headers=wire.open_session())
    assert error_of(response)["code"] == -32602


@pytest.mark.parametrize("params", [{}, {"name": 7}, {"name": "echo", "arguments": []}])
def test_malformed_call_is_a_protocol_error(wire: Wire, params: dict[str, Any]):
    response = wire.legacy("tools/call", params, headers=wire.open_session())
    assert error_of(response)["code"] == -32602


def test_bad_arguments_are_a_tool_error(wire: Wire):
    response = wire.legacy("tools/call", {"name": "echo", "arguments": {"message": 5}}, headers=wire.open_session())
    result = message_of(response)["result"]
    assert result["isError"] is True
    assert "message" in result["content"][0]["text"]


def test_unknown_method_is_not_found(wire: Wire):
    assert error_of(wire.legacy("no/such", headers=wire.open_session()))["code"] == -32601


def test_stream_opens_on_get(wire: Wire):
    session = wire.open_session()
    with wire.client.stream("GET", wire.url, headers={**session, "accept": "text/event-stream"}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"


def test_stream_wants_an_event_stream_accepted(wire: Wire):
    session = wire.open_session()
    response = wire.client.get(wire.url, headers={**session, "accept": "application/json"})
    assert response.status_code == 406
