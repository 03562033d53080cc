"""The stateless server behind four workers on one port: a thousand calls, no error."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

PACKAGE = "mcp_echo_streamablehttp_server_stateless"
WORKERS = 4
CALLS = 1000
CONNECTIONS = 16
MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
HEADERS = {
    "accept": "application/json",
    "mcp-protocol-version": MODERN,
    "mcp-method": "tools/call",
    "mcp-name": "echo",
}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Address of ``uvicorn PACKAGE:app --workers 4``, as the manual starts it."""
    log = tmp_path / "uvicorn.log"
    command = [sys.executable, "-m", "uvicorn", f"{PACKAGE}:app", "--port", "0", "--workers", str(WORKERS)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "LOG_"))}
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen([*command, "--no-access-log"], stderr=stderr, cwd=tmp_path, env=clean)
    try:
        deadline = time.monotonic() + 40
        while log.read_text(encoding="utf-8").count("Application startup complete") < WORKERS:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        text = log.read_text(encoding="utf-8")
        assert len(set(re.findall(r"Started server process \[(\d+)\]", text))) == WORKERS
        found = re.search(r"running on (http://\S+)", text)
        assert found is not None
        yield f"{found.group(1)}/mcp"
    finally:
        process.terminate()
        process.wait(timeout=20)


async def call(client: httpx.AsyncClient, url: str, number: int) -> bool:
    params = {"name": "echo", "arguments": {"message": str(number)}, "_meta": META}
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
    # A connection of its own for every tenth call lets the kernel spread them over the workers.
    headers = {**HEADERS, "content-type": "application/json", **({"connection": "close"} if number % 10 == 0 else {})}
    response = await client.post(url, content=body, headers=headers)
    answer = response.json()
    return (
        response.status_code == 200 and answer["id"] == number and answer["result"]["content"][0]["text"] == str(number)
    )


async def call_all(url: str) -> list[bool]:
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(timeout=30, limits=limits) as client:
        return await asyncio.gather(*(call(client, url, number) for number in range(CALLS)))


def test_a_thousand_calls_without_an_error(url: str):
    answers = asyncio.run(call_all(url))
    assert len(answers) == CALLS
    assert all(answers)
