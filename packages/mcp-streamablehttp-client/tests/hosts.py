"""Hosts for the bridge: in this process over streams of messages, and outside over the pipes of the real command."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp.shared._context_streams import create_context_streams
from mcp_streamablehttp_client import MemoryStore, StreamableHttpToStdioProxy
from mcp_streamablehttp_client.auth.person import Person
from mcp_streamablehttp_client.settings import Settings

MODULE = [sys.executable, "-m", "mcp_streamablehttp_client"]


def settings(url: str, **fields: Any) -> Settings:
    """Settings of the test's own, without an ``.env``."""
    return Settings(**{"_env_file": None, "mcp_server_url": url, **fields})


@asynccontextmanager
async def bridged(url: str, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    """A transport for an SDK client: the bridge in this process."""
    options.setdefault("store", MemoryStore())
    proxy = StreamableHttpToStdioProxy(options.pop("settings", None) or settings(url), **options)
    to_bridge, bridge_reads = create_context_streams[Any](0)
    bridge_writes, from_bridge = create_context_streams[Any](0)
    async with proxy, anyio.create_task_group() as group:
        group.start_soon(proxy.run, (bridge_reads, bridge_writes))
        async with from_bridge, to_bridge:
            yield from_bridge, to_bridge
        with anyio.move_on_after(10):
            await proxy._stopped.wait()
        group.cancel_scope.cancel()


class Process:
    """The real command as a bridge; keeps every byte it writes."""

    def __init__(self, url: str, tmp_path: Path, *arguments: str, **environment: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "LOG_", "CLIENT_"))}
        self._stderr = (tmp_path / "stderr.log").open("wb")
        self.process = subprocess.Popen(
            [*MODULE, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=tmp_path,
            env={
                **clean,
                "MCP_SERVER_URL": url,
                "CREDENTIAL_STORAGE_PATH": str(tmp_path / "store" / "credentials.json"),
                **environment,
            },
        )
        self.log = tmp_path / "stderr.log"
        self.stdout = b""
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.stdout += line
            self._messages.put(json.loads(line))
        self._messages.put(None)

    def send(self, message: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        line = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def receive(self, seconds: float = 30) -> dict[str, Any]:
        message = self._messages.get(timeout=seconds)
        assert message is not None, f"the bridge ended:\n{self.log.read_text()}"
        return message

    def ask(self, method: str, params: dict[str, Any] | None = None, request_id: Any = 1) -> dict[str, Any]:
        message: dict[str, Any] = {"id": request_id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        answer = self.receive()
        assert answer["id"] == request_id
        return answer

    def initialize(self, version: str = "2025-11-25") -> dict[str, Any]:
        info = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "host", "version": "1"}}
        answer = self.ask("initialize", info, "init")
        self.send({"method": "notifications/initialized"})
        return answer

    def close(self) -> int:
        """Closes stdin; returns the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        status = self.process.wait(timeout=20)
        self._reader.join(timeout=20)
        self._stderr.close()
        return status

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._stderr):
            if stream is not None and not stream.closed:
                stream.close()


def no_person() -> Person:
    """Nobody can be asked."""
    return Person(browser=False, prompt=None)
