"""Runs what the tests talk to: the authorization server, Redis, a browser. Everything is real but GitHub."""

from __future__ import annotations

import base64
import hashlib
import html
import os
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import uvicorn
from fake_github import CLIENT_ID, CLIENT_SECRET, FakeGitHub
from mcp_oauth_dynamicclient.keys import create_private_key
from mcp_oauth_dynamicclient.server import create_app
from mcp_oauth_dynamicclient.settings import Settings

SERVICE = "http://localhost:3510"
RESOURCE = f"{SERVICE}/mcp"
CALLBACK = "http://127.0.0.1:3456/callback"
KEY = create_private_key()
DEADLINE = 30.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak http alone: loading the system's certificates takes each of them longer than the test."""


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """Waits until ``condition`` is true and returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


class RedisServer:
    """A redis-server with a password, in memory, on a port of its own; can be stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self._directory = tempfile.mkdtemp(prefix="redis-")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For ``REDIS_URL``."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", self.password, "--save", ""]
        command = ["redis-server", *options, "--dir", self._directory, "--daemonize", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers, "redis-server answers")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(16).startswith(b"+OK")
        except OSError:
            return False

    def stop(self) -> None:
        """Ends it; what it held is gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=15)
            self._process = None

    def close(self) -> None:
        """Ends it and removes its directory."""
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)


@contextmanager
def running(app: Any, port: int = 0) -> Iterator[str]:
    """Serves ``app`` and yields its address."""
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()

    def started() -> bool:
        assert thread.is_alive(), "the server ended while starting"
        return server.started

    wait_for(started, "the server starts")
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


def settings_for(github: FakeGitHub, issuer: str, **changes: Any) -> Settings:
    """Settings of a server on loopback; ``changes`` by field name."""
    values: dict[str, Any] = {
        "github_client_id": CLIENT_ID,
        "github_client_secret": CLIENT_SECRET,
        "github_url": github.url,
        "github_api_url": github.api_url,
        "issuer_url": issuer,
        "jwt_private_key_b64": KEY,
        "allowed_github_users": "alice",
        "protected_resources": SERVICE,
        "registration_rate": "100000/hour",
        "token_rate": "100000/min",
        **changes,
    }
    return Settings(_env_file=None, **values)


class Server:
    """A running authorization server and how to talk to it."""

    def __init__(self, url: str, settings: Settings, github: FakeGitHub) -> None:
        self.url = url
        self.settings = settings
        self.github = github
        self.client = httpx.Client(base_url=url, timeout=30, verify=NO_TLS)

    def register(self, **metadata: Any) -> dict[str, Any]:
        """Registers a public client with a loopback redirect URI unless told otherwise."""
        document = {
            "redirect_uris": [CALLBACK],
            "client_name": "test client",
            "token_endpoint_auth_method": "none",
            **metadata,
        }
        response = self.client.post("/register", json=document)
        assert response.status_code == 201, response.text
        registered: dict[str, Any] = response.json()
        return registered

    def flow(self, **more: Any) -> Flow:
        """A flow of a freshly registered client, or of ``client=...``."""
        client = more.pop("client", None) or self.register()
        return Flow(self, client, **more)

    def tokens(self, **more: Any) -> dict[str, Any]:
        """The tokens of a whole flow."""
        flow = self.flow(**more)
        response = flow.redeem(flow.code())
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return {**tokens, "flow": flow}

    def refresh(self, token: str, client: dict[str, Any], **more: Any) -> httpx.Response:
        """Uses a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": token, **more}
        return self.authenticated("/token", client, form)

    def authenticated(self, path: str, client: dict[str, Any], form: dict[str, Any]) -> httpx.Response:
        """Posts a form as a client, by the method it registered."""
        method = client["token_endpoint_auth_method"]
        if method == "client_secret_basic":
            return self.client.post(path, data=form, auth=(client["client_id"], client["client_secret"]))
        own = {"client_id": client["client_id"]}
        if method == "client_secret_post":
            own["client_secret"] = client["client_secret"]
        return self.client.post(path, data={**own, **form})

    def verify(self, token: str | None, uri: str = RESOURCE, **headers: str) -> httpx.Response:
        """Asks as an edge proxy would about a request to ``uri``."""
        parts = urlsplit(uri)
        forwarded = {
            "X-Forwarded-Method": "POST",
            "X-Forwarded-Proto": parts.scheme,
            "X-Forwarded-Host": parts.netloc,
            "X-Forwarded-Uri": parts.path + (f"?{parts.query}" if parts.query else ""),
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **headers,
        }
        return self.client.get("/verify", headers=forwarded)


class Browser:
    """A browser of one user: keeps cookies, follows redirects by hand."""

    opened: ClassVar[list[Browser]] = []

    def __init__(self) -> None:
        self.client = httpx.Client(timeout=30, follow_redirects=False, verify=NO_TLS)
        self.opened.append(self)

    @classmethod
    def close_all(cls) -> None:
        """Closes every browser that was opened."""
        while cls.opened:
            cls.opened.pop().client.close()

    def get(self, url: str) -> httpx.Response:
        """Opens a page."""
        return self.client.get(url)

    def decide(self, page: httpx.Response, decision: str, **changes: str) -> httpx.Response:
        """Sends the consent form."""
        assert page.status_code == 200, page.text
        form = {**hidden_fields(page.text), "decision": decision, **changes}
        return self.client.post(str(page.url.join("/consent")), data=form)

    def to_client(self, response: httpx.Response, issuer: str, redirect_prefix: str) -> httpx.Response:
        """Follows redirects through GitHub until one leads to the client, or a page stops it."""
        for _ in range(6):
            location = response.headers.get("location", "")
            if response.status_code not in {302, 303} or location.startswith(redirect_prefix):
                return response
            response = self.client.get(location)
        raise AssertionError("too many redirects")


def hidden_fields(text: str) -> dict[str, str]:
    """The hidden fields of a form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    return {name: html.unescape(value) for name, value in found}


def parameters_of(response: httpx.Response) -> dict[str, str]:
    """The query parameters a redirect carries."""
    assert response.status_code == 302, response.text
    return dict(parse_qsl(urlsplit(response.headers["location"]).query, keep_blank_values=True))


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Flow:
    """One authorization of one client, step by step. ``changes`` with ``None`` leave parameters out."""

    def __init__(self, server: Server, client: dict[str, Any], **changes: Any) -> None:
        self.server = server
        self.client = client
        self.browser = Browser()
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(16)
        self.parameters: dict[str, Any] = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": client["redirect_uris"][0],
            "state": self.state,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "resource": RESOURCE,
            **changes,
        }

    @property
    def url(self) -> str:
        """The authorization URL."""
        given = {name: value for name, value in self.parameters.items() if value is not None}
        return f"{self.server.url}/authorize?{urlencode(given, doseq=True)}"

    def authorize(self) -> httpx.Response:
        """Opens it: the consent page, a redirect with an error, or an error page."""
        return self.browser.get(self.url)

    def answer(self, decision: str = "approve") -> httpx.Response:
        """The redirect to the client, or the page at which the way ends."""
        page = self.authorize()
        assert page.status_code == 200, (page.status_code, page.headers, page.text)
        redirect_uri = self.parameters["redirect_uri"] or self.client["redirect_uris"][0]
        decided = self.browser.decide(page, decision)
        return self.browser.to_client(decided, self.server.settings.issuer, redirect_uri)

    def code(self) -> str:
        """An authorization code."""
        answer = parameters_of(self.answer())
        assert "code" in answer, answer
        assert answer["iss"] == self.server.settings.issuer
        assert answer.get("state") == self.parameters["state"]
        return answer["code"]

    def redeem(self, code: str, **changes: Any) -> httpx.Response:
        """Exchanges a code; ``changes`` with ``None`` leave parameters out."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.parameters["redirect_uri"],
            "code_verifier": self.verifier,
            "resource": self.parameters["resource"],
            **changes,
        }
        given = {name: value for name, value in form.items() if value is not None}
        return self.server.authenticated("/token", self.client, given)


@contextmanager
def serving(github: FakeGitHub, app_options: dict[str, Any] | None = None, **changes: Any) -> Iterator[Server]:
    """A server with settings of its own on a port of its own. ``issuer_url`` may differ from its address."""
    port = free_port()
    issuer = changes.pop("issuer_url", f"http://127.0.0.1:{port}")
    settings = settings_for(github, issuer, **changes)
    with running(create_app(settings, **(app_options or {})), port) as url:
        server = Server(url, settings, github)
        try:
            yield server
        finally:
            server.client.close()


class Program:
    """The installed command as a child process; its log goes to a file."""

    def __init__(self, arguments: list[str], environment: dict[str, str], directory: Path) -> None:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "HOME", "LANG", "COVERAGE_PROCESS_START"}
        }
        self.log = directory / "program.log"
        self._stderr = self.log.open("w", encoding="utf-8")
        command = [sys.executable, "-m", "mcp_oauth_dynamicclient", *arguments]
        self.process = subprocess.Popen(command, stderr=self._stderr, env={**kept, **environment}, cwd=directory)

    def text(self) -> str:
        """Everything it logged."""
        return self.log.read_text(encoding="utf-8")

    def address(self) -> str:
        """Where it listens."""

        def announced() -> str | None:
            assert self.process.poll() is None, self.text()
            found = re.search(r"event=listening url=(\S+)", self.text())
            return found.group(1) if found else None

        return str(wait_for(announced, "the program listens"))

    def stop(self) -> int:
        """Ends it as a service manager would; returns its status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=20)
        finally:
            self._stderr.close()


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """The variables that make a child process use the same settings."""
    secret = settings.github_client_secret.get_secret_value()
    return {
        "GITHUB_CLIENT_ID": settings.github_client_id,
        "GITHUB_CLIENT_SECRET": secret,
        "GITHUB_URL": settings.github_url,
        "GITHUB_API_URL": settings.github_api_url,
        "ISSUER_URL": settings.issuer,
        "JWT_PRIVATE_KEY_B64": KEY,
        "ALLOWED_GITHUB_USERS": ",".join(settings.allowed_github_users),
        "PROTECTED_RESOURCES": ",".join(settings.protected_resources),
        "REGISTRATION_RATE": settings.registration_rate,
        "TOKEN_RATE": settings.token_rate,
        **more,
    }
