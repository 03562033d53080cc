"""The stateless revision (2026-07-28) on the wire, one test per rule."""

from __future__ import annotations

import base64
import json
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from harness import CAPABILITIES_KEY, MODERN, SERVER_KEY, VERSION_KEY, Wire, error_of, message_of
from mcp.shared.exceptions import MCPError
from mcp_types import MISSING_REQUIRED_CLIENT_CAPABILITY
from under_test import NAME, TOOLS, tools

META = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}}
ECHO = {"name": "echo", "arguments": {"message": "hello"}}


@pytest.mark.parametrize("verb", ["GET", "DELETE", "PUT", "PATCH", "OPTIONS"])
def test_only_post_is_served(wire: Wire, verb: str):
    response = wire.client.request(
        verb, wire.url, headers={"mcp-protocol-version": MODERN, "accept": "text/event-stream"}
    )
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [
        [{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}],
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "1.0", "id": 1, "method": "tools/list"},
        "text",
        7,
    ],
)
def test_body_must_be_one_request_or_notification(wire: Wire, body: Any):
    response = wire.post(body, {"mcp-protocol-version": MODERN, "mcp-method": "tools/list"})
    assert response.status_code == 400
    assert error_of(response)["code"] in (-32600, -32700)


def test_batch_is_an_invalid_request(wire: Wire):
    response = wire.post([], {"mcp-protocol-version": MODERN})
    assert (response.status_code, error_of(response)["code"]) == (400, -32600)


def test_broken_json_is_a_parse_error(wire: Wire):
    response = wire.post('{"jsonrpc":', {"mcp-protocol-version": MODERN})
    assert (response.status_code, error_of(response)["code"]) == (400, -32700)


def test_notification_is_accepted_without_content(wire: Wire):
    response = wire.post(
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"mcp-protocol-version": MODERN, "mcp-method": "notifications/cancelled"},
    )
    assert (response.status_code, response.content) == (202, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"mcp-method": None},
        {"mcp-method": "tools/list"},
        {"mcp-method": "TOOLS/CALL"},
        {"mcp-name": None},
        {"mcp-name": "printHeader"},
        {"mcp-name": "=?base64?!!!?="},
    ],
)
def test_routing_headers_must_equal_the_body(wire: Wire, headers: dict[str, str | None]):
    response = wire.modern("tools/call", ECHO, headers=headers)
    assert (response.status_code, error_of(response)["code"]) == (400, -32020)


def test_version_header_must_equal_the_body(wire: Wire):
    response = wire.modern("tools/list", meta={VERSION_KEY: "2027-01-01"})
    assert (response.status_code, error_of(response)["code"]) == (400, -32020)


def test_name_header_may_be_wrapped_in_base64(wire: Wire):
    wrapped = f"=?base64?{base64.b64encode(b'echo').decode()}?="
    assert wire.text("echo", {"message": "hello"}, headers={"mcp-name": wrapped}) == "hello"


def test_white_space_round_header_values_is_no_part_of_them(wire: Wire):
    address = urlsplit(wire.url)
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**ECHO, "_meta": META}}).encode()
    request = (
        b"POST /mcp HTTP/1.1\r\nHost: \t127.0.0.1 \r\nContent-Type:application/json \t\r\nAccept: */* \r\n"
        b"MCP-Protocol-Version: 2026-07-28 \r\nMcp-Method:\ttools/call\t\r\nMcp-Name:   echo   \r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
    )
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(request % (len(body), body))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"hello"' in answer


@pytest.mark.parametrize(("region", "status"), [("eu", 200), ("us", 400), (None, 400)])
def test_parameter_headers_are_checked_against_the_schema(serve: Any, region: str | None, status: int):
    catalogue = tools("catalogue")

    async def answer(call: Any, arguments: dict[str, Any]) -> Any:
        return catalogue.Reply(arguments["region"])

    wire = serve(
        extra_tools=[
            catalogue.EchoTool(
                "routed",
                "Routed",
                "Has a header of its own.",
                answer,
                {"region": {"type": "string", "x-mcp-header": "Region"}},
            )
        ]
    )
    response = wire.modern(
        "tools/call", {"name": "routed", "arguments": {"region": "eu"}}, headers={"mcp-param-region": region}
    )
    assert response.status_code == status
    if status == 400:
        assert error_of(response)["code"] == -32020


@pytest.mark.parametrize("key", [VERSION_KEY, CAPABILITIES_KEY])
def test_meta_must_carry_version_and_capabilities(wire: Wire, key: str):
    response = wire.modern("tools/list", meta={key: None})
    assert (response.status_code, error_of(response)["code"]) == (400, -32602)


def test_unsupported_version_names_the_supported_ones(wire: Wire):
    response = wire.modern("tools/list", version="2099-01-01")
    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, -32022)
    assert error["data"] == {"supported": [MODERN], "requested": "2099-01-01"}


def test_undeclared_capability_is_a_400(serve: Any):
    catalogue = tools("catalogue")

    async def ask(call: Any, arguments: dict[str, Any]) -> Any:
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "needs sampling", {"requiredCapabilities": {"sampling": {}}})

    response = serve(extra_tools=[catalogue.EchoTool("ask", "Ask", "Needs sampling.", ask)]).modern(
        "tools/call", {"name": "ask"}
    )
    assert (response.status_code, error_of(response)["code"]) == (400, -32021)


@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel", "resources/subscribe", "no/such"])
def test_unknown_and_removed_methods_are_404(wire: Wire, method: str):
    response = wire.modern(method)
    assert (response.status_code, error_of(response)["code"]) == (404, -32601)


def test_reserved_error_codes_are_never_sent(wire: Wire):
    bad_meta = {VERSION_KEY: None}
    answers = [
        wire.modern("no/such"),
        wire.modern("tools/list", meta=bad_meta),
        wire.modern("tools/list", version="2099-01-01"),
        wire.modern("tools/list", {"cursor": 7}),
        wire.modern("tools/call", {"name": "no-such-tool"}),
        wire.modern("tools/call", ECHO, headers={"mcp-name": "other"}),
        wire.modern("resources/read", {"uri": "test://nothing"}),
        wire.post("[]", {"mcp-protocol-version": MODERN}),
        wire.post("{", {"mcp-protocol-version": MODERN}),
    ]
    codes = {error_of(answer)["code"] for answer in answers}
    assert not codes & {*range(-32019, -31999), -32002}


def test_discover_describes_the_server(wire: Wire):
    result = message_of(wire.modern("server/discover"))["result"]
    assert result["supportedVersions"] == [MODERN]
    assert set(result["capabilities"]) == {"tools"}
    assert result["_meta"][SERVER_KEY]["name"] == NAME
    assert (result["resultType"], result["ttlMs"], result["cacheScope"]) == ("complete", 300000, "public")


def test_tool_list_is_cacheable_and_in_order(wire: Wire):
    first = message_of(wire.modern("tools/list"))["result"]
    second = message_of(wire.modern("tools/list"))["result"]
    assert [tool["name"] for tool in first["tools"]] == list(TOOLS)
    assert first == second
    assert (first["resultType"], first["ttlMs"], first["cacheScope"]) == ("complete", 300000, "public")
    assert "nextCursor" not in first


def test_tool_list_has_one_page(wire: Wire):
    response = wire.modern("tools/list", {"cursor": "next"})
    assert (response.status_code, error_of(response)["code"]) == (400, -32602)


def test_tool_names_and_schemas_are_well_formed(wire: Wire):
    for tool in message_of(wire.modern("tools/list"))["result"]["tools"]:
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", tool["name"])
        assert tool["inputSchema"]["type"] == "object"
        assert "$ref" not in str(tool["inputSchema"])


def test_results_are_complete_and_signed_with_the_server(wire: Wire):
    result = wire.tool("echo", {"message": "hello"})
    assert result["resultType"] == "complete"
    assert result["_meta"][SERVER_KEY]["name"] == NAME


def test_no_session_is_ever_minted(wire: Wire):
    for method, params in (("server/discover", None), ("tools/list", None), ("tools/call", ECHO)):
        assert "mcp-session-id" not in wire.modern(method, params).headers


def test_the_answer_is_the_only_message(wire: Wire):
    response = wire.modern("tools/call", ECHO, meta={"io.modelcontextprotocol/logLevel": "debug"})
    assert response.headers["content-type"] == "application/json"
    assert "result" in response.json()


def test_unknown_tool_is_a_protocol_error(wire: Wire):
    response = wire.modern("tools/call", {"name": "no-such-tool"})
    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, -32602)
    assert "no-such-tool" in error["message"]


@pytest.mark.parametrize("params", [{}, {"name": 7}, {"name": "echo", "arguments": []}])
def test_malformed_call_is_a_protocol_error(wire: Wire, params: dict[str, Any]):
    response = wire.modern("tools/call", params, headers={"mcp-name": "echo"})
    assert response.status_code == 400
    assert error_of(response)["code"] in (-32602, -32020)


def test_crash_tells_nothing(serve: Any):
    catalogue = tools("catalogue")

    async def crash(call: Any, arguments: dict[str, Any]) -> Any:
        raise RuntimeError("the secret plan")

    wire = serve(extra_tools=[catalogue.EchoTool("crash", "Crash", "Fails.", crash)])
    response = wire.modern("tools/call", {"name": "crash"})
    assert error_of(response) == {"code": -32603, "message": "Internal error"}
    assert "secret plan" not in response.text
    legacy = wire.legacy("tools/call", {"name": "crash"}, headers=wire.open_session())
    assert error_of(legacy) == {"code": -32603, "message": "Internal error"}
