"""Load figures of the echo servers, next to a bare tool on the same SDK as peer. No test: it prints and judges.

usage: python benches/echo_load.py [--calls N] [--rounds N] [--sessions N]

Every server runs in a process of its own on loopback and answers a fixed
number of ``echo`` calls over sixteen connections. Peer and server take turns
round by round, so that other work on the machine slows both alike; the ratio
is therefore the figure to look at, the floors are for a quiet machine with two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httptools
import psutil

CONNECTIONS = 16
MODERN, LEGACY = "2026-07-28", "2025-11-25"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
SESSION_FLOOR_MIB = 200
_DEADLINE_SECONDS = 120

PEER = """
import sys, uvicorn, socket
import mcp_types as types
from mcp.server import Server

async def list_tools(ctx, params):
    return types.ListToolsResult(tools=[types.Tool(name="echo", input_schema=SCHEMA)])

async def call_tool(ctx, params):
    return types.CallToolResult(content=[types.TextContent(text=params.arguments["message"])])

SCHEMA = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
server = Server("peer", on_list_tools=list_tools, on_call_tool=call_tool)
stateless = sys.argv[1] == "stateless"
app = server.streamable_http_app(json_response=stateless, stateless_http=stateless)
listener = socket.create_server(("127.0.0.1", 0), backlog=256)
print(f"event=listening url=http://127.0.0.1:{listener.getsockname()[1]}/mcp", file=sys.stderr, flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
"""


@dataclass(frozen=True)
class Case:
    """One line of the table: which servers, which wire, and the floor in requests per second if there is one."""

    name: str
    kind: str
    revision: str
    floor: int | None


CASES = (
    Case("stateless modern", "stateless", MODERN, 1000),
    Case("stateless legacy", "stateless", LEGACY, 700),
    Case("stateful modern", "stateful", MODERN, 700),
    Case("stateful legacy", "stateful", LEGACY, None),
)


@dataclass
class Running:
    """A server process and its address."""

    process: subprocess.Popen[bytes]
    host: str
    port: int


@contextlib.contextmanager
def started(command: list[str], variables: dict[str, str] | None = None) -> Iterator[Running]:
    """Starts a server that announces its address on stderr."""
    foreign = ("MCP_", "LOG_", "FETCH_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | (variables or {})
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stderr.log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(command, stderr=stderr, env=clean, cwd=directory)
        try:
            deadline = time.monotonic() + 20
            found = None
            while found is None:
                text = log.read_text(encoding="utf-8")
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server did not start:\n{text}")
                found = re.search(r"event=listening url=http://([^:]+):(\d+)/mcp", text)
                time.sleep(0.01)
            yield Running(process, found.group(1), int(found.group(2)))
        finally:
            process.terminate()
            process.wait(timeout=20)


def ours(kind: str, *options: str) -> list[str]:
    """The command of an echo server."""
    return [sys.executable, "-m", f"mcp_echo_streamablehttp_server_{kind}", "--port", "0", *options]


def peer(kind: str) -> list[str]:
    """The command of the bare SDK tool in the same mode."""
    return [sys.executable, "-c", PEER, kind]


class Answer:
    """Parses one HTTP response at a time; a client library would be slower than the servers it measures."""

    def __init__(self) -> None:
        self.body = b""
        self.session: str | None = None
        self.done = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Takes bytes from the socket."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Notes the session a handshake opens."""
        if name.lower() == b"mcp-session-id":
            self.session = value.decode()

    def on_body(self, body: bytes) -> None:
        """Collects the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """Marks the end."""
        self.done = True

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self._parser.get_status_code())


@dataclass
class Connection:
    """One keep-alive connection that asks one question after another."""

    server: Running
    revision: str
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter = field(init=False)
    session: str | None = None

    async def open(self) -> None:
        """Connects and, over the legacy wire, shakes hands."""
        self.reader, self.writer = await asyncio.open_connection(self.server.host, self.server.port)
        if self.revision == LEGACY:
            answer = await self.ask(
                "initialize",
                {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "load", "version": "1"}},
            )
            self.session = answer.session
            await self.ask("notifications/initialized", None)

    async def call(self, number: int) -> None:
        """Calls echo and checks the answer."""
        message = f"message {number}"
        answer = await self.ask("tools/call", {"name": "echo", "arguments": {"message": message}})
        if answer.status != 200 or message.encode() not in answer.body:
            raise RuntimeError(f"wrong answer, status {answer.status}: {answer.body[:200]!r}")

    async def ask(self, method: str, params: dict[str, object] | None) -> Answer:
        """Sends one message and reads the response."""
        modern = self.revision == MODERN
        document: dict[str, object] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            document |= {"id": 1, "params": {**params, "_meta": META} if modern else params}
        body = json.dumps(document).encode()
        lines = [
            "POST /mcp HTTP/1.1",
            f"host: {self.server.host}:{self.server.port}",
            "content-type: application/json",
            "accept: application/json, text/event-stream",
            f"mcp-protocol-version: {self.revision}",
            f"content-length: {len(body)}",
        ]
        if modern:
            lines += [f"mcp-method: {method}", f"mcp-name: {params['name'] if params else ''}"]
        if self.session:
            lines.append(f"mcp-session-id: {self.session}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        answer = Answer()
        while not answer.done:
            data = await self.reader.read(65536)
            if not data:
                raise RuntimeError("the server closed the connection")
            answer.feed(data)
        return answer

    async def close(self) -> None:
        """Closes the connection."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def measure(server: Running, revision: str, calls: int) -> float:
    """Requests per second of ``calls`` echo calls over all connections."""
    connections = [Connection(server, revision) for _ in range(CONNECTIONS)]
    for connection in connections:
        await connection.open()
    numbers = iter(range(calls))

    async def work(connection: Connection) -> None:
        for number in numbers:
            await connection.call(number)

    started_at = time.perf_counter()
    async with asyncio.timeout(_DEADLINE_SECONDS):
        await asyncio.gather(*(work(connection) for connection in connections))
    elapsed = time.perf_counter() - started_at
    for connection in connections:
        await connection.close()
    return calls / elapsed


def compare(case: Case, calls: int, rounds: int) -> None:
    """Measures server and peer in turns and prints the line."""
    with started(ours(case.kind)) as server, started(peer(case.kind)) as rival:
        for target in (server, rival):
            asyncio.run(measure(target, case.revision, max(CONNECTIONS, calls // 5)))
        mine, theirs = [], []
        for _ in range(rounds):
            mine.append(asyncio.run(measure(server, case.revision, calls)))
            theirs.append(asyncio.run(measure(rival, case.revision, calls)))
    ratio = statistics.median(one / other for one, other in zip(mine, theirs, strict=True))
    best = max(mine)
    verdict = "" if case.floor is None else f"floor {case.floor}: {'met' if best >= case.floor else 'MISSED'}"
    figures = (statistics.median(mine), best, statistics.median(theirs), max(theirs))
    shown = " ".join(f"{figure:7.0f}" for figure in figures)
    print(f"{case.name:<18} {shown} {ratio:7.2f}  {verdict}".rstrip(), flush=True)


async def open_sessions(server: Running, count: int) -> None:
    """Opens ``count`` legacy sessions, each with one echo, and leaves them open."""
    for number in range(count):
        connection = Connection(server, LEGACY)
        await connection.open()
        await connection.call(number)
        await connection.close()


def weigh(sessions: int) -> None:
    """Prints the memory of a stateful server with live sessions."""
    with started(ours("stateful", "--max-sessions", str(sessions))) as server:
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss / 2**20
        asyncio.run(open_sessions(server, sessions))
        after = process.memory_info().rss / 2**20
    verdict = "met" if after < SESSION_FLOOR_MIB else "MISSED"
    print(
        f"\n{sessions} live sessions: {after:.0f} MiB resident, {before:.0f} MiB without any, "
        f"{(after - before) * 1024 / sessions:.1f} KiB each; limit {SESSION_FLOOR_MIB} MiB: {verdict}"
    )


def main() -> None:
    """Runs every case and prints the table."""
    parser = argparse.ArgumentParser(description="Load figures of the echo servers against a bare SDK tool.")
    parser.add_argument("--calls", type=int, default=2000, help="calls per round (default 2000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per case (default 3)")
    parser.add_argument("--sessions", type=int, default=1000, help="live sessions to weigh (default 1000)")
    for unused in ("--pyrel", "--python"):
        parser.add_argument(unused, help="given to every benchmark by `cargo xtask bench`; not used by this one")
    options = parser.parse_args()
    print(f"requests per second, {CONNECTIONS} connections, {options.rounds} rounds of {options.calls} calls")
    print(f"{'':<18} {'median':>7} {'best':>7} {'peer':>7} {'best':>7} {'ratio':>7}")
    for case in CASES:
        compare(case, options.calls, options.rounds)
    weigh(options.sessions)


if __name__ == "__main__":
    main()
