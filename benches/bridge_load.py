"""Load figures of the bridge, next to the SDK's client on the same server. No test: it prints and judges.

usage: python benches/bridge_load.py [--calls N] [--rounds N]

An SDK server runs in a process of its own on loopback. An SDK client calls its
``echo`` tool directly and through the bridge, which it starts as a host on
stdio would. Both take turns round by round, so that other work on the machine
slows both alike. The added latency is the difference of the medians; the floors
are for a quiet machine with two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import psutil
from mcp import Client, StdioServerParameters

LEGACY, MODERN = "legacy", "2026-07-28"
ADDED_FLOOR_MS = 10.0
MEMORY_FLOOR_MIB = 80.0
IN_FLIGHT = 200
_IDLE_SECONDS = 1.0
_DEADLINE_SECONDS = 300

SERVER = """
import socket, sys
import mcp_types as types
import uvicorn
from mcp.server import Server

SCHEMA = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}

async def list_tools(ctx, params):
    return types.ListToolsResult(tools=[types.Tool(name="echo", input_schema=SCHEMA)])

async def call_tool(ctx, params):
    return types.CallToolResult(content=[types.TextContent(text=params.arguments["message"])])

app = Server("peer", on_list_tools=list_tools, on_call_tool=call_tool).streamable_http_app()
listener = socket.create_server(("127.0.0.1", 0), backlog=512)
print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
"""


@dataclass
class Figures:
    """What one era showed; times in milliseconds."""

    era: str
    direct: list[float] = field(default_factory=list)
    bridged: list[float] = field(default_factory=list)
    direct_burst: list[float] = field(default_factory=list)
    bridged_burst: list[float] = field(default_factory=list)
    idle_mib: float = 0.0

    @property
    def added(self) -> float:
        """Milliseconds the bridge adds to the median call."""
        return statistics.median(self.bridged) - statistics.median(self.direct)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Starts the server; yields its address."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=15)
        process.stdout.close()


@contextlib.asynccontextmanager
async def through_bridge(url: str, era: str, directory: str) -> AsyncIterator[tuple[Client, psutil.Process]]:
    """A client on stdio of the bridge, and the bridge's process."""
    before = {child.pid for child in psutil.Process().children()}
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "MCP_SERVER_URL": url,
        "CREDENTIAL_STORAGE_PATH": str(Path(directory) / "credentials.json"),
        "LOG_LEVEL": "ERROR",
    }
    bridge = StdioServerParameters(
        command=sys.executable, args=["-m", "mcp_streamablehttp_client"], env=environment, cwd=directory
    )
    async with Client(bridge, mode=era) as client:
        (process,) = [child for child in psutil.Process().children() if child.pid not in before]
        yield client, process


async def sequential(client: Client, calls: int) -> list[float]:
    """Milliseconds of calls made one after another."""
    times = []
    for number in range(calls):
        started = time.perf_counter()
        result = await client.call_tool("echo", {"message": str(number)})
        times.append((time.perf_counter() - started) * 1000)
        assert result.content[0].text == str(number)
    return times


async def burst(client: Client) -> float:
    """Milliseconds until as many calls at once are all answered, each with its own answer."""

    async def call(number: int) -> None:
        result = await client.call_tool("echo", {"message": str(number)})
        assert result.content[0].text == str(number)

    started = time.perf_counter()
    async with anyio.create_task_group() as group:
        for number in range(IN_FLIGHT):
            group.start_soon(call, number)
    return (time.perf_counter() - started) * 1000


async def measure(url: str, era: str, calls: int, rounds: int) -> Figures:
    """Both ways, round by round."""
    figures = Figures(era)
    with tempfile.TemporaryDirectory() as directory:
        async with Client(url, mode=era) as direct, through_bridge(url, era, directory) as (bridged, process):
            for client in (direct, bridged):
                await client.list_tools()
                await sequential(client, 20)
            await asyncio.sleep(_IDLE_SECONDS)
            figures.idle_mib = process.memory_info().rss / 2**20
            for _ in range(rounds):
                figures.direct += await sequential(direct, calls)
                figures.bridged += await sequential(bridged, calls)
            for _ in range(rounds):
                figures.direct_burst.append(await burst(direct))
                figures.bridged_burst.append(await burst(bridged))
    return figures


def judge(figures: Figures) -> bool:
    """Prints one era's lines; whether its floors are met."""
    direct, bridged = statistics.median(figures.direct), statistics.median(figures.bridged)
    p95 = statistics.quantiles(figures.bridged, n=20)[-1]
    at_once = statistics.median(figures.bridged_burst)
    ratio = at_once / statistics.median(figures.direct_burst)
    added_ok, memory_ok = figures.added <= ADDED_FLOOR_MS, figures.idle_mib < MEMORY_FLOOR_MIB
    print(
        f"{figures.era:<10}  one call   direct {direct:6.2f} ms  bridge {bridged:6.2f} ms (p95 {p95:.2f})  "
        f"ratio {bridged / direct:4.2f}  added {figures.added:5.2f} ms  floor {ADDED_FLOOR_MS:.0f} ms "
        f"{'met' if added_ok else 'MISSED'}"
    )
    print(f"{figures.era:<10}  {IN_FLIGHT} at once  bridge {at_once:6.0f} ms  ratio {ratio:4.2f}  every answer matched")
    print(
        f"{figures.era:<10}  idle       {figures.idle_mib:6.1f} MiB  floor {MEMORY_FLOOR_MIB:.0f} MiB "
        f"{'met' if memory_ok else 'MISSED'}"
    )
    return added_ok and memory_ok


def main() -> int:
    """Measures both eras; the status is 1 if a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=100, help="calls of one round")
    parser.add_argument("--rounds", type=int, default=5)
    for unused in ("--pyrel", "--python"):
        parser.add_argument(unused, help=argparse.SUPPRESS)
    options = parser.parse_args()
    met = True
    with server() as url:
        for era in (LEGACY, MODERN):
            figures = asyncio.run(within_deadline(url, era, options))
            met = judge(figures) and met
    return 0 if met else 1


async def within_deadline(url: str, era: str, options: argparse.Namespace) -> Figures:
    """The figures of one era, or an error when something hangs."""
    return await asyncio.wait_for(measure(url, era, options.calls, options.rounds), _DEADLINE_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
