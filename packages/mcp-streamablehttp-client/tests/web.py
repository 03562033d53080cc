"""Serves applications on free loopback ports, in threads, and records what arrives."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

_START_SECONDS = 20


@contextmanager
def serving(build: Callable[[str], Any]) -> Iterator[str]:
    """Serves ``build(origin)`` and yields the origin."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        build(origin), log_config=None, access_log=False, ws="none", lifespan="on", timeout_graceful_shutdown=1
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
        yield origin
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Waits until ``condition`` returns something; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    status: int = 0


@dataclass
class Recorder:
    """Wraps an application: keeps every request, and may answer instead of the application."""

    app: Any
    seen: list[Seen] = field(default_factory=list)
    instead: Callable[[Seen], tuple[int, dict[str, str], bytes] | None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            document = json.loads(body) if body else {}
        except ValueError:
            document = {}
        seen = Seen(scope["method"], scope["path"], headers, document)
        self.seen.append(seen)
        answer = self.instead(seen) if self.instead is not None else None
        if answer is not None:
            seen.status = answer[0]
            await respond(send, *answer)
            return
        delivered = False

        async def replay() -> Any:
            nonlocal delivered
            if not delivered:
                delivered = True
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        async def watch(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            await send(message)

        await self.app(scope, replay, watch)

    def methods(self) -> list[str]:
        """The JSON-RPC methods that arrived, in order."""
        return [seen.body["method"] for seen in self.seen if "method" in seen.body]

    def of(self, method: str) -> list[Seen]:
        """The requests with one JSON-RPC or HTTP method."""
        return [seen for seen in self.seen if method in (seen.body.get("method"), seen.method)]


async def respond(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    """Sends a whole response."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def json_answer(status: int, document: Any, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """An answer for ``Recorder.instead``."""
    return status, {"content-type": "application/json", **headers}, json.dumps(document).encode()
