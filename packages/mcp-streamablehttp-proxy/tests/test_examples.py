"""The examples run as their own text says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Program, Wire, odd, proxied
from mcp_streamablehttp_proxy.cli import main

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parents[1] / "examples"


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        "call_through_proxy.py",
        "call_with_curl.sh",
        "two_servers.py",
    }


def test_call_through_proxy():
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "call_through_proxy.py"), *odd()],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modern, legacy = done.stdout.splitlines()
    assert modern.startswith("2026-07-28: echo, pid")
    assert legacy.startswith("2025-11-25: echo, pid")


async def test_two_servers():
    commands = (shlex.join(odd()), shlex.join(odd("--era", "modern")))
    with Program(str(EXAMPLES / "two_servers.py"), *commands) as program:
        assert program.process.stdout is not None
        urls = program.process.stdout.readline().split()
        pids = set()
        for url in urls:
            async with Wire(url) as wire:
                pids.add(await wire.call("pid"))
        assert len(pids) == 2
        assert program.stop(signal.SIGTERM)[0] == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_call_with_curl():
    with Program("-m", "mcp_streamablehttp_proxy", "--port", "0", "--", *odd()) as program:
        command = ["sh", str(EXAMPLES / "call_with_curl.sh"), program.url()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: ASYNC221
        assert program.stop(signal.SIGTERM)[0] == 0
    assert done.returncode == 0, done.stdout + done.stderr
    health, tools = (json.loads(line) for line in done.stdout.splitlines())
    assert health["status"] == "healthy"
    assert tools["result"]["tools"][0]["name"] == "echo"


async def test_the_readme_shows_every_setting(capsys: pytest.CaptureFixture[str]):
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    async with proxied() as wire:
        assert [fact for fact in (await wire.health()).json() if f'"{fact}":' not in readme] == []
    with pytest.raises(SystemExit):
        main(["--help"])
    named = set(re.findall(r"--[a-z][a-z-]+|MCP_[A-Z_]+", capsys.readouterr().out)) - {"--help", "--version"}
    assert named > {"--port", "--max-message", "MCP_ISOLATION"}
    assert not [name for name in named if f"`{name}" not in readme]
