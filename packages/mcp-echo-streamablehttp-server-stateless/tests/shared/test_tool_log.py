"""What tools leave in the log: nothing of what a caller said, also when they crash."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Wire, unsigned_jwt
from under_test import PACKAGE, service, tools


@pytest.fixture
def log_file(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    path = tmp_path / "new" / "directory" / "echo.log"
    output = service("log_output").LogOutput(PACKAGE, level=getattr(request, "param", "info"), log_file=str(path))
    yield path
    output.close()


def lines(path: Path, count: int = 1) -> list[str]:
    """The request lines, once there are ``count``: a line is written after its response has been sent."""
    deadline = time.monotonic() + 5
    while True:
        found = [line for line in path.read_text(encoding="utf-8").splitlines() if "event=request" in line]
        if len(found) >= count:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.005)


@pytest.mark.parametrize("log_file", ["info", "debug"], indirect=True, ids=["plain", "debug"])
def test_nothing_secret_is_logged(log_file: Path, wire: Wire):
    token = unsigned_jwt({"sub": "alice"})
    session = wire.open_session()
    headers = {"authorization": f"Bearer {token}", "cookie": "crumbs=sweet"}
    wire.tool("echo", {"message": "private words"}, headers=headers)
    wire.tool("bearerDecode", {"token": token}, headers=headers)
    wire.legacy("tools/call", {"name": "echo", "arguments": {"message": "private words"}}, headers=session)
    wire.client.get(wire.url.replace("/mcp", "/health?code=hidden&state=hidden"))
    wire.client.delete(wire.url, headers=session)
    lines(log_file, 7)
    text = log_file.read_text(encoding="utf-8")
    for secret in (token, token.split(".")[1], "private words", "crumbs", "hidden", session.get("mcp-session-id", "?")):
        assert secret not in text


def test_a_crash_is_logged_without_its_message(log_file: Path, serve: Any):
    catalogue = tools("catalogue")

    async def crash(call: Any, arguments: dict[str, Any]) -> Any:
        raise RuntimeError(f"the caller said: {arguments['text']}")

    wire = serve(extra_tools=[catalogue.EchoTool("crash", "Crash", "Fails.", crash, {"text": {"type": "string"}})])
    wire.modern("tools/call", {"name": "crash", "arguments": {"text": "private words"}})
    text = log_file.read_text(encoding="utf-8")
    assert "event=tool_crash name=crash" in text
    assert "exception: RuntimeError" in text
    assert "in crash" in text
    assert "private words" not in text
