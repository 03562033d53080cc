"""Faults and load: Redis goes and comes, several workers, garbage on every endpoint, nothing secret in the log."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_github import FakeGitHub
from harness import (
    CALLBACK,
    RESOURCE,
    Program,
    RedisServer,
    Server,
    environment_of,
    free_port,
    hidden_fields,
    parameters_of,
    serving,
    settings_for,
    wait_for,
)
from mcp_oauth_dynamicclient import server as server_module


@pytest.fixture
def own_redis() -> Any:
    """A Redis the test may stop."""
    redis = RedisServer()
    yield redis
    redis.close()


def test_redis_restart_mid_run(own_redis: RedisServer, github: FakeGitHub) -> None:
    own_redis.start()
    with serving(github, redis_url=own_redis.url) as server:
        token = server.tokens()["access_token"]
        assert server.verify(token).status_code == 200
        own_redis.stop()
        assert server.verify(token).status_code == 503
        assert server.client.get("/health").status_code == 503
        down = server.client.post("/token", data={"grant_type": "refresh_token", "refresh_token": "x"})
        assert down.status_code == 503
        assert down.json()["error"] == "temporarily_unavailable"
        assert down.headers["retry-after"] == "1"
        assert server.client.get("/authorize", params={"client_id": "client_x"}).status_code == 503
        assert server.client.get("/.well-known/oauth-authorization-server").status_code == 200
        own_redis.start()
        back = time.monotonic()
        wait_for(lambda: server.client.get("/health").status_code == 200, "the server recovers")
        assert time.monotonic() - back < 2
        assert server.verify(token).status_code == 401, "this Redis forgets, so the token is gone: never open"
        fresh = server.tokens()
        assert server.verify(fresh["access_token"]).status_code == 200


def test_every_request_is_answered_while_redis_restarts(own_redis: RedisServer, github: FakeGitHub) -> None:
    own_redis.start()
    with serving(github, redis_url=own_redis.url) as server:
        token = server.tokens()["access_token"]
        seen: Counter[int] = Counter()
        done = threading.Event()

        def ask() -> None:
            headers = {"Authorization": f"Bearer {token}", "X-Forwarded-Host": "localhost:3510"}
            with httpx.Client(
                base_url=server.url, headers={**headers, "X-Forwarded-Uri": "/mcp"}, timeout=20
            ) as client:
                while not done.is_set():
                    seen[client.get("/verify").status_code] += 1

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: seen[200] > 20, "requests flow")
        own_redis.stop()
        wait_for(lambda: seen[503] > 3, "refusals while Redis is away")
        own_redis.start()
        wait_for(lambda: seen[401] > 3, "Redis is back, without its data")
        done.set()
        for thread in threads:
            thread.join(timeout=30)
        assert set(seen) == {200, 401, 503}


def test_start_without_redis(own_redis: RedisServer, github: FakeGitHub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), serving(github, redis_url=own_redis.url) as server:
        assert server.client.get("/health").status_code == 503
        assert server.client.get("/health").json()["status"] == "unhealthy"
        wait_for(lambda: "no answer yet" in caplog.text, "the server says what it waits for")
        own_redis.start()
        wait_for(lambda: server.client.get("/health").status_code == 200, "the server finds Redis")
        wait_for(lambda: "text=connected" in caplog.text, "it says so")
        assert server.tokens()["access_token"]


def test_redis_that_never_comes(
    github: FakeGitHub, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server_module._REDIS_PATIENCE == 30.0
    monkeypatch.setattr(server_module, "_REDIS_PATIENCE", 0.5)
    with serving(github, redis_url=f"redis://127.0.0.1:{free_port()}/0") as server:
        wait_for(lambda: "no answer for 30 seconds" in caplog.text, "the server gives up waiting")
        assert server.client.get("/health").status_code == 503


def test_two_workers_share_everything(redis_server: RedisServer, github: FakeGitHub, tmp_path: Path) -> None:
    port = free_port()
    settings = settings_for(github, f"http://127.0.0.1:{port}")
    arguments = ["--port", str(port), "--workers", "2", "--forwarded-allow-ips", "127.0.0.1"]
    program = Program(arguments, environment_of(settings, REDIS_URL=redis_server.url), tmp_path)
    try:
        wait_for(lambda: program.text().count("text=connected") == 2, "both workers run", 60)
        server = Server(program.address(), settings, github)
        server.client.close()
        # Without keep-alive each request finds a worker of its own.
        server.client = httpx.Client(base_url=server.url, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
        for _ in range(5):
            tokens = server.tokens()
            client = tokens["flow"].client
            fresh = server.refresh(tokens["refresh_token"], client).json()
            assert [server.verify(fresh["access_token"]).status_code for _ in range(4)] == [200] * 4
            assert server.refresh(tokens["refresh_token"], client).status_code == 400
            assert [server.verify(fresh["access_token"]).status_code for _ in range(4)] == [401] * 4
        server.client.close()
    finally:
        program.stop()
    assert "Traceback" not in program.text()


NASTY = (
    "", "x", "\x00", "\r\nX-User-Id: 1", "\u202e", "\u20ac" * 50, "'\"<>&;", "%00%ff", "../../etc/passwd", "a" * 3000,
    "https://[::1", "http://localhost:3510/mcp", "https://127.0.0.1/client.json", "S256", "code", "authorization_code",
    "refresh_token", "-1", "1e999", "null", "[]", "{}", "Basic Og==", "urn:ietf:params:oauth:grant-type:device_code",
)  # fmt: skip


def test_no_endpoint_fails_over_garbage(github: FakeGitHub) -> None:
    """Random requests, from a fixed seed, to everything in the API description."""
    chance = random.Random(20260728)
    with serving(github, enable_device_flow=True) as server:
        schema = server.client.get("/openapi.json").json()
        operations = [
            (path, method, operation)
            for path, methods in schema["paths"].items()
            for method, operation in methods.items()
        ]
        assert len(operations) > 20
        client = server.register(token_endpoint_auth_method="client_secret_post")
        good = [client["client_id"], client["client_secret"], CALLBACK, RESOURCE, client["registration_access_token"]]

        def value() -> str:
            return chance.choice(good) if chance.random() < 0.4 else chance.choice(NASTY)

        for path, method, operation in operations * 25:
            target = path.replace("{client_id}", chance.choice([client["client_id"], "%00", "a%2Fb", "\u20ac"]))
            target = target.replace("{path}", chance.choice(["mcp", "%2e%2e", "a//b", "\u20ac"]))
            names = [parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
            query = [(name, value()) for name in names for _ in range(chance.choice([0, 1, 1, 1, 2]))]
            content, headers = _body(chance, operation, value)
            authorization = chance.choice(["", "Bearer x", f"Bearer {good[4]}", "Basic ////", "Bearer \u00ff"])
            if authorization:
                headers["Authorization"] = authorization
            raw = {name: text.encode("latin-1") for name, text in headers.items()}
            response = server.client.request(method, target, params=query, content=content, headers=raw)
            assert response.status_code < 500, (method, target, query, content, headers, response.text)
            assert response.headers["x-content-type-options"] == "nosniff"
        for _ in range(200):
            headers = {name: _header(value()) for name in ("X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Proto")}
            headers["Authorization"] = _header(f"Bearer {value()}")
            headers["MCP-Protocol-Version"] = "2026-07-28"
            headers["Mcp-Name"] = _header(value())
            method = chance.choice(["GET", "TRACE", "REPORT"])
            assert server.client.request(method, "/verify", headers=headers).status_code in {401, 403}


def _header(text: str) -> bytes:
    return "".join(char for char in text if " " <= char <= "\u00ff").strip().encode("latin-1")


def _body(
    chance: random.Random, operation: dict[str, Any], value: Callable[[], str]
) -> tuple[bytes | None, dict[str, str]]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        wrong = chance.choice(
            [b"", b"{", b"[1]", b'{"redirect_uris": [{}]}', b'{"client_name": {"a": 1}}', b'"\\ud800"']
        )
        return wrong, {"content-type": chance.choice(["application/json", "text/plain"])}
    if content:
        schema = next(iter(content.values()))["schema"]
        chosen = {name: value() for name in schema["properties"] if chance.random() < 0.8}
        body = httpx.Request("POST", "http://x", data=chosen).read()
        return body + chance.choice([b"", b"&a=%ff", b"&=", b"&client_id=x"]), {
            "content-type": "application/x-www-form-urlencoded"
        }
    return None, {}


def test_an_unexpected_error_tells_the_client_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("internal detail")

    monkeypatch.setattr("mcp_oauth_dynamicclient.oauth.server.OAuthServer.metadata", broken)
    response = server.client.get("/.well-known/oauth-authorization-server")
    assert response.status_code == 500
    assert response.json() == {"error": "server_error", "error_description": "internal error"}
    assert "unexpected_error" in caplog.text


@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_secret_reaches_the_log(github: FakeGitHub, redis_server: RedisServer, tmp_path: Path, level: str) -> None:
    """The whole log of whole flows, at the most talkative level, holds none of the secrets that passed through."""
    port = free_port()
    settings = settings_for(github, f"http://127.0.0.1:{port}")
    environment = environment_of(settings, REDIS_URL=redis_server.url, ENABLE_DEVICE_FLOW="true")
    program = Program(["--port", str(port), "--log-level", level], environment, tmp_path)
    secrets = [redis_server.password, settings.github_client_secret.get_secret_value()]
    secrets.append(environment["JWT_PRIVATE_KEY_B64"][40:100])
    try:
        program.address()
        server = Server(settings.issuer, settings, github)
        for method in ("none", "client_secret_basic", "client_secret_post"):
            secrets += _flow_with_everything(server, method)
        server.client.close()
    finally:
        program.stop()
    log = program.text()
    assert log.count("path=/token") >= 9
    secrets += github.issued
    assert len(secrets) > 40
    for secret in secrets:
        assert len(secret) > 8
        assert secret not in log


def _flow_with_everything(server: Server, method: str) -> list[str]:
    """Goes through every endpoint, right and wrong; returns every secret that occurred."""
    flow = server.flow(client=server.register(token_endpoint_auth_method=method))
    client = flow.client
    page = flow.authorize()
    form = hidden_fields(page.text)
    approved = flow.browser.decide(page, "approve")
    state = parameters_of(approved)["state"]
    code = parameters_of(flow.browser.to_client(approved, server.settings.issuer, CALLBACK))["code"]
    tokens = flow.redeem(code).json()
    fresh = server.refresh(tokens["refresh_token"], client).json()
    server.verify(fresh["access_token"])
    server.verify(None, f"{RESOURCE}?access_token={fresh['access_token']}")
    server.authenticated("/introspect", client, {"token": fresh["access_token"]})
    flow.redeem(code)
    server.refresh(tokens["refresh_token"], client)
    server.authenticated("/revoke", client, {"token": fresh["refresh_token"]})
    registration = {"Authorization": f"Bearer {client['registration_access_token']}"}
    server.client.get(f"/register/{client['client_id']}", headers=registration)
    server.client.get("/success", params={"code": code, "state": state})
    given = [tokens[name] for name in ("access_token", "refresh_token")]
    given += [fresh[name] for name in ("access_token", "refresh_token")]
    cookies = list(flow.browser.client.cookies.values())
    own = [client["registration_access_token"], *([client["client_secret"]] if method != "none" else [])]
    return [code, state, flow.state, flow.verifier, *form.values(), *given, *cookies, *own]
