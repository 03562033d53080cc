"""Load figures of the fetch server: many fetches at once, memory, pace next to a bare loop.

No test: it prints and judges.

usage: python benches/fetch_load.py [--fetches N] [--rounds N]

Server, web site and bare loop run in processes of their own on loopback. The
bare loop is what a script would do, ``httpx2`` and ``markdownify`` and nothing
else, with as many fetches at once as the server allows itself. Both take turns
round by round, so that other work on the machine slows both alike; the ratio is
therefore the figure to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil
from echo_load import Running, started

TESTS = Path(__file__).resolve().parents[1] / "tests" / "mcp"
CONCURRENCY = 20
MEMORY_LIMIT_MIB = 300
MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
_DEADLINE_SECONDS = 180

SITE = """
import sys, time
from local_site import local_site
with local_site() as site:
    print(site, flush=True)
    sys.stdin.read()
"""
BARE = """
import asyncio, sys, time
import httpx2, markdownify
url, count, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

async def main():
    slots = asyncio.Semaphore(concurrency)
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        async def one():
            async with slots:
                page = (await client.get(url)).raise_for_status().text
                assert "Part 0" in markdownify.markdownify(page, heading_style="ATX")
        await one()
        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(count)))
        print(count / (time.perf_counter() - started))

asyncio.run(main())
"""


@contextmanager
def web_site() -> Iterator[str]:
    """The site in a process of its own; yields its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", SITE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TESTS
    )
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.communicate(timeout=20)


class Scale:
    """Watches the memory of a process; ``most`` is the largest resident size seen, in MiB."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.before = self._now()
        self.most = self.before
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _now(self) -> float:
        size: int = self._process.memory_info().rss
        return size / 2**20

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self.most = max(self.most, self._now())

    def stop(self) -> None:
        """Ends watching."""
        self._done.set()
        self._thread.join()


async def fetches(server: Running, url: str, count: int) -> tuple[float, list[str]]:
    """Makes ``count`` calls at once; returns fetches per second and what went wrong."""
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": MODERN,
        "mcp-method": "tools/call",
        "mcp-name": "fetch",
    }
    params = {"name": "fetch", "arguments": {"url": url}, "_meta": META}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    wrong: list[str] = []
    limits = httpx2.Limits(max_connections=count)
    async with httpx2.AsyncClient(timeout=_DEADLINE_SECONDS, trust_env=False, limits=limits) as client:

        async def one() -> None:
            answer = await client.post(f"http://{server.host}:{server.port}/mcp", json=body, headers=headers)
            streamed = "event-stream" in answer.headers["content-type"]
            result = json.loads(answer.text.partition("data: ")[2] if streamed else answer.text)["result"]
            if result["isError"] or "## Part 0" not in result["content"][0]["text"]:
                wrong.append(result["content"][0]["text"][:200])

        await one()
        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(count)))
        return count / (time.perf_counter() - began), wrong


def bare(url: str, count: int) -> float:
    """Fetches per second of the bare loop."""
    command = [sys.executable, "-c", BARE, url, str(count), str(CONCURRENCY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE_SECONDS, check=True)
    return float(done.stdout)


def main() -> int:
    """Runs the rounds and prints the figures; returns 1 if a limit was missed."""
    parser = argparse.ArgumentParser(description="Load figures of the fetch server against a bare loop.")
    parser.add_argument("--fetches", type=int, default=200, help="fetches at once (default 200)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    for unused in ("--pyrel", "--python"):
        parser.add_argument(unused, help="given to every benchmark by `cargo xtask bench`; not used by this one")
    options = parser.parse_args()
    mine: list[float] = []
    theirs: list[float] = []
    wrong: list[str] = []
    with web_site() as site:
        command = [sys.executable, "-m", "mcp_fetch_streamablehttp_server", "--port", "0"]
        with started(command, {"FETCH_ALLOW_HOSTS": site.removeprefix("http://")}) as server:
            scale = Scale(server.process.pid)
            for _ in range(options.rounds):
                pace, failures = asyncio.run(fetches(server, f"{site}/long", options.fetches))
                mine.append(pace)
                wrong += failures
                theirs.append(bare(f"{site}/long", options.fetches))
            scale.stop()
    ratio = statistics.median(one / other for one, other in zip(mine, theirs, strict=True))
    print(f"{options.fetches} fetches at once of a page of 100 KiB, {options.rounds} rounds")
    print(f"fetch server  {statistics.median(mine):7.1f} per second, best {max(mine):.1f}")
    print(f"bare loop     {statistics.median(theirs):7.1f} per second, best {max(theirs):.1f}; ratio {ratio:.2f}")
    print(f"errors        {len(wrong):5}    {'met' if not wrong else 'MISSED: ' + wrong[0]}")
    met = scale.most < MEMORY_LIMIT_MIB
    verdict = f"limit {MEMORY_LIMIT_MIB} MiB: {'met' if met else 'MISSED'}"
    print(f"memory        {scale.most:7.1f} MiB at most, {scale.before:.0f} MiB at the start; {verdict}")
    return 0 if met and not wrong else 1


if __name__ == "__main__":
    raise SystemExit(main())
