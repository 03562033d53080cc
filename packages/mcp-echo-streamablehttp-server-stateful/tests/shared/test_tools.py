"""What the diagnostic tools answer, and what they keep to themselves."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from harness import Wire, message_of, unsigned_jwt
from under_test import ARGUMENTS, TOOLS
from under_test import tools as module

TOKEN = unsigned_jwt({"sub": "alice", "client_id": "cli", "name": "Alice A."})
LONG_SECRET = "abcd-this-is-the-middle-wxyz"


@pytest.fixture(scope="module")
def tools(wire: Wire) -> dict[str, Any]:
    return {tool["name"]: tool for tool in message_of(wire.modern("tools/list"))["result"]["tools"]}


def test_the_tools_are_these(tools: dict[str, Any]):
    assert tuple(tools) == TOOLS


@pytest.mark.parametrize("name", TOOLS)
def test_schema_takes_exactly_its_arguments(tools: dict[str, Any], name: str):
    schema = tools[name]["inputSchema"]
    assert set(schema["properties"]) == ARGUMENTS.get(name, set())
    assert schema["additionalProperties"] is False
    assert schema.get("required", []) == (["message"] if name == "echo" else [])


@pytest.mark.parametrize("name", TOOLS)
def test_only_echo_is_not_read_only(tools: dict[str, Any], name: str):
    assert tools[name]["annotations"]["readOnlyHint"] is (name != "echo")
    assert tools[name]["description"]


@pytest.mark.parametrize("name", TOOLS)
def test_unknown_argument_is_a_tool_error(wire: Wire, name: str):
    arguments = {"message": "hello"} if name == "echo" else {}
    assert "surplus" in wire.failure(name, {**arguments, "surplus": 1})


@pytest.mark.parametrize("arguments", [{}, {"message": None}, {"message": 5}, {"message": ["a"]}])
def test_message_must_be_text(wire: Wire, arguments: dict[str, Any]):
    assert "message" in wire.failure("echo", arguments)


def test_complaint_about_a_long_value_is_short(wire: Wire):
    assert len(wire.failure("printHeader", {"category": "x" * 10_000})) < 300


@pytest.mark.parametrize("message", ["", "hello", "Grüße, 世界 🐐", "two\nlines", "\x00"])
def test_echo_is_faithful(wire: Wire, message: str):
    result = wire.tool("echo", {"message": message})
    assert result["content"][0]["text"] == message
    assert result["structuredContent"]["message"] == message


def test_echo_in_capitals(wire: Wire):
    assert wire.text("echo", {"message": "straße", "uppercase": True}) == "STRASSE"


HEADERS = {
    "authorization": f"Bearer {LONG_SECRET}",
    "cookie": LONG_SECRET,
    "x-auth-token": "short",
    "x-api-key": LONG_SECRET,
    "x-forwarded-for": "192.0.2.7",
    "x-real-ip": "192.0.2.7",
    "x-user-id": "alice",
    "x-custom": "visible",
    "mcp-session-id": "0123456789abcdef",
}


def test_headers_are_grouped_sorted_and_masked(wire: Wire):
    text = wire.text("printHeader", headers=HEADERS)
    assert "middle" not in text
    groups = re.split(r"^(\w+):$", text, flags=re.MULTILINE)
    assert groups[1::2] == ["Forwarded", "Authentication", "Request"]
    forwarded, authentication, request = (
        [line.strip() for line in group.splitlines() if line] for group in groups[2::2]
    )
    assert forwarded == ["x-forwarded-for: 192.0.2.7", "x-real-ip: 192.0.2.7"]
    assert authentication == [
        "authorization: Bear...wxyz",
        "cookie: abcd...wxyz",
        "x-auth-token: ****",
        "x-user-id: alice",
    ]
    names = [line.partition(":")[0] for line in request]
    assert names == sorted(names)
    assert "x-custom: visible" in request
    assert "x-api-key: abcd...wxyz" in request
    assert "mcp-session-id: 01234567..." in request


@pytest.mark.parametrize(
    ("category", "names"),
    [
        ("auth", {"authorization", "cookie", "x-auth-token", "x-user-id"}),
        ("mcp", {"mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id"}),
        ("custom", {"x-forwarded-for", "x-real-ip", "x-custom", "x-api-key"}),
    ],
)
def test_headers_of_one_category(wire: Wire, category: str, names: set[str]):
    text = wire.text("printHeader", {"category": category}, headers=HEADERS)
    assert set(re.findall(r"^  ([\w-]+):", text, flags=re.MULTILINE)) == names


def test_standard_headers_are_the_rest(wire: Wire):
    text = wire.text("printHeader", {"category": "standard"}, headers=HEADERS)
    assert "host:" in text
    assert "x-" not in text.replace("x-www", "")
    assert "authorization" not in text


def test_no_headers_of_a_category(wire: Wire):
    assert wire.text("printHeader", {"category": "auth"}).endswith("(none)")


def test_own_bearer_is_decoded(wire: Wire):
    now = int(time.time())
    token = unsigned_jwt({"sub": "alice", "iat": now - 90, "nbf": now - 90, "exp": now + 7200 + 5})
    text = wire.text("bearerDecode", headers={"authorization": f"Bearer {token}"})
    assert "signature NOT verified" in text
    assert '"sub": "alice"' in text
    assert re.search(r"issued \(iat\): \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(1m 3\ds ago\)", text)
    assert re.search(r"expires \(exp\): .* UTC \(in 2h", text)
    assert "state: not expired" in text
    assert "raw" not in text


def test_given_token_is_decoded(wire: Wire):
    text = wire.text("bearerDecode", {"token": f"Bearer {unsigned_jwt({'exp': 1, 'iat': 'x', 'nbf': 1e300})}"})
    assert "state: EXPIRED" in text
    assert "issued (iat): not a valid NumericDate" in text
    assert "not before (nbf): not a valid NumericDate" in text


def test_raw_parts_are_cut_and_the_signature_never_shown(wire: Wire):
    token = unsigned_jwt({"text": "x" * 100})
    text = wire.text("bearerDecode", {"token": token, "includeRaw": True})
    header, payload, signature = token.split(".")
    assert f"raw header: {header}" in text
    assert f"raw payload: {payload[:50]}..." in text
    assert signature not in text


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("opaque", "has 1 (an opaque token?)"),
        ("a.b.c.d.e", "encrypted"),
        ("a!.b.c", "header of the token is not Base64url"),
        ("e30.bm90IGpzb24.c", "payload of the token is not JSON"),
        ("e30.WzFd.c", "payload of the token is not a JSON object"),
    ],
)
def test_what_is_no_jwt_is_a_tool_error(wire: Wire, token: str, reason: str):
    assert reason in wire.failure("bearerDecode", {"token": token})


def test_no_token_is_a_tool_error(wire: Wire):
    assert "Authorization" in wire.failure("bearerDecode")
    assert "Authorization" in wire.failure("bearerDecode", headers={"authorization": "Basic abc"})


@pytest.mark.parametrize("size", range(1, 9))
def test_payload_of_any_length_is_decoded(wire: Wire, size: int):
    assert "x" * size in wire.text("bearerDecode", {"token": unsigned_jwt({"a": "x" * size})})


def test_auth_context_of_a_jwt(wire: Wire):
    text = wire.text("authContext", headers={"authorization": f"bearer {TOKEN}", "origin": "http://localhost:1"})
    assert f"bearer: present, {len(TOKEN)} characters" in text
    assert "sub: alice" in text
    assert "client_id: cli" in text
    assert "Origin: http://localhost:1" in text
    assert "scheme: http" in text
    assert "verdict: a JWT is present but nobody has verified it" in text
    assert TOKEN not in text


def test_auth_context_of_an_opaque_token(wire: Wire):
    text = wire.text("authContext", headers={"authorization": "Bearer opaque"})
    assert "sub: (unknown: opaque token)" in text
    assert "verdict: an opaque bearer token is present" in text


def test_auth_context_of_nobody(wire: Wire):
    text = wire.text("authContext")
    assert "bearer: absent" in text
    assert "X-Scope: (absent)" in text
    assert "verdict: anonymous" in text


def test_request_timing(wire: Wire):
    text = wire.text("requestTiming")
    assert re.search(r"^received: \S+\+00:00$", text, flags=re.MULTILINE)
    assert re.search(r"^elapsed: \d+\.\d{3} ms \((excellent|good|acceptable|slow)\)$", text, flags=re.MULTILINE)
    assert "cpu: " in text
    assert "memory: " in text


@pytest.mark.parametrize(
    ("elapsed", "word"),
    [(0, "excellent"), (9.99, "excellent"), (10, "good"), (50, "acceptable"), (99.9, "acceptable"), (100, "slow")],
)
def test_ratings(elapsed: float, word: str):
    assert module("diagnostics").rating(elapsed) == word


def test_cors_left_to_the_edge(wire: Wire):
    text = wire.text("corsAnalysis")
    assert "Origin: (absent" in text
    assert "MCP_CORS_ORIGINS: (empty)" in text
    assert "the edge proxy has to set them" in text


def test_cors_set_here(serve: Any):
    wire = serve(env={"MCP_CORS_ORIGINS": "https://app.example"})
    text = wire.text("corsAnalysis", headers={"origin": "https://app.example"})
    assert "MCP_CORS_ORIGINS: https://app.example" in text
    assert "set by this service, without credentials (Origin listed)" in text
    assert "(no Origin to answer)" in wire.text("corsAnalysis")
    assert "(Origin not listed)" in wire.text("corsAnalysis", headers={"origin": "http://localhost"})


ENVIRONMENT = {
    "MCP_ECHO_PORT": "3000",
    "LOG_LEVEL": "info",
    "MCP_API_KEY": LONG_SECRET,
    "MCP_PASSWORD": "short",
    "MCP_UPSTREAM": "https://user:pass@proxy.example:8080/path",
    "HOME": "/home/somebody",
}


def test_environment_is_filtered_and_masked(serve: Any):
    text = serve(env=ENVIRONMENT).text("environmentDump", {"showSecrets": True})
    assert text.splitlines()[1:] == [
        "LOG_LEVEL=info",
        "MCP_API_KEY=****",
        "MCP_ECHO_PORT=3000",
        "MCP_PASSWORD=****",
        "MCP_UPSTREAM=https://user:****@proxy.example:8080/path",
        "showSecrets ignored: the service does not run with --debug",
    ]


def test_debug_shows_the_ends_of_secrets_when_asked(serve: Any):
    wire = serve(env={**ENVIRONMENT, "MCP_ECHO_DEBUG": "1"})
    assert "MCP_API_KEY=****" in wire.text("environmentDump")
    text = wire.text("environmentDump", {"showSecrets": True})
    assert "MCP_API_KEY=abcd...wxyz" in text
    assert "MCP_PASSWORD=****" in text


def test_empty_environment(wire: Wire):
    assert wire.text("environmentDump").endswith("(none set)")


def test_health_probe(wire: Wire):
    result = wire.tool("healthProbe")
    data = result["structuredContent"]
    assert data["status"] == "healthy"
    assert data["process"]["rssBytes"] > 2**20
    assert data["disk"]["freeBytes"] > 0
    assert "2026-07-28" in data["protocolVersions"]
    assert "status: healthy" in result["content"][0]["text"]


def test_goat_wants_a_name(wire: Wire):
    assert wire.text("whoIStheGOAT").startswith("AUTHENTICATION REQUIRED")
    assert wire.text("whoIStheGOAT", headers={"authorization": "Bearer opaque"}).startswith("AUTHENTICATION REQUIRED")


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Alice A.", "username": "al", "sub": "1"}, "Alice A."),
        ({"username": "al", "sub": "1"}, "al"),
        ({"name": "", "sub": "user-1"}, "user-1"),
    ],
)
def test_goat_is_the_one_in_the_token(wire: Wire, claims: dict[str, str], name: str):
    text = wire.text("whoIStheGOAT", headers={"authorization": f"Bearer {unsigned_jwt(claims)}"})
    assert f"candidate: {name} (from the bearer token, signature not verified)" in text


def test_goat_from_the_edge(wire: Wire, serve: Any):
    headers = {"x-user-id": "u1", "x-user-name": "Bob"}
    assert "candidate: Bob (from the X-User headers, not trusted)" in wire.text("whoIStheGOAT", headers=headers)
    trusting = serve(env={"MCP_TRUST_USER_HEADER": "1"})
    text = trusting.text("whoIStheGOAT", {"subject": "chess"}, headers=headers)
    assert "candidate: Bob (from the X-User headers of a trusted proxy)" in text
    assert "at chess, Bob is the Greatest Of All Time." in text
