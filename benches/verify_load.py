"""Latency of the authorization server's ``/verify`` at a fixed rate, next to a bare FastAPI endpoint as peer.

usage: python benches/verify_load.py [--rate N] [--seconds N] [--rounds N]

The server (one worker, real redis-server) and the peer run in processes of
their own on loopback. Requests leave on a schedule, whether or not earlier ones
were answered, and latency counts from the scheduled moment. Server and peer
take turns round by round, so that other work on the machine slows both alike:
the ratio is the figure to look at, the floor is for a quiet machine with two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "packages" / "mcp-oauth-dynamicclient"
sys.path.insert(0, str(PACKAGE / "tests"))

from fake_github import FakeGitHub  # noqa: E402 - lies beside the package's tests
from harness import (  # noqa: E402 - likewise
    Browser,
    Program,
    RedisServer,
    Server,
    environment_of,
    free_port,
    settings_for,
)

P99_FLOOR_MS = 20.0
CONNECTIONS = 16
PEER = """
import socket, sys, uvicorn
from fastapi import FastAPI
app = FastAPI()

@app.get("/verify")
async def verify():
    return {}

listener = socket.create_server(("127.0.0.1", 0), backlog=256)
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
"""


@contextlib.contextmanager
def bare_peer() -> Iterator[int]:
    """A FastAPI application with one endpoint; yields its port."""
    with subprocess.Popen([sys.executable, "-c", PEER], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline()) if process.stdout else 0
        finally:
            process.terminate()


@contextlib.contextmanager
def authority() -> Iterator[tuple[int, str]]:
    """The authorization server; yields its port and a token."""
    redis = RedisServer()
    with FakeGitHub() as github, tempfile.TemporaryDirectory() as directory:
        redis.start()
        port = free_port()
        settings = settings_for(github, f"http://127.0.0.1:{port}")
        program = Program(["--port", str(port)], environment_of(settings, REDIS_URL=redis.url), Path(directory))
        try:
            server = Server(program.address(), settings, github)
            token = server.tokens()["access_token"]
            server.client.close()
            Browser.close_all()
            yield port, token
        finally:
            program.stop()
            redis.close()


class Load:
    """Sends one request again and again over a few connections, on a schedule."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        lines = [
            "GET /verify HTTP/1.1",
            "Host: auth.example.org",
            f"Authorization: Bearer {token}",
            "X-Forwarded-Method: POST",
            "X-Forwarded-Proto: http",
            "X-Forwarded-Host: localhost:3510",
            "X-Forwarded-Uri: /mcp",
        ]
        self._request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.milliseconds: list[float] = []

    async def run(self, rate: int, seconds: float) -> None:
        """Keeps the schedule for a while."""
        idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            idle.put_nowait(await asyncio.open_connection("127.0.0.1", self._port))
        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * seconds)):
                due = start + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                tasks.create_task(self._one(idle, due))
        while not idle.empty():
            idle.get_nowait()[1].close()

    async def _one(self, idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]], due: float) -> None:
        reader, writer = await idle.get()
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        self.milliseconds.append((time.perf_counter() - due) * 1000)
        idle.put_nowait((reader, writer))


def figures(milliseconds: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    cuts = statistics.quantiles(milliseconds, n=100)
    return cuts[49], cuts[98]


def main() -> int:
    """Measures, prints, judges."""
    parser = argparse.ArgumentParser(description="Latency of /verify at a fixed rate.")
    parser.add_argument("--rate", type=int, default=500, help="requests per second")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    for unused in ("--pyrel", "--python"):
        parser.add_argument(unused, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with authority() as (port, token), bare_peer() as peer_port:
        ours, peer = Load(port, token), Load(peer_port, token)
        for load in (ours, peer):
            asyncio.run(load.run(100, 1))
            load.milliseconds.clear()
        for _ in range(options.rounds):
            for load in (ours, peer):
                asyncio.run(load.run(options.rate, options.seconds))
    print(f"{len(ours.milliseconds)} requests to each at {options.rate}/s over {CONNECTIONS} connections")
    medians, tails = zip(figures(ours.milliseconds), figures(peer.milliseconds), strict=True)
    print(f"/verify       p50 {medians[0]:6.2f} ms   p99 {tails[0]:6.2f} ms")
    print(f"bare FastAPI  p50 {medians[1]:6.2f} ms   p99 {tails[1]:6.2f} ms")
    print(f"ratio         p50 {medians[0] / medians[1]:6.2f}      p99 {tails[0] / tails[1]:6.2f}")
    print(f"floor p99 < {P99_FLOOR_MS:.0f} ms: {'met' if tails[0] < P99_FLOOR_MS else 'not met'}")
    return 0 if tails[0] < P99_FLOOR_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
