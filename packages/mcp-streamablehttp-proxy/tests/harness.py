"""A proxy on a free loopback port in front of the odd server, and clients that speak raw HTTP to it."""

from __future__ import annotations

import inspect
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from mcp_streamablehttp_proxy import MCPProxy

HERE = Path(__file__).parent
ODD_SERVER = str(HERE / "stdio_server.py")
MODERN, LEGACY = "2026-07-28", "2025-11-25"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId"
LOG_LEVEL_KEY = "io.modelcontextprotocol/logLevel"
PATIENCE = 30.0
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


def odd(*arguments: str) -> list[str]:
    """The command of the odd server."""
    return [sys.executable, "-S", "-E", ODD_SERVER, *arguments]


@asynccontextmanager
async def proxied(*arguments: str, **options: Any) -> AsyncIterator[Wire]:
    """A proxy in front of the odd server, and a client of it."""
    async with MCPProxy(options.pop("command", odd(*arguments)), port=0, **options) as proxy, Wire(proxy.url) as wire:
        yield wire


async def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Waits for a condition, awaiting it if need be; returns what it found."""
    with anyio.fail_after(seconds):
        while True:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            await anyio.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Wire:
    """Raw client of one endpoint, of either era."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.AsyncClient(timeout=PATIENCE)
        self._ids = itertools.count(1)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def health(self) -> httpx.Response:
        return await self.client.get(self.url.replace("/mcp", "/health"))

    def request(self, body: Any, headers: dict[str, Any] | None = None, verb: str = "POST") -> httpx.Request:
        merged = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            **(headers or {}),
        }
        sent = {name: value for name, value in merged.items() if value is not None}
        content = None if body is None else body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.client.build_request(verb, self.url, content=content, headers=sent)

    async def post(self, body: Any, headers: dict[str, Any] | None = None) -> httpx.Response:
        return await self.client.send(self.request(body, headers))

    @asynccontextmanager
    async def streaming(self, request: httpx.Request) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The messages of a response as they arrive."""
        response = await self.client.send(request, stream=True)
        try:
            assert response.status_code == 200, await response.aread()
            yield _messages(response)
        finally:
            await response.aclose()

    def modern_request(
        self, method: str, params: dict[str, Any] | None = None, *, headers: Any = None, meta: Any = None
    ) -> httpx.Request:
        params = dict(params or {})
        params["_meta"] = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}, **(meta or {})}
        sent: dict[str, Any] = {"mcp-protocol-version": MODERN, "mcp-method": method}
        if method in _NAMED and isinstance(params.get(_NAMED[method]), str):
            sent["mcp-name"] = params[_NAMED[method]]
        sent.update(headers or {})
        return self.request({"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}, sent)

    async def modern(self, method: str, params: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        return await self.client.send(self.modern_request(method, params, **more))

    async def call(self, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> Any:
        """Calls a tool of the odd server over the modern wire; returns what it found."""
        response = await self.modern("tools/call", {"name": name, "arguments": arguments or {}}, **more)
        assert response.status_code == 200, response.text
        return found(messages_of(response)[-1])

    async def fail(self, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The protocol error a tool call ends with over the modern wire."""
        response = await self.modern("tools/call", {"name": name, "arguments": arguments or {}}, **more)
        return messages_of(response)[-1]["error"]

    def initialize_request(self, version: str = LEGACY, headers: Any = None) -> httpx.Request:
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "wire", "version": "1"}}
        return self.request({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}, headers)

    async def open(self, version: str = LEGACY, headers: Any = None) -> Session:
        """A legacy session, handshake done."""
        opened = await self.client.send(self.initialize_request(version, headers))
        assert opened.status_code == 200, opened.text
        assert "result" in messages_of(opened)[-1], opened.text
        session = {
            **(headers or {}),
            "mcp-protocol-version": version,
            "mcp-session-id": opened.headers["mcp-session-id"],
        }
        done = await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, session)
        assert done.status_code == 202
        return Session(self, session, messages_of(opened)[-1]["result"])


class Session:
    """A legacy session of a raw client."""

    def __init__(self, wire: Wire, headers: dict[str, str], opening: dict[str, Any]) -> None:
        self.wire = wire
        self.headers = headers
        self.opening = opening
        self._ids = itertools.count(1)

    def request(self, method: str, params: dict[str, Any] | None = None, number: Any = None) -> httpx.Request:
        body = {
            "jsonrpc": "2.0",
            "id": next(self._ids) if number is None else number,
            "method": method,
            "params": params or {},
        }
        return self.wire.request(body, self.headers)

    def calling(self, name: str, arguments: dict[str, Any] | None = None, *, meta: Any = None, number: Any = None):
        """The request of a tool call."""
        params = {"name": name, "arguments": arguments or {}, **({} if meta is None else {"_meta": meta})}
        return self.request("tools/call", params, number)

    async def send(self, request: httpx.Request) -> list[dict[str, Any]]:
        response = await self.wire.client.send(request)
        assert response.status_code == 200, response.text
        return messages_of(response)

    async def call(self, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> Any:
        return found((await self.send(self.calling(name, arguments, **more)))[-1])

    async def fail(self, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        return (await self.send(self.calling(name, arguments, **more)))[-1]["error"]

    async def tell(self, method: str, params: dict[str, Any] | None = None) -> httpx.Response:
        return await self.wire.post({"jsonrpc": "2.0", "method": method, "params": params or {}}, self.headers)

    async def reply(self, number: Any, result: dict[str, Any]) -> httpx.Response:
        return await self.wire.post({"jsonrpc": "2.0", "id": number, "result": result}, self.headers)

    def listening(self) -> httpx.Request:
        """The request of the standalone stream."""
        return self.wire.request(None, {**self.headers, "content-type": None}, "GET")

    async def end(self) -> httpx.Response:
        return await self.wire.client.send(self.wire.request(None, {**self.headers, "content-type": None}, "DELETE"))

    async def status(self) -> int:
        """The HTTP status of a ping."""
        return (await self.wire.client.send(self.request("ping"))).status_code


async def _messages(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    if response.headers["content-type"].startswith("text/event-stream"):
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])
    else:
        yield json.loads(await response.aread())


def messages_of(response: httpx.Response) -> list[dict[str, Any]]:
    """Every JSON-RPC message of a response, whether it came as JSON or as an event stream."""
    if response.headers["content-type"].startswith("text/event-stream"):
        return [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
    return [response.json()]


def found(message: dict[str, Any]) -> Any:
    """What a tool of the odd server found."""
    assert "result" in message, message
    return message["result"]["structuredContent"]["found"]


def hear_interrupts() -> None:
    """What a shell runs in the background ignores interrupts, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Program:
    """A command as a child process, its log lines read from stderr."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None, cwd: Any = None) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "LOG_"))}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**clean, **(env or {})},
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_interrupts,  # noqa: PLW1509 - it only sets a signal
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
        """The address the proxy announces."""
        return self.wait_for("event=listening").rpartition("url=")[2].strip()

    def stop(self, number: int) -> tuple[int, float]:
        """Sends a signal; returns exit status and seconds until the end."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.finish()
        return self.process.returncode, time.monotonic() - started

    def finish(self) -> tuple[int, str, str]:
        """Waits for the end; returns exit status, stdout and all of stderr."""
        out, err = self.process.communicate(timeout=40)
        self.lines.append(err)
        return self.process.returncode, out, "".join(self.lines)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=10)
