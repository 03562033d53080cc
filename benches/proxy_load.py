"""Load figures of the stdio proxy, next to the same server without it as peer. No test: it prints and judges.

usage: python benches/proxy_load.py [--calls N] [--rounds N] [--sessions N] [-- COMMAND ...]

The server is a small Node program of this file's own, which needs no package; a
command after ``--`` takes its place if it has an ``echo`` tool with a ``message``.
One client calls it directly over stdio, through the proxy as a modern and as a
legacy client, taking turns round by round, so that other work on the machine
slows all alike. The ratio is therefore the figure to look at; the floor of 15 ms
is for a quiet machine with two cores. Then many sessions call at once, each with
texts of its own, and every answer is compared with what was sent.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from mcp import Client, StdioServerParameters, stdio_client

FLOOR_MS = 15.0
_START_SECONDS = 30
_WARM_UP = 10

SERVER = """
const lines = require('readline').createInterface({ input: process.stdin });
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const schema = { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] };
lines.on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'initialize') {
    say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} },
                        serverInfo: { name: 'bench', version: '1' } } });
  } else if (method === 'tools/list') {
    say({ id, result: { tools: [{ name: 'echo', inputSchema: schema }] } });
  } else if (method === 'tools/call') {
    say({ id, result: { content: [{ type: 'text', text: params.arguments.message }] } });
  } else {
    say({ id, error: { code: -32601, message: 'Method not found' } });
  }
});
"""


@contextlib.contextmanager
def proxy(command: list[str], sessions: int) -> Iterator[str]:
    """Starts the proxy in a process of its own; yields its address."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "LOG_"))}
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stderr.log"
        options = ["--port", "0", "--max-sessions", str(sessions + 10)]
        with log.open("w", encoding="utf-8") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "mcp_streamablehttp_proxy", *options, "--", *command], stderr=stderr, env=clean
            )
        try:
            deadline = time.monotonic() + _START_SECONDS
            found = None
            while found is None:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the proxy did not start:\n{log.read_text(encoding='utf-8')}")
                time.sleep(0.02)
                found = re.search(r"event=listening url=(\S+)", log.read_text(encoding="utf-8"))
            yield found.group(1)
        finally:
            process.terminate()
            process.wait(timeout=60)


async def called(client: Client, calls: int) -> list[float]:
    """Seconds of each of some calls, one after another."""
    seconds = []
    for number in range(calls):
        started = time.perf_counter()
        await client.call_tool("echo", {"message": f"call {number}"})
        seconds.append(time.perf_counter() - started)
    return seconds


@contextlib.asynccontextmanager
async def clients(command: list[str], url: str) -> AsyncIterator[dict[str, Client]]:
    """The peer, which owns the server, and two clients of the proxy."""
    stdio = stdio_client(StdioServerParameters(command=command[0], args=command[1:]))
    async with (
        Client(stdio, mode="legacy") as direct,
        Client(url, mode="auto") as modern,
        Client(url, mode="legacy") as legacy,
    ):
        yield {"direct": direct, "modern": modern, "legacy": legacy}


async def latency(command: list[str], url: str, calls: int, rounds: int) -> bool:
    """Prints the medians; returns whether both eras keep below the floor."""
    seconds: dict[str, list[float]] = {"direct": [], "modern": [], "legacy": []}
    async with clients(command, url) as by_name:
        for client in by_name.values():
            await called(client, _WARM_UP)
        for _ in range(rounds):
            for name, client in by_name.items():
                seconds[name] += await called(client, calls)
    direct = statistics.median(seconds["direct"]) * 1000
    print(f"one client, {rounds * calls} calls each; median and slowest of twenty")
    kept = True
    for name, values in seconds.items():
        median = statistics.median(values) * 1000
        slow = statistics.quantiles(values, n=20)[-1] * 1000
        line = f"  {name:<8} {median:7.2f} ms  {slow:7.2f} ms"
        if name != "direct":
            good = median <= FLOOR_MS
            kept = kept and good
            verdict = "met" if good else "MISSED"
            line += f"   {median / direct:4.1f} x direct   floor {FLOOR_MS:g} ms {verdict}"
        print(line)
    return kept


async def crowd(url: str, sessions: int, calls: int) -> bool:
    """Prints the rate of many sessions at once; returns whether every answer was the one to its question."""
    wrong = 0

    async def session(name: int) -> None:
        nonlocal wrong
        async with Client(url, mode="legacy") as client:
            for number in range(calls):
                sent = f"{name} says {number}"
                result = await client.call_tool("echo", {"message": sent})
                wrong += sent not in getattr(result.content[0], "text", "")

    started = time.perf_counter()
    results = await asyncio.gather(*(session(name) for name in range(sessions)), return_exceptions=True)
    seconds = time.perf_counter() - started
    lost = [result for result in results if isinstance(result, BaseException)]
    total = sessions * calls
    print(f"{sessions} sessions x {calls} calls: {total / seconds:.0f} calls/s with the start of {sessions} servers")
    print(f"  crossed replies {wrong}, sessions that failed {len(lost)} {[type(error).__name__ for error in lost[:3]]}")
    return wrong == 0 and not lost


def main(arguments: list[str]) -> int:
    """Runs both measurements; the exit status is 1 if a floor was missed or a reply lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    for unused in ("--pyrel", "--python"):
        parser.add_argument(unused, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        node = shutil.which("node")
        if node is None:
            print("error: there is no node on the path\nhint: install it, or name a server after `--`", file=sys.stderr)
            return 2
        command = [node, "-e", SERVER]
    with proxy(command, options.sessions) as url:
        fast = asyncio.run(latency(command, url, options.calls, options.rounds))
        whole = asyncio.run(crowd(url, options.sessions, 20))
    return 0 if fast and whole else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
