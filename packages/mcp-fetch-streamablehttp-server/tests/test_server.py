"""The server on the wire, in both eras: admission, protocol errors, sessions, users, and clients that leave."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from harness import LEGACY, MODERN, SERVER_KEY, Wire, error_of, message_of, running
from jsonschema import Draft202012Validator
from mcp import Client
from mcp_fetch_streamablehttp_server import FetchHandler, FetchLimits, Settings, StreamableHTTPServer, create_server
from mcp_fetch_streamablehttp_server import server as server_module
from origin import Origin, Reply
from support import build

Serve = Callable[..., Wire]


@pytest.fixture
def local(serve: Serve, origin: Origin) -> Wire:
    """A server that may fetch from the origin."""
    origin.pages["/"] = Reply.html("<title>T</title><h1>Head</h1>")
    return serve(FETCH_ALLOW_HOSTS=f"127.0.0.1:{origin.port}")


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_modern_call(local: Wire, origin: Origin):
    result = local.tool("fetch", {"url": f"{origin.url}/"})
    assert result["content"][0]["text"] == "# Head"
    assert result["structuredContent"]["title"] == "T"
    assert result["resultType"] == "complete"
    assert origin.seen[-1].headers["user-agent"] == "ModelContextProtocol/1.0 (Fetch Server)"


def test_legacy_call_in_a_session(local: Wire, origin: Origin):
    session = local.open_session()
    assert len(session["mcp-session-id"]) == 32
    answer = message_of(
        local.legacy("tools/call", {"name": "fetch", "arguments": {"url": f"{origin.url}/"}}, headers=session)
    )
    assert answer["result"]["content"][0]["text"] == "# Head"
    assert answer["result"]["structuredContent"]["status_code"] == 200


def test_sessions_end(local: Wire):
    session = local.open_session()
    other = local.open_session()
    assert session["mcp-session-id"] != other["mcp-session-id"]
    assert local.client.delete(local.url, headers=session).status_code == 200
    assert local.legacy("tools/list", headers=session).status_code == 404
    assert local.legacy("tools/list", headers=other).status_code == 200


def test_session_rules(local: Wire):
    assert local.legacy("tools/list").status_code == 400
    unknown = {"mcp-session-id": "0" * 32}
    assert local.legacy("tools/list", headers=unknown).status_code == 404


def test_number_of_sessions_is_bounded(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "MAX_SESSIONS", 2)
    wire = serve()
    for _ in range(2):
        wire.open_session()
    assert wire.initialize().status_code == 503


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25"])
def test_every_older_revision(local: Wire, version: str):
    assert message_of(local.initialize(version))["result"]["protocolVersion"] == version


def test_unknown_revision_gets_a_counter_offer(local: Wire):
    assert message_of(local.initialize("1999-01-01"))["result"]["protocolVersion"] == LEGACY


def test_only_tools_are_offered(local: Wire):
    found = message_of(local.modern("server/discover"))["result"]
    assert set(found["capabilities"]) == {"tools"}
    assert (found["ttlMs"], found["cacheScope"]) == (300_000, "public")
    assert found["_meta"][SERVER_KEY]["name"] == "mcp-fetch-streamablehttp"
    assert found["_meta"][SERVER_KEY]["version"] == "0.3.0"


def test_name_and_version_can_be_set(serve: Serve):
    wire = serve(MCP_SERVER_NAME="mine", MCP_SERVER_VERSION="7")
    found = message_of(wire.modern("server/discover"))["result"]["_meta"][SERVER_KEY]
    assert (found["name"], found["version"]) == ("mine", "7")
    assert wire.client.get(wire.url.replace("/mcp", "/health")).json() == {"status": "healthy", "version": "7"}


def test_the_tool_as_listed(local: Wire):
    result = message_of(local.modern("tools/list"))["result"]
    assert (result["ttlMs"], result["cacheScope"]) == (300_000, "public")
    (tool,) = result["tools"]
    assert tool["name"] == "fetch"
    assert tool["annotations"] == {"readOnlyHint": False, "openWorldHint": True}
    for schema in (tool["inputSchema"], tool["outputSchema"]):
        Draft202012Validator.check_schema(schema)
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert tool["inputSchema"]["required"] == ["url"]
    defaults = {name: schema.get("default") for name, schema in tool["inputSchema"]["properties"].items()}
    assert defaults == {
        "url": None,
        "method": "GET",
        "headers": None,
        "body": None,
        "max_length": 100_000,
        "user_agent": "ModelContextProtocol/1.0 (Fetch Server)",
        "start_index": 0,
        "format": "markdown",
        "extract": False,
        "follow_redirects": True,
        "max_redirects": 5,
    }


def test_default_agent_of_a_bare_handler():
    (tool,) = FetchHandler().get_tools()
    assert tool.input_schema["properties"]["user_agent"]["default"] == "ModelContextProtocol/1.0"


def test_tool_list_has_one_page(local: Wire):
    assert error_of(local.modern("tools/list", {"cursor": "x"}))["code"] == -32602


def test_unknown_tool_is_a_protocol_error(local: Wire):
    assert error_of(local.modern("tools/call", {"name": "nope", "arguments": {}}))["code"] == -32602
    session = local.open_session()
    assert error_of(local.legacy("tools/call", {"name": "nope"}, headers=session))["code"] == -32602


def test_bad_arguments_are_a_tool_error(local: Wire):
    assert "'url' is a required property" in local.failure("fetch")
    assert "Invalid arguments" in local.failure("fetch", {"url": "http://x.example/", "more": 1})


def test_refusal_is_a_tool_error(local: Wire, origin: Origin):
    assert local.failure("fetch", {"url": "http://169.254.169.254/"}) == (
        "refused by rule `address`: the host is not at a public address"
    )
    assert "rule `port`" in local.failure("fetch", {"url": f"http://127.0.0.1:{origin.port ^ 1}/"})


class Broken(FetchHandler):
    """A handler with a bug."""

    async def handle_fetch(self, arguments: Any, *, user: str | None = None) -> Any:
        raise RuntimeError("a secret detail")


def test_unexpected_exception_tells_nothing(serve: Serve, caplog: pytest.LogCaptureFixture):
    wire = serve(handler=Broken())
    with caplog.at_level(logging.CRITICAL):
        error = error_of(wire.modern("tools/call", {"name": "fetch", "arguments": {}}))
    assert (error["code"], error["message"]) == (-32603, "Internal error")
    assert "data" not in error


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"content-type": "text/plain"}, 400),
        ({"accept": "text/html"}, 406),
    ],
)
def test_admission(local: Wire, headers: dict[str, Any], status: int):
    assert local.modern("tools/list", headers=headers).status_code == status
    assert local.initialize(headers=headers).status_code == status


def test_oversized_call_is_413(local: Wire):
    assert local.post(b"x" * (4 * 1024 * 1024 + 1), {"mcp-protocol-version": MODERN}).status_code == 413


def test_modern_wire_takes_post_only(local: Wire):
    response = local.client.get(local.url, headers={"mcp-protocol-version": MODERN})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_trailing_slash(local: Wire):
    assert local.post({"jsonrpc": "2.0", "id": 1, "method": "x"}, url=local.url + "/").status_code != 404


def test_only_the_documented_paths_exist(local: Wire):
    for path in ("/", "/docs", "/redoc", "/openapi.json"):
        assert local.client.get(local.url.replace("/mcp", path)).status_code == 404


def test_protocol_allow_list(serve: Serve):
    wire = serve(MCP_PROTOCOL_VERSIONS_SUPPORTED=LEGACY)
    assert error_of(wire.modern("tools/list"))["code"] == -32022
    assert message_of(wire.initialize("2025-03-26"))["result"]["protocolVersion"] == LEGACY


def test_cors_only_when_asked(serve: Serve, local: Wire):
    origin_header = {"origin": "https://app.example"}
    wire = serve(MCP_CORS_ORIGINS="https://app.example")
    answer = wire.modern("tools/list", headers=origin_header)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert local.modern("tools/list", headers=origin_header).status_code == 403


class Names(FetchHandler):
    """Notes for whom it fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.users: list[str | None] = []

    async def handle_fetch(self, arguments: Any, *, user: str | None = None) -> Any:
        self.users.append(user)
        return await super().handle_fetch({}, user=user)


def test_user_comes_from_a_trusted_edge_only(serve: Serve):
    trusted, untrusted, distrusting = Names(), Names(), Names()
    caller = {"x-user-id": "alice"}
    serve(handler=trusted, MCP_TRUST_USER_HEADER="1").failure("fetch", headers=caller)
    serve(handler=untrusted).failure("fetch", headers=caller)
    serve(handler=distrusting, MCP_TRUST_USER_HEADER="1", MCP_TRUSTED_PROXIES="10.0.0.0/8").failure(
        "fetch", headers=caller
    )
    assert (trusted.users, untrusted.users, distrusting.users) == (["alice"], [None], [None])


@pytest.mark.parametrize("user", ["", "a\x07b", "x" * 257])
def test_malformed_user_is_400(serve: Serve, user: str):
    wire = serve(MCP_TRUST_USER_HEADER="1")
    assert wire.modern("tools/list", headers={"x-user-id": user}).status_code == 400


def test_session_of_another_user_looks_unknown(serve: Serve):
    wire = serve(MCP_TRUST_USER_HEADER="1")
    session = wire.open_session({"x-user-id": "alice"})
    assert wire.legacy("tools/list", headers=session).status_code == 200
    assert wire.legacy("tools/list", headers={**session, "x-user-id": "mallory"}).status_code == 404


def post_and_leave(wire: Wire, body: dict[str, Any], headers: dict[str, str], origin: Origin) -> None:
    """Sends a call, waits until the origin has it, and closes the connection."""
    host, port = httpx.URL(wire.url).host, httpx.URL(wire.url).port
    content = json.dumps(body).encode()
    lines = ["POST /mcp HTTP/1.1", f"host: {host}:{port}", f"content-length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        wait_for(lambda: "/endless" in origin.paths())


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_client_that_leaves_cancels_its_fetch(serve: Serve, origin: Origin, era: str):
    ended: list[bool] = []

    def endless(request: Any) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10000000\r\n\r\n")
        try:
            while not origin.released.wait(0.01):
                request.wfile.write(b"x" * 100)
        except OSError:
            ended.append(True)
            raise

    origin.pages["/endless"] = endless
    wire = serve(FETCH_ALLOW_HOSTS=f"127.0.0.1:{origin.port}", FETCH_TIMEOUT="600")
    common = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    params: dict[str, Any] = {"name": "fetch", "arguments": {"url": f"{origin.url}/endless"}}
    if era == "modern":
        headers = {**common, "mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "fetch"}
        meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
        params["_meta"] = meta
    else:
        headers = {**common, **wire.open_session()}
    post_and_leave(wire, {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}, headers, origin)
    wait_for(lambda: bool(ended))


@pytest.mark.anyio
@pytest.mark.parametrize(("mode", "version"), [("auto", MODERN), ("legacy", LEGACY)])
async def test_sdk_client(origin: Origin, mode: Any, version: str):
    origin.pages["/"] = Reply.html("<h1>Head</h1>")
    with running(build(FETCH_ALLOW_HOSTS=f"127.0.0.1:{origin.port}").create_app()) as url:
        async with Client(url, mode=mode) as client:
            assert client.protocol_version == version
            # The client checks the structured content against the output schema.
            result = await client.call_tool("fetch", {"url": f"{origin.url}/"})
            assert result.content[0].text == "# Head"
            failed = await client.call_tool("fetch", {"url": f"{origin.url}/missing"})
            assert failed.is_error


def test_an_application_can_start_twice(origin: Origin):
    origin.pages["/"] = Reply.text("hello")
    server = build(FETCH_ALLOW_HOSTS=f"127.0.0.1:{origin.port}")
    app = server.create_app()
    for _ in range(2):
        with running(app) as url:
            wire = Wire(url)
            assert wire.text("fetch", {"url": f"{origin.url}/"}) == "hello"
            wire.close()


def test_public_interface():
    server = create_server(Settings(server_name="mine"))
    assert isinstance(server, StreamableHTTPServer)
    assert isinstance(server.create_app(), FastAPI)
    assert server.settings.server_name == "mine"
    assert isinstance(server.handler, FetchHandler)
    assert StreamableHTTPServer(handler=FetchHandler(limits=FetchLimits(timeout=1))).handler.limits.timeout == 1
