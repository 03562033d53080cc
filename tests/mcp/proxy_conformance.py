"""Runs the official conformance suite, foreign clients and foreign servers through the proxy.

usage: python tests/mcp/proxy_conformance.py [fixture] [everything] [fetch] [time] [memory] [filesystem] [thinking]

``fixture`` is a server with all the suite asks for (``stdio_fixture.py``), judged
by the suite's required sets of both revisions, without any expected failure. The
others are the official servers from npm and PyPI, each behind a proxy of its own,
each used by the Python SDK, both TypeScript SDKs and the inspector. At most two
of them run at a time. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foreign_tools import HERE, NODE_DIRECTORY, conformance, ensure_installed, inspector, node, program
from mcp import Client
from mcp_types import CreateMessageResult, ElicitResult, TextContent
from run_conformance import LEGACY, MODERN, Outcome, run, scenario, timed

PACKAGE = "mcp_streamablehttp_proxy"
AT_A_TIME = 2
BOTH = "both eras "
_START_SECONDS = 30
_SET_SECONDS = 120
EVERYTHING_SCENARIOS = {
    LEGACY: [
        "server-initialize",
        "logging-set-level",
        "ping",
        "tools-list",
        "server-sse-multiple-streams",
        "resources-list",
        "resources-subscribe",
        "resources-unsubscribe",
        "prompts-list",
        "dns-rebinding-protection",
        "server-session-lifecycle",
    ],
    MODERN: [
        "tools-list",
        "caching",
        "http-header-validation",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "input-required-result-unsupported-methods",
    ],
}
Step = tuple[str, str, Callable[[], tuple[bool, str, str]]]


@dataclass
class Behind:
    """A server behind a proxy: its command, what the proxy is told, and what is checked of this one alone."""

    command: list[str]
    options: list[str] = field(default_factory=list)
    steps: Callable[[str, Path], list[Step]] = lambda url, directory: []
    clients: bool = True


@contextmanager
def proxied(behind: Behind, directory: Path) -> Iterator[str]:
    """Starts a proxy on a free port; yields its address."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "LOG_"))}
    log = directory / "proxy.log"
    command = [sys.executable, "-m", PACKAGE, "--port", "0", *behind.options, "--", *behind.command]
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(command, stderr=stderr, env=clean, cwd=directory)
    try:
        yield _announced(process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)
    orphans = [pid for pid in _started(log) if _alive(pid)]
    if process.returncode != 0 or orphans:
        raise RuntimeError(f"the proxy ended with {process.returncode} and left {orphans} behind")


def _announced(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"event=listening url=(\S+)", log.read_text(encoding="utf-8"))
        if found:
            return found.group(1)
        time.sleep(0.02)
    raise RuntimeError(f"the proxy did not start:\n{log.read_text(encoding='utf-8')}")


def _started(log: Path) -> list[int]:
    return [int(pid) for pid in re.findall(r"event=child_started pid=(\d+)", log.read_text(encoding="utf-8"))]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# Clients


def python_client(url: str, mode: str, expected: str) -> tuple[bool, str, str]:
    """Lists the tools with the Python SDK."""

    async def listed() -> tuple[bool, str, str]:
        async with Client(url, mode=mode) as client:
            tools = (await client.list_tools()).tools
            version = client.protocol_version
            return version == expected and bool(tools), f"{len(tools)} tools over {version}", ""

    return _awaited(listed)


def typescript_client(url: str, which: str, expected: str) -> tuple[bool, str, str]:
    """Lists the tools with a TypeScript SDK."""
    status, log = run([node(), str(HERE / "proxy_client.mjs"), url, which, expected])
    return status == 0, log.strip().splitlines()[-1] if status == 0 else f"status {status}", log


def inspect(url: str) -> tuple[bool, str, str]:
    """Lists the tools with the inspector as its manual has it."""
    status, log = run([*inspector(), url, "--transport", "http", "--method", "tools/list", "--format", "json", "-q"])
    if status != 0:
        return False, f"status {status}", log
    answer = json.loads(log)
    tools = answer.get("result", answer)["tools"]
    return bool(tools), f"{len(tools)} tools", log


def client_steps(url: str) -> list[Step]:
    """Every client against one proxy."""
    return [
        (MODERN, "Python SDK, auto", lambda: python_client(url, "auto", MODERN)),
        (LEGACY, "Python SDK, legacy", lambda: python_client(url, "legacy", LEGACY)),
        (MODERN, "TypeScript SDK v2, auto", lambda: typescript_client(url, "v2-auto", MODERN)),
        (LEGACY, "TypeScript SDK v2, as it comes", lambda: typescript_client(url, "v2-default", LEGACY)),
        (LEGACY, "TypeScript SDK v1", lambda: typescript_client(url, "v1", LEGACY)),
        (BOTH, "inspector lists the tools", lambda: inspect(url)),
    ]


def _awaited(work: Callable[[], Awaitable[tuple[bool, str, str]]]) -> tuple[bool, str, str]:
    async def bounded() -> tuple[bool, str, str]:
        return await asyncio.wait_for(work(), 60)

    try:
        return asyncio.run(bounded())
    except Exception as error:  # noqa: BLE001 - whatever a client raises is the step's failure and shown with it
        return False, type(error).__name__, repr(error)


# What is checked of one server alone


def required_set(url: str, revision: str, directory: Path) -> tuple[bool, str, str]:
    """Everything the suite requires of a revision; nothing may fail."""
    command = [*conformance(), "server", "--url", url, "--requirements", revision, "-o", str(directory / revision)]
    try:
        done = subprocess.run(
            command, cwd=NODE_DIRECTORY, capture_output=True, text=True, timeout=_SET_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"not finished after {_SET_SECONDS} seconds", ""
    summary = done.stdout.rpartition("=== SUMMARY ===")[2]
    unscored = set(re.findall(r"^  [✗✓] (\S+) \(", summary, re.MULTILINE))
    passed = set(re.findall(r"^✓ (\S+):", summary, re.MULTILINE)) - unscored
    failed = set(re.findall(r"^✗ (\S+):", summary, re.MULTILINE)) - unscored
    good = done.returncode == 0 and bool(passed) and not failed
    return good, f"{len(passed)} of {len(passed) + len(failed)} required scenarios", done.stdout + done.stderr


def fixture_steps(url: str, directory: Path) -> list[Step]:
    """The required sets and the header scenarios that came later."""
    sets: list[Step] = [
        (revision, "required set", lambda at=revision: required_set(url, at, directory))
        for revision in (MODERN, LEGACY)
    ]
    later = ("http-header-validation", "http-custom-header-server-validation")
    return [*sets, *((MODERN, name, lambda name=name: scenario(url, name, MODERN)) for name in later)]


def everything_steps(url: str, directory: Path) -> list[Step]:
    """The scenarios a server of its own making can pass, progress, and the questions it asks."""
    scenarios: list[Step] = [
        (revision, name, lambda at=revision, name=name: scenario(url, name, at))
        for revision, names in EVERYTHING_SCENARIOS.items()
        for name in names
    ]
    return [
        *scenarios,
        (MODERN, "progress arrives", lambda: progress(url, "auto")),
        (LEGACY, "progress arrives", lambda: progress(url, "legacy")),
        (LEGACY, "elicitation and sampling tools work", lambda: questions(url)),
    ]


def progress(url: str, mode: str) -> tuple[bool, str, str]:
    """A long operation reports four steps before it is done."""

    async def work() -> tuple[bool, str, str]:
        seen: list[float] = []

        async def on_progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(done)

        async with Client(url, mode=mode) as client:
            arguments = {"duration": 0.4, "steps": 4}
            result = await client.call_tool("trigger-long-running-operation", arguments, progress_callback=on_progress)
            for _ in range(200):
                if len(seen) == 4:
                    break
                await asyncio.sleep(0.02)  # the callbacks are tasks of the client's own
        return seen == [1, 2, 3, 4] and not result.is_error, f"steps {seen}", ""

    return _awaited(work)


def questions(url: str) -> tuple[bool, str, str]:
    """The server asks the user and the model of a legacy client."""
    asked: list[str] = []

    async def elicit(context: Any, params: Any) -> ElicitResult:
        asked.append("elicitation")
        return ElicitResult(action="accept", content={"name": "someone"})

    async def sample(context: Any, params: Any) -> CreateMessageResult:
        asked.append("sampling")
        return CreateMessageResult(role="assistant", content=TextContent(type="text", text="sampled"), model="none")

    async def work() -> tuple[bool, str, str]:
        async with Client(url, mode="legacy", elicitation_callback=elicit, sampling_callback=sample) as client:
            deadline = time.monotonic() + 10
            wanted = {"trigger-elicitation-request", "trigger-sampling-request"}
            while not wanted <= {tool.name for tool in (await client.list_tools()).tools}:
                # The server adds them when it has looked at the client's capabilities.
                if time.monotonic() > deadline:
                    return False, "the server offers no such tools", ""
                await asyncio.sleep(0.05)
            elicited = await client.call_tool("trigger-elicitation-request", {})
            sampled = await client.call_tool("trigger-sampling-request", {"prompt": "p", "maxTokens": 10})
        texts = f"{elicited.content} {sampled.content}"
        good = asked == ["elicitation", "sampling"] and "someone" in texts and "sampled" in texts
        return good and not (elicited.is_error or sampled.is_error), " and ".join(asked), texts

    return _awaited(work)


def memory_steps(url: str, directory: Path) -> list[Step]:
    """Sessions share the server's file and nothing else."""

    async def work() -> tuple[bool, str, str]:
        entity = {"name": "only one", "entityType": "test", "observations": []}
        async with Client(url, mode="legacy") as one, Client(url, mode="legacy") as other:
            await one.call_tool("create_entities", {"entities": [entity]})
            shared = str((await other.call_tool("read_graph", {})).content)
            (directory / "memory.jsonl").unlink()
            alone = str((await other.call_tool("read_graph", {})).content)
        return "only one" in shared and "only one" not in alone, "the file is all they share", shared + alone

    return [(LEGACY, "two sessions", lambda: _awaited(work))]


def filesystem_steps(url: str, directory: Path) -> list[Step]:
    """Paths outside are refused, and by the server."""

    async def work() -> tuple[bool, str, str]:
        data = directory / "data"
        async with Client(url) as client:
            inside = await client.call_tool("read_text_file", {"path": str(data / "inside.txt")})
            outside = [
                await client.call_tool("read_text_file", {"path": path})
                for path in ("/etc/passwd", f"{data}/../outside.txt", str(data / "link"))
            ]
        texts = [str(result.content) for result in outside]
        refused = all(result.is_error and "denied" in text for result, text in zip(outside, texts, strict=True))
        return refused and "within" in str(inside.content), "three escapes refused by the server", "\n".join(texts)

    return [(MODERN, "escapes", lambda: _awaited(work))]


def servers(directory: Path) -> dict[str, Behind]:
    """Every server by its name."""
    data = directory / "data"
    data.mkdir()
    (data / "inside.txt").write_text("within", encoding="utf-8")
    (directory / "outside.txt").write_text("beyond", encoding="utf-8")
    (data / "link").symlink_to(directory / "outside.txt")

    def npm(name: str, *arguments: str) -> list[str]:
        return [*program(f"@modelcontextprotocol/server-{name}", "dist/index.js"), *arguments]

    def pypi(name: str) -> list[str]:
        return [str(Path(sys.executable).parent / name)]

    memory_file = ["--env", f"MEMORY_FILE_PATH={directory / 'memory.jsonl'}"]
    return {
        "fixture": Behind([sys.executable, str(HERE / "stdio_fixture.py")], steps=fixture_steps, clients=False),
        "everything": Behind(npm("everything"), steps=everything_steps),
        "fetch": Behind(pypi("mcp-server-fetch")),
        "time": Behind(pypi("mcp-server-time")),
        "memory": Behind(npm("memory"), memory_file, steps=memory_steps),
        "filesystem": Behind(npm("filesystem", str(data)), steps=filesystem_steps),
        "thinking": Behind(npm("sequential-thinking")),
    }


def check(name: str, behind: Behind, directory: Path) -> list[Outcome]:
    """Every step with one server; the last is that nothing is left of it."""
    own = directory / name
    own.mkdir()
    outcomes: list[Outcome] = []

    def ended(error: str) -> tuple[bool, str, str]:
        return not error, "status 0, no orphan" if not error else "failed", error

    error = ""
    try:
        with proxied(behind, own) as url:
            steps = [*(client_steps(url) if behind.clients else []), *behind.steps(url, directory)]
            outcomes = [timed(name, revision, step, work) for revision, step, work in steps]
    except (RuntimeError, subprocess.TimeoutExpired) as problem:
        error = str(problem)
    return [*outcomes, timed(name, BOTH, "the proxy ends", lambda: ended(error))]


def main(arguments: list[str]) -> int:
    """Runs the named servers, or all; returns the exit status."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        known = servers(directory)
        unknown = set(arguments) - set(known)
        if unknown:
            print(
                f"error: no such server: {', '.join(sorted(unknown))}\nhint: choose from {', '.join(known)}",
                file=sys.stderr,
            )
            return 2
        ensure_installed()
        names = arguments or list(known)
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            checked = pool.map(lambda name: check(name, known[name], directory), names)
            outcomes = [outcome for group in checked for outcome in group]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n--- {outcome.server} {outcome.revision} {outcome.step}\n{outcome.log[-6000:]}")
    seconds = time.monotonic() - started
    print(f"\n{len(outcomes) - len(failed)} passed, {len(failed)} failed in {seconds:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
