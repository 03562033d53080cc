"""Runs the official conformance suite and foreign clients against the echo servers and the fetch server.

usage: python tests/mcp/run_conformance.py [stateless] [stateful] [fetch]

Every scenario runs by itself, one after another, against a freshly started
server. What does not apply to these servers is listed in
``expected-failures.yml``, check by check; an entry that no longer fails is a
failure. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foreign_tools import HERE, NODE_DIRECTORY, conformance, ensure_installed, inspector, node
from local_site import local_site

SERVERS = {
    "stateless": "mcp_echo_streamablehttp_server_stateless",
    "stateful": "mcp_echo_streamablehttp_server_stateful",
    "fetch": "mcp_fetch_streamablehttp_server",
}
LEGACY, MODERN = "2025-11-25", "2026-07-28"
SCENARIOS = {
    LEGACY: ["server-initialize", "ping", "tools-list", "server-sse-multiple-streams", "dns-rebinding-protection"],
    MODERN: [
        "tools-list",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
        "http-header-validation",
        "input-required-result-unsupported-methods",
        "server-stateless",
    ],
}
KEEPS_SESSIONS = {LEGACY: ["server-session-lifecycle"]}
ONLY = {"stateful": KEEPS_SESSIONS, "fetch": KEEPS_SESSIONS}
ERAS = {LEGACY: "legacy", MODERN: "modern"}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STEP_SECONDS = 60
_INSPECTORS = 2


@dataclass
class Outcome:
    """One line of the table. ``log`` is shown when it failed."""

    server: str
    revision: str
    step: str
    passed: bool
    detail: str
    seconds: float
    log: str = ""


@dataclass(frozen=True)
class Endpoint:
    """A running server, and the page its tools may be asked about."""

    url: str
    page: str

    def arguments(self, tool: str) -> dict[str, str]:
        """What a tool needs to be called with."""
        return {"echo": {"message": "hello"}, "fetch": {"url": self.page}}.get(tool, {})


@contextmanager
def running(package: str) -> Iterator[Endpoint]:
    """Starts a server on a free port, beside a web site on loopback that it may fetch from."""
    with local_site() as site, server(package, {"FETCH_ALLOW_HOSTS": site.removeprefix("http://")}) as url:
        yield Endpoint(url, f"{site}/article")


@contextmanager
def server(package: str, variables: dict[str, str]) -> Iterator[str]:
    """Starts a server on a free port; yields its address."""
    foreign = ("MCP_", "LOG_", "FETCH_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | variables
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stderr.log"
        with log.open("w", encoding="utf-8") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", package, "--port", "0"], stderr=stderr, env=clean, cwd=directory
            )
        try:
            yield _announced(process, log)
        finally:
            process.terminate()
            process.wait(timeout=15)


def _announced(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"event=listening url=(\S+)", log.read_text(encoding="utf-8"))
        if found:
            return found.group(1)
        time.sleep(0.02)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")


def run(command: list[str]) -> tuple[int, str]:
    """Runs a command beside the installed packages; returns its status and everything it wrote."""
    try:
        done = subprocess.run(
            command, cwd=NODE_DIRECTORY, capture_output=True, text=True, timeout=_STEP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, f"not finished after {_STEP_SECONDS} seconds"
    return done.returncode, _COLOUR.sub("", done.stdout + done.stderr)


def scenario(url: str, name: str, revision: str) -> tuple[bool, str, str]:
    """Runs one scenario of the suite."""
    options = ["--url", url, "--scenario", name, "--spec-version", revision]
    if name == "server-stateless":
        options += ["--expected-failures", str(HERE / "expected-failures.yml")]
    status, log = run([*conformance(), "server", *options])
    summary = re.search(r"Passed: (\d+)/(\d+), (\d+) failed, (\d+) warnings", log)
    if summary is None:
        return False, "no result", log
    passed, total, failed, warned = map(int, summary.groups())
    detail = f"{passed}/{total} checks"
    if warned:
        detail += f", {warned} warning"
    if failed and status == 0:
        detail += f", {failed} baselined"
    return status == 0, detail, log


def typescript(endpoint: Endpoint, revision: str) -> tuple[bool, str, str]:
    """Calls every tool with the TypeScript SDK."""
    mode = "legacy" if revision == LEGACY else "auto"
    status, log = run([node(), str(HERE / "foreign_client.mjs"), endpoint.url, mode, revision, endpoint.page])
    return status == 0, log.strip().splitlines()[-1] if status == 0 else f"status {status}", log


def inspect(endpoint: Endpoint, revision: str) -> tuple[bool, str, str]:
    """Lists and calls every tool with the inspector; its strict mode also judges the schemas."""
    base = [
        *inspector(),
        endpoint.url,
        "--transport",
        "http",
        "--protocol-era",
        ERAS[revision],
        "--format",
        "json",
        "-q",
    ]
    status, log = run([*base, "--method", "tools/list", "--strict"])
    if status != 0:
        return False, "tools/list failed", log
    tools = json.loads(log)["result"]["tools"]
    claims = base64.urlsafe_b64encode(b'{"sub":"alice"}').rstrip(b"=").decode()

    def call(tool: dict[str, Any], arguments: dict[str, str]) -> tuple[int, str]:
        options = ["--method", "tools/call", "--tool-name", tool["name"], "--tool-args-json", json.dumps(arguments)]
        return run([*base, *options, "--header", f"Authorization: Bearer e30.{claims}.not-a-signature"])

    status, log = call(tools[0], endpoint.arguments(tools[0]["name"]))
    if status != 0:
        return False, f"{tools[0]['name']} failed", log
    handle = json.loads(log)["result"].get("structuredContent", {}).get("handle")
    given = [{"handle": handle} if handle and "handle" in tool["inputSchema"]["properties"] else {} for tool in tools]
    with ThreadPoolExecutor(_INSPECTORS) as pool:
        for tool, (status, log) in zip(tools[1:], pool.map(call, tools[1:], given[1:]), strict=True):
            if status != 0:
                return False, f"{tool['name']} failed", log
    return True, f"{len(tools)} tools called", ""


def timed(server: str, revision: str, step: str, work: Callable[[], tuple[bool, str, str]]) -> Outcome:
    """Runs one step and prints its line."""
    started = time.monotonic()
    passed, detail, log = work()
    outcome = Outcome(server, revision, step, passed, detail, time.monotonic() - started, log)
    word = "pass" if passed else "FAIL"
    print(f"{word}  {server:<9}  {revision}  {step:<42} {outcome.seconds:5.1f} s  {detail}", flush=True)
    return outcome


def check(name: str) -> Iterator[Outcome]:
    """Everything about one server."""
    with running(SERVERS[name]) as endpoint:
        for revision, names in SCENARIOS.items():
            for step in [*names, *ONLY.get(name, {}).get(revision, [])]:
                yield timed(name, revision, step, lambda step=step, at=revision: scenario(endpoint.url, step, at))
        for revision in ERAS:
            yield timed(name, revision, "TypeScript SDK calls every tool", lambda at=revision: typescript(endpoint, at))
            yield timed(name, revision, "inspector calls every tool", lambda at=revision: inspect(endpoint, at))


def main(arguments: list[str]) -> int:
    """Runs the named servers, or all; returns the exit status."""
    unknown = set(arguments) - set(SERVERS)
    if unknown:
        print(
            f"error: no such server: {', '.join(sorted(unknown))}\nhint: choose from {', '.join(SERVERS)}",
            file=sys.stderr,
        )
        return 2
    ensure_installed()
    outcomes = [outcome for server in arguments or SERVERS for outcome in check(server)]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n--- {outcome.server} {outcome.revision} {outcome.step}\n{outcome.log[-6000:]}")
    print(f"\n{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
