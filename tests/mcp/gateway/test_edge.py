"""What an edge must never let through, and what must arrive unharmed."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator

import httpx
import pytest
from processes import until
from stack import WEB_ORIGIN, Gateway, Stack
from wire import ACCEPT, LEGACY, answer, legacy, modern_call, tool_text

FORGED = [
    ("X-User-Id", "mallory-1"),
    ("x-user-id", "mallory-2"),
    ("X_User_Id", "mallory-3"),
    ("X-User_Id", "mallory-4"),
    ("X_User-Id", "mallory-5"),
    ("X-User-Name", "mallory-6"),
    ("X_User_Name", "mallory-7"),
    ("X-Client-Id", "mallory-8"),
    ("X-Client_Id", "mallory-9"),
    ("X-Scope", "mallory-10"),
    ("X_Scope", "mallory-11"),
    ("X-Auth-Token", "mallory-12"),
    ("X-Auth_Token", "mallory-13"),
    ("X-Real-IP", "mallory-14"),
    ("X-Forwarded-For", "mallory-15"),
    ("X-Forwarded-Host", "mallory-16"),
    ("X-Forwarded-Proto", "mallory-17"),
    ("Connection", "close, X-User-Id"),
    ("Connection", "close, Authorization, X-Forwarded-Host"),
]


def seen_headers(gateway: Gateway, headers: list[tuple[str, str]]) -> str:
    """What the stateless echo says it received."""
    standard, body = modern_call("printHeader", {})
    tokens = gateway.tokens("echo-stateless")
    with gateway.http() as http:
        response = http.post(
            gateway.url("echo-stateless"),
            content=body,
            headers=[*standard.items(), *tokens.header.items(), *headers],
        )
    return tool_text(response)


def test_identity_comes_from_the_token(gateway: Gateway):
    seen = seen_headers(gateway, [])
    assert "x-user-id: 1001" in seen
    assert "x-user-name: " in seen
    assert f"x-client-id: {gateway.tokens('echo-stateless').client_id}" in seen
    assert "x-scope: mcp:read mcp:write" in seen


@pytest.mark.parametrize(
    "forged",
    [*([header] for header in FORGED), FORGED],
    ids=[*(f"{number}-{name}" for number, (name, _) in enumerate(FORGED)), "all"],
)
def test_forged_identity_never_arrives(gateway: Gateway, forged: list[tuple[str, str]]):
    seen = seen_headers(gateway, forged)
    assert "mallory" not in seen
    assert re.findall(r"x[-_]user[-_]id: (.*)", seen) == ["1001"]


def test_identity_that_a_service_believes(gateway: Gateway):
    arguments: dict[str, str] = {}
    headers = {**gateway.tokens("echo-stateless").header, "X-User-Id": "mallory"}
    context = answer(gateway.call("echo-stateless", "authContext", arguments, headers))["result"]
    assert "1001" in json.dumps(context)
    assert "mallory" not in json.dumps(context)


def test_header_smuggled_in_a_folded_line(gateway: Gateway):
    """A line that continues a header would hide a name from whoever does not unfold it."""
    standard, body = modern_call("printHeader", {})
    lines = [f"{name}: {value}" for name, value in {**standard, **gateway.tokens("echo-stateless").header}.items()]
    host = f"echo-stateless.localhost:{gateway.port}"
    head = "\r\n".join(
        ["POST /mcp HTTP/1.1", f"Host: {host}", *lines, "X-Harmless: a", "\tX-User-Id: mallory", "Connection: close"]
    )
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain,
        gateway.context.wrap_socket(plain, server_hostname="echo-stateless.localhost") as secure,
    ):
        secure.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        received = b"".join(iter(lambda: secure.recv(65536), b""))
    status, _, _ = received.partition(b"\r\n")
    assert status.split()[1] in {b"200", b"400"}
    if b" 200 " in status:  # unfolded: it is part of the harmless value and no header of its own
        text = json.loads(received.partition(b"\r\n\r\n")[2])["result"]["content"][0]["text"]
        assert re.findall(r"^ *x-user-id: (.*)$", text, re.MULTILINE) == ["1001"]


def test_challenge_arrives_intact(gateway: Gateway):
    response = gateway.call("echo-stateless", "echo", {"message": "x"}, {})
    assert response.status_code == 401
    challenge = response.headers["www-authenticate"]
    metadata = f"{gateway.origin('echo-stateless')}/.well-known/oauth-protected-resource/mcp"
    assert challenge.startswith("Bearer ")
    assert f'resource_metadata="{metadata}"' in challenge
    assert "scope=" in challenge
    assert "error=" not in challenge
    with gateway.http() as http:
        document = http.get(metadata).json()
    assert document["resource"] == gateway.url("echo-stateless")
    assert document["authorization_servers"] == [gateway.issuer]


def test_authorization_server_metadata_of_every_service_host(gateway: Gateway):
    with gateway.http() as http:
        for service in ("echo-stateful", "echo-stateless", "fetch", "proxy"):
            document = http.get(f"{gateway.origin(service)}/.well-known/oauth-authorization-server").json()
            assert document["issuer"] == gateway.issuer


@pytest.mark.parametrize("token", ["nonsense", "e30.e30.e30", "."])
def test_bad_token(gateway: Gateway, token: str):
    response = gateway.call("echo-stateless", "echo", {"message": "x"}, {"Authorization": f"Bearer {token}"})
    assert response.status_code == 401


def test_token_for_another_service(gateway: Gateway):
    headers = gateway.tokens("echo-stateless").header
    response = gateway.call("echo-stateful", "echo", {"message": "x"}, headers)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


def test_token_in_the_query(gateway: Gateway):
    standard, body = modern_call("echo", {"message": "x"})
    address = f"{gateway.url('echo-stateless')}?access_token={gateway.tokens('echo-stateless').access}"
    with gateway.http() as http:
        assert http.post(address, content=body, headers=standard).status_code == 401


def test_token_of_the_other_gateway(gateway: Gateway, stack: Stack):
    other = next(each for each in stack.gateways.values() if each is not gateway)
    response = gateway.call("echo-stateless", "echo", {"message": "x"}, other.tokens("echo-stateless").header)
    assert response.status_code == 401


def test_evil_origin(gateway: Gateway):
    headers = {**gateway.tokens("echo-stateless").header, "Origin": "https://evil.example.org"}
    assert gateway.call("echo-stateless", "echo", {"message": "x"}, headers).status_code == 403


def cors(response: httpx.Response) -> dict[str, list[str]]:
    """The CORS headers of an answer, each with every value it was sent with."""
    names = sorted({name for name in response.headers if name.startswith("access-control-")})
    return {name.removeprefix("access-control-"): response.headers.get_list(name) for name in names}


def test_page_that_may_call_reads_answer_and_refusal(gateway: Gateway):
    for headers, status in ((gateway.tokens("echo-stateless").header, 200), ({}, 401)):
        response = gateway.call("echo-stateless", "echo", {"message": "x"}, {**headers, "Origin": WEB_ORIGIN})
        assert response.status_code == status
        assert cors(response) == {
            "allow-origin": [WEB_ORIGIN],
            "expose-headers": ["Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate"],
        }
        assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", ["https://evil.example.org", f"{WEB_ORIGIN}.evil.test", "null", None])
def test_any_other_page_gets_no_cors_header(gateway: Gateway, origin: str | None):
    headers = {**gateway.tokens("echo-stateless").header, **({"Origin": origin} if origin else {})}
    assert cors(gateway.call("echo-stateless", "echo", {"message": "x"}, headers)) == {}


def test_preflight_is_answered_without_a_token(gateway: Gateway):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,mcp-method"}
    with gateway.http() as http:
        granted = http.options(gateway.url("echo-stateless"), headers={**asked, "Origin": WEB_ORIGIN})
        refused = http.options(gateway.url("echo-stateless"), headers={**asked, "Origin": "https://evil.example.org"})
    assert granted.status_code == 204
    assert cors(granted)["allow-origin"] == [WEB_ORIGIN]
    assert cors(granted)["allow-methods"] == ["GET, POST, DELETE"]
    assert cors(granted)["allow-headers"] == ["authorization,mcp-method"]
    assert cors(refused) == {}


def test_discovery_is_for_every_page_once(gateway: Gateway):
    address = f"{gateway.origin('echo-stateless')}/.well-known/oauth-protected-resource/mcp"
    with gateway.http() as http:
        for origin in (WEB_ORIGIN, "https://elsewhere.example.org"):
            assert cors(http.get(address, headers={"Origin": origin}))["allow-origin"] == ["*"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_forged_identity_never_arrives_over_http2(gateway: Gateway):
    standard, body = modern_call("printHeader", {})
    headers = {**standard, **gateway.tokens("echo-stateless").header, "x-user-id": "mallory", "x_user_id": "mallory"}
    name = f"echo-stateless.localhost:{gateway.port}"
    done = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", str(gateway.stack.ca), "--resolve", f"{name}:127.0.0.1"]
        + [part for header in headers.items() for part in ("-H", ": ".join(header))]
        + ["--data-binary", "@-", "-w", "\n%{http_version}", gateway.url("echo-stateless")],
        input=body,
        capture_output=True,
        timeout=60,
        check=True,
    )
    answered, _, version = done.stdout.decode().rpartition("\n")
    text = json.loads(answered)["result"]["content"][0]["text"]
    assert version == "2"
    assert "mallory" not in text
    assert "x-user-id: 1001" in text


def test_unknown_host_is_not_served(gateway: Gateway):
    with (
        gateway.http() as http,
        pytest.raises((httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError)) as caught,
    ):
        http.get(f"https://elsewhere.localhost:{gateway.port}/mcp")
    assert caught.value is not None


def test_host_that_differs_from_the_name_of_the_connection(gateway: Gateway):
    """A token for one service must not open another behind the same address."""
    standard, body = modern_call("echo", {"message": "x"})
    headers = {**standard, **gateway.tokens("echo-stateless").header, "Host": f"echo-stateful.localhost:{gateway.port}"}
    with gateway.http() as http:
        response = http.post(gateway.url("echo-stateless"), content=body, headers=headers)
    assert response.status_code in {400, 401, 421}


def test_verify_is_not_public(gateway: Gateway):
    with gateway.http() as http:
        assert http.get(f"{gateway.issuer}/verify", headers=gateway.tokens("echo-stateless").header).status_code == 404


def test_health_of_a_service_needs_a_token(gateway: Gateway):
    with gateway.http() as http:
        assert http.get(f"{gateway.origin('echo-stateless')}/health").status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/health", "/mcp/../health", "/mcp/%2e%2e/health", "/mcp%2f..%2fhealth", "//health", "/mcp\\..\\health", "/mcpx"],
)
def test_token_opens_nothing_beside_its_path(gateway: Gateway, path: str):
    """The path the edge asks about and the path the service gets must be the same thing."""
    bearer = gateway.tokens("echo-stateless").header["Authorization"]
    host = f"echo-stateless.localhost:{gateway.port}"
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {bearer}\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain,
        gateway.context.wrap_socket(plain, server_hostname="echo-stateless.localhost") as secure,
    ):
        secure.sendall(request.encode())
        received = b"".join(iter(lambda: secure.recv(65536), b""))
    assert received.split()[1] in {b"400", b"401", b"404"}
    assert b"healthy" not in received


def test_body_over_the_limit(gateway: Gateway):
    with gateway.http() as http:
        response = http.post(
            gateway.url("echo-stateless"),
            content=b"x" * (6 * 1024 * 1024),
            headers={**modern_call("echo", {})[0], **gateway.tokens("echo-stateless").header},
        )
    assert response.status_code == 413


def test_session_of_another_user(gateway: Gateway):
    params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "theft", "version": "1"}}
    url = gateway.url("echo-stateful")
    with gateway.http(headers={"Accept": ACCEPT}) as http:
        alice, bob = (gateway.tokens("echo-stateful", user).header for user in ("alice", "bob"))
        session = http.post(url, json=legacy("initialize", params), headers=alice).headers["mcp-session-id"]
        own = {"Mcp-Session-Id": session, "MCP-Protocol-Version": LEGACY}
        assert http.post(url, json=legacy("tools/list"), headers={**own, **bob}).status_code == 404
        assert http.post(url, json=legacy("tools/list"), headers={**own, **alice}).status_code == 200
        assert http.delete(url, headers={**own, **bob}).status_code == 404
        assert http.delete(url, headers={**own, **alice}).status_code in {200, 204}


def test_handle_of_another_user(gateway: Gateway):
    alice, bob = (gateway.tokens("echo-stateful", user).header for user in ("alice", "bob"))
    first = answer(gateway.call("echo-stateful", "echo", {"message": "mine"}, alice))["result"]
    handle = first["structuredContent"]["handle"]
    stolen = answer(gateway.call("echo-stateful", "replayLastEcho", {"handle": handle}, bob))["result"]
    assert stolen["isError"] is True
    assert "mine" not in json.dumps(stolen)
    own = answer(gateway.call("echo-stateful", "replayLastEcho", {"handle": handle}, alice))["result"]
    assert "mine" in own["content"][0]["text"]


def test_progress_arrives_before_the_result(gateway: Gateway, tmp_path):
    """The tool ends only when the test has seen the progress, so a buffering edge would never finish."""
    release = tmp_path / "release"
    standard, body = modern_call("hold", {"path": str(release)}, progressToken="mark")
    with (
        gateway.http(headers={**standard, **gateway.tokens("proxy").header}) as http,
        http.stream("POST", gateway.url("proxy"), content=body) as stream,
    ):
        assert stream.status_code == 200
        events = _events(stream)
        progress = next(events)
        assert progress["method"] == "notifications/progress"
        assert progress["params"]["progressToken"] == "mark"
        release.touch()
        assert next(events)["result"]["content"][0]["text"] == "released"


def _events(stream: httpx.Response) -> Iterator[dict]:
    for line in stream.iter_lines():
        if line.startswith("data:") and line.removeprefix("data:").strip():
            yield json.loads(line.removeprefix("data:"))


def test_authorization_server_down_is_never_open(gateway: Gateway):
    headers = gateway.tokens("echo-stateless").header
    gateway.auth.stop()
    try:
        response = gateway.call("echo-stateless", "echo", {"message": "open?"}, headers)
        assert response.status_code == {"caddy": 502, "nginx": 500}[gateway.edge]
        assert "open?" not in response.text
    finally:
        gateway.restart_auth()
    # Nothing of the grant lived in the process that ended.
    again = []

    def back() -> bool:
        again.append(gateway.call("echo-stateless", "echo", {"message": "back"}, headers))
        return again[-1].status_code == 200

    until(back, "the edge finds the authorization server again", 30)
    assert tool_text(again[-1]) == "back"


def test_store_down_is_never_open(gateway: Gateway, stack: Stack):
    headers = gateway.tokens("echo-stateless").header
    stack.redis.signal(signal.SIGSTOP)
    waking = threading.Timer(15, stack.redis.signal, [signal.SIGCONT])
    waking.start()
    try:
        response = gateway.call("echo-stateless", "echo", {"message": "open?"}, headers)
        assert response.status_code == {"caddy": 503, "nginx": 500}[gateway.edge]
        assert "open?" not in response.text
    finally:
        waking.cancel()
        stack.redis.signal(signal.SIGCONT)
    until(
        lambda: gateway.call("echo-stateless", "echo", {"message": "x"}, headers).status_code == 200,
        "the store is used again",
        20,
    )
