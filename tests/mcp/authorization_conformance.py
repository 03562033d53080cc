"""Runs the official conformance scenarios for authorization servers against packages/mcp-oauth-dynamicclient.

usage: python tests/mcp/authorization_conformance.py

Everything runs on loopback, on free ports: a real redis-server, a fake GitHub,
the server as a child process, the suite, and this program as the user's
browser. A scenario counts as passed when its exit status is 0 and it has
neither failures nor warnings. The exit status is 1 if one did not pass.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foreign_tools import NODE_DIRECTORY, conformance, ensure_installed

PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "mcp-oauth-dynamicclient"
sys.path.insert(0, str(PACKAGE / "tests"))

from fake_github import FakeGitHub  # noqa: E402 - lies beside the package's own tests
from harness import (  # noqa: E402 - likewise
    RESOURCE,
    Browser,
    Program,
    RedisServer,
    Server,
    environment_of,
    free_port,
    settings_for,
)

SCENARIOS = ("authorization-server-metadata-endpoint", "authorization-code-grant")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SECONDS = 60


@contextmanager
def authorization_server() -> Iterator[Server]:
    """The server as it is installed, with Redis and GitHub."""
    redis = RedisServer()
    with FakeGitHub() as github, tempfile.TemporaryDirectory() as directory:
        redis.start()
        port = free_port()
        settings = settings_for(github, f"http://localhost:{port}")
        program = Program(["--port", str(port)], environment_of(settings, REDIS_URL=redis.url), Path(directory))
        try:
            program.address()
            server = Server(settings.issuer, settings, github)
            yield server
            server.client.close()
        finally:
            program.stop()
            redis.close()


def visit(line: str) -> None:
    """Plays the user, if the line holds an authorization URL: opens it, approves, follows the way back."""
    found = re.search(r"https?://\S+/authorize\?\S+", line)
    if found is None:
        return
    browser = Browser()
    page = browser.get(found.group(0))
    response = browser.decide(page, "approve")
    while response.status_code in {302, 303}:
        response = browser.get(response.headers["location"])
    browser.close_all()


def run(server: Server, client_id: str, port: int, results: Path) -> str:
    """Runs both scenarios, of which the second needs the first; returns the log."""
    options = ["--url", server.url, "--client-id", client_id, "-p", str(port), "--resource", RESOURCE]
    command = [*conformance(), "authorization", *options, "-o", str(results)]
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=NODE_DIRECTORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        stop = threading.Timer(_SECONDS, process.kill)
        stop.start()
        for line in process.stdout or ():
            lines.append(_COLOUR.sub("", line))
            visit(lines[-1])
        lines.append(f"exit status {process.wait()}\n")
        stop.cancel()
    return "".join(lines)


def judge(scenario: str, results: Path) -> tuple[bool, str]:
    """Whether every check of a scenario succeeded, and how many there were."""
    found = [path for path in results.rglob("checks.json") if scenario in str(path.parent)]
    if len(found) != 1:
        return False, "no result"
    statuses = [check["status"] for check in json.loads(found[0].read_text(encoding="utf-8"))]
    others = sorted({status for status in statuses if status != "SUCCESS"})
    detail = f"{statuses.count('SUCCESS')}/{len(statuses)} checks" + (f", {', '.join(others)}" if others else "")
    return bool(statuses) and not others, detail


def main() -> int:
    """Runs both scenarios; returns the exit status."""
    ensure_installed()
    with authorization_server() as server, tempfile.TemporaryDirectory() as directory:
        port = free_port()
        client = server.register(redirect_uris=[f"http://127.0.0.1:{port}/callback"], client_name="conformance")
        log = run(server, client["client_id"], port, Path(directory))
        verdicts = {scenario: judge(scenario, Path(directory)) for scenario in SCENARIOS}
    for scenario, (passed, detail) in verdicts.items():
        print(f"{'pass' if passed else 'FAIL'}  {scenario:<42} {detail}")
    failed = not all(passed for passed, _ in verdicts.values()) or not log.endswith("exit status 0\n")
    if failed:
        print(log[-6000:])
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
