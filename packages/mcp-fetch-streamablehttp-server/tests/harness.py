"""Runs the server under test on a free loopback port, and speaks raw HTTP to it.

The server is real: uvicorn on a socket, in a thread. Nothing is mocked, so the
tests see status lines, headers and bytes as any client would.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
CLIENT_KEY = "io.modelcontextprotocol/clientInfo"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
_START_SECONDS = 15
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Serves ``app`` and yields the address of its endpoint."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
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
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server ended while starting"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


class Wire:
    """Raw client of one endpoint. Every method returns the HTTP response as it came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(timeout=10)
        self._ids = itertools.count(1)

    def close(self) -> None:
        self.client.close()

    def post(self, body: Any, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Posts ``body`` with the headers both eras need; a ``None`` value removes a header."""
        merged: dict[str, str | None] = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            **(headers or {}),
        }
        content = body if isinstance(body, (bytes, str)) else json.dumps(body)
        sent = {name: value for name, value in merged.items() if value is not None}
        return self.client.post(more.pop("url", self.url), content=content, headers=sent, **more)

    def modern(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        headers: dict[str, str | None] | None = None,
        meta: dict[str, Any] | None = None,
        version: str = MODERN,
    ) -> httpx.Response:
        """A correct modern request; ``headers`` and ``meta`` override or (with ``None``) remove parts of it."""
        params = dict(params or {})
        merged_meta = {VERSION_KEY: version, CAPABILITIES_KEY: {}, CLIENT_KEY: {"name": "wire", "version": "1"}}
        merged_meta.update(meta or {})
        params["_meta"] = {key: value for key, value in merged_meta.items() if value is not None}
        sent: dict[str, Any] = {"mcp-protocol-version": version, "mcp-method": method}
        if method in _NAMED and isinstance(params.get(_NAMED[method]), str):
            sent["mcp-name"] = params[_NAMED[method]]
        sent.update(headers or {})
        return self.post({"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}, sent)

    def tool(self, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Calls a tool over the modern wire and returns its result."""
        response = self.modern("tools/call", {"name": name, "arguments": arguments or {}}, **more)
        assert response.status_code == 200, response.text
        return message_of(response)["result"]

    def text(self, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> str:
        """The text a tool answers, which must not be an error."""
        result = self.tool(name, arguments, **more)
        assert result["isError"] is False, result
        return result["content"][0]["text"]

    def failure(self, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> str:
        """The text of a tool error."""
        result = self.tool(name, arguments, **more)
        assert result["isError"] is True, result
        return result["content"][0]["text"]

    def legacy(
        self, method: str, params: dict[str, Any] | None = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """A legacy request; sessions are the caller's business."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params or {}}
        return self.post(body, {"mcp-protocol-version": LEGACY, **(headers or {})})

    def initialize(self, version: str = LEGACY, headers: dict[str, str] | None = None) -> httpx.Response:
        """The legacy handshake's first message."""
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "wire", "version": "1"}}
        return self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}, headers)

    def open_session(self, headers: dict[str, str] | None = None) -> dict[str, str]:
        """The whole handshake; returns the headers that later requests need."""
        return self.open_session_at(LEGACY, headers)

    def open_session_at(self, version: str, headers: dict[str, str] | None = None) -> dict[str, str]:
        """The whole handshake at a given revision."""
        opened = self.initialize(version, headers)
        assert opened.status_code == 200, opened.text
        session = {**(headers or {}), "mcp-protocol-version": version}
        if "mcp-session-id" in opened.headers:
            session["mcp-session-id"] = opened.headers["mcp-session-id"]
        done = self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, session)
        assert done.status_code == 202
        return session


def message_of(response: httpx.Response) -> dict[str, Any]:
    """The one JSON-RPC message of a response, whether it came as JSON or as an event stream."""
    if response.headers["content-type"].startswith("text/event-stream"):
        data = [line[6:] for line in response.text.splitlines() if line.startswith("data: ")]
        assert len(data) == 1, response.text
        return json.loads(data[0])
    return response.json()


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON-RPC error of a response."""
    message = message_of(response)
    assert "error" in message, message
    return message["error"]


def unsigned_jwt(claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    """A token in the shape of a JWT whose signature is no signature."""

    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()

    return f"{part(header or {'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.not-a-signature"


def hear_interrupts() -> None:
    """What a shell runs in the background ignores interrupts, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Program:
    """The installed command as a child process, its log lines read from stderr."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None, cwd: Any = None) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "LOG_"))}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**clean, **(env or {})},
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_interrupts if os.name == "posix" else None,  # noqa: PLW1509 - it only sets a signal
        )
        self.lines: list[str] = []

    def wait_for(self, fragment: str) -> str:
        """Reads the log up to the first line with ``fragment``."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if fragment in line:
                return line
        raise AssertionError(f"no line with {fragment!r} in:\n{''.join(self.lines)}")

    def url(self) -> str:
        """The address the server announces."""
        return self.wait_for("event=listening").rpartition("url=")[2].strip()

    def stop(self, number: int) -> tuple[int, float]:
        """Sends a signal; returns exit status and seconds until the end."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.finish()
        return self.process.returncode, time.monotonic() - started

    def finish(self) -> tuple[int, str, str]:
        """Waits for the end; returns exit status, stdout and all of stderr."""
        out, err = self.process.communicate(timeout=20)
        self.lines.append(err)
        return self.process.returncode, out, "".join(self.lines)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=10)
