"""What both eras share before a message is read: hosts, origins, sizes, types, paths, CORS, health."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from harness import MODERN, Wire, running
from under_test import SAMPLE, VARIABLES, build, service


def both(wire: Wire, headers: dict[str, Any]) -> set[int]:
    """The statuses of a modern call and of a legacy handshake with these headers."""
    return {
        wire.modern("tools/call", SAMPLE, headers=headers).status_code,
        wire.initialize(headers=headers).status_code,
    }


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1", "http://[::1]:80"])
def test_loopback_origin_is_allowed(wire: Wire, origin: str):
    assert both(wire, {"origin": origin}) == {200}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:80.evil.example"]
)
def test_foreign_origin_is_403(wire: Wire, origin: str):
    assert both(wire, {"origin": origin}) == {403}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "localhost:x", "127.0.0.1.evil.example"])
def test_foreign_host_is_421(wire: Wire, host: str):
    assert both(wire, {"host": host}) == {421}


def test_foreign_host_is_refused_on_every_verb(wire: Wire):
    for verb in ("GET", "DELETE", "OPTIONS"):
        assert wire.client.request(verb, wire.url, headers={"host": "evil.example"}).status_code == 421


def test_configured_names_are_allowed(serve: Any):
    wire = serve(
        env={
            "MCP_ALLOWED_HOSTS": "Echo.example, echo.test:*",
            "MCP_ALLOWED_ORIGINS": "https://app.example/,https://b.test:*",
        }
    )
    assert both(wire, {"host": "echo.EXAMPLE", "origin": "https://app.example"}) == {200}
    assert both(wire, {"host": "echo.test:8443", "origin": "https://b.test:1"}) == {200}
    assert both(wire, {"host": "echo.example:8443"}) == {421}
    assert both(wire, {"host": "sub.echo.example"}) == {421}
    assert both(wire, {"origin": "https://app.example:444"}) == {403}
    assert both(wire, {"host": "localhost"}) == {200}


def test_any_host_still_checks_origins(serve: Any):
    wire = serve(env={"MCP_ALLOW_ANY_HOST": "1"})
    assert both(wire, {"host": "whatever.example"}) == {200}
    assert both(wire, {"host": "whatever.example", "origin": "https://evil.example"}) == {403}


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/jsonp", "multipart/form-data"])
def test_wrong_content_type_is_400(wire: Wire, content_type: str | None):
    assert both(wire, {"content-type": content_type}) == {400}


def test_content_type_may_name_a_charset(wire: Wire):
    assert both(wire, {"content-type": "Application/JSON; charset=utf-8"}) == {200}


def test_accept_without_our_types_is_406(wire: Wire):
    assert both(wire, {"accept": "text/html"}) == {406}


def test_declared_oversize_is_413(wire: Wire):
    body = b'{"padding":"' + b"x" * (4 * 1024 * 1024) + b'"}'
    assert wire.post(body, {"mcp-protocol-version": MODERN}).status_code == 413
    assert wire.post(body).status_code == 413


def test_undeclared_oversize_is_413(wire: Wire):
    def chunks() -> Iterator[bytes]:
        for _ in range(5):
            yield b" " * (1024 * 1024)

    response = wire.client.post(wire.url, content=chunks(), headers={"content-type": "application/json"})
    assert response.status_code == 413


def test_largest_body_is_served(wire: Wire):
    assert wire.modern("tools/call", SAMPLE, meta={"padding": "x" * (4 * 1024 * 1024 - 1024)}).status_code == 200


def test_trailing_slash_is_served_without_redirect(wire: Wire):
    response = wire.post(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}},
        url=wire.url + "/",
    )
    assert response.status_code == 200
    assert not response.history


def test_other_paths_are_404(wire: Wire):
    assert wire.client.get(wire.url.removesuffix("mcp")).status_code == 404


def test_legacy_verb_names_what_is_allowed(wire: Wire):
    response = wire.client.put(wire.url)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST, DELETE")


def test_health(wire: Wire):
    response = wire.client.get(wire.url.replace("/mcp", "/health"), headers={"host": "10.1.2.3"})
    assert (response.status_code, response.json()["status"]) == (200, "healthy")
    assert response.json()["version"]


async def _ask_unstarted(path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=build().app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(
            "GET" if path == "/health" else "POST", path, headers={"content-type": "application/json"}
        )


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/health", "/mcp"])
async def test_unhealthy_until_started(path: str):
    response = await _ask_unstarted(path)
    assert (response.status_code, response.json()["status"]) == (503, "unhealthy")
    assert "session manager" in response.json()["reason"]


def test_an_application_can_start_twice():
    app = build().app
    for _ in range(2):
        with running(app) as url:
            wire = Wire(url)
            assert wire.modern("tools/call", SAMPLE).status_code == 200
            wire.close()


def test_no_cors_headers_by_default(wire: Wire):
    response = wire.modern("tools/call", SAMPLE, headers={"origin": "http://localhost:1"})
    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_cors_for_listed_origins(serve: Any):
    wire = serve(env={"MCP_CORS_ORIGINS": "https://app.example"})
    preflight = wire.client.options(
        wire.url,
        headers={
            "origin": "https://app.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,mcp-method",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-credentials" not in preflight.headers
    answer = wire.modern("tools/call", SAMPLE, headers={"origin": "https://app.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-expose-headers"] == "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate"
    assert wire.modern("tools/call", SAMPLE, headers={"origin": "https://other.example"}).status_code == 403


def test_any_cors_origin_never_goes_with_credentials(serve: Any):
    wire = serve(env={"MCP_CORS_ORIGINS": "*"})
    answer = wire.modern("tools/call", SAMPLE, headers={"origin": "http://localhost:1"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert wire.modern("tools/call", SAMPLE, headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"])
def test_loopback_bind_needs_no_list(host: str):
    service("admission").AllowList().require_safe_bind(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "echo.example", ""])
def test_other_binds_need_a_list(host: str):
    admission, errors = service("admission"), service("errors")
    with pytest.raises(errors.ConfigurationError, match="non-loopback") as refusal:
        admission.AllowList().require_safe_bind(host)
    assert "--allowed-host" in refusal.value.hint
    admission.AllowList(hosts=("echo.example",)).require_safe_bind(host)
    admission.AllowList(any_host=True).require_safe_bind(host)


def test_default_bind_is_loopback():
    settings = service("settings").read_service_settings(argparse.Namespace(), {}, VARIABLES)
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)


def test_running_on_a_public_address_is_refused():
    with pytest.raises(service("errors").ConfigurationError, match=r"0\.0\.0\.0"):
        build().run("0.0.0.0", 0)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
