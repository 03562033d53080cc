"""The log: one line per request, nothing secret in it, a file that logrotate can move away."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import MODERN, Wire, unsigned_jwt
from under_test import PACKAGE, SAMPLE, service


@pytest.fixture
def log_file(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    path = tmp_path / "new" / "directory" / "service.log"
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


def test_one_line_per_request(log_file: Path, wire: Wire):
    wire.modern("tools/call", SAMPLE)
    lines(log_file, 1)
    wire.modern("no/such")
    lines(log_file, 2)
    wire.client.get(wire.url.replace("/mcp", "/health"))
    call, unknown, health = lines(log_file, 3)
    assert re.search(
        r"^time=\S+ level=INFO logger=\S+ event=request method=POST path=/mcp "
        rf"mcp=tools/call name={SAMPLE['name']} status=200 ms=\d+\.\d",
        call,
    )
    assert "mcp=no/such status=404" in unknown
    assert "path=/health status=200" in health


def test_legacy_lines_name_method_and_session(log_file: Path, wire: Wire):
    session = wire.open_session()
    wire.legacy("tools/call", SAMPLE, headers=session)
    call = lines(log_file, 3)[-1]
    assert f"mcp=tools/call name={SAMPLE['name']} status=200" in call
    if "mcp-session-id" in session:
        assert f"session={session['mcp-session-id'][:8]} " in call


def test_lines_name_the_user_and_the_forwarded_address(log_file: Path, serve: Any):
    wire = serve(env={"MCP_TRUST_USER_HEADER": "1"})
    forwarded = {"x-user-id": "alice", "x-real-ip": "192.0.2.7", "x-forwarded-for": "192.0.2.7, 10.0.0.1"}
    wire.modern("tools/call", SAMPLE, headers=forwarded)
    assert 'user=alice peer=127.0.0.1 real_ip=192.0.2.7 forwarded_for="192.0.2.7, 10.0.0.1"' in lines(log_file)[0]


def test_addresses_from_strangers_are_not_logged(log_file: Path, serve: Any):
    wire = serve(env={"MCP_TRUSTED_PROXIES": "10.0.0.0/8"})
    wire.modern("tools/call", SAMPLE, headers={"x-real-ip": "192.0.2.7", "x-forwarded-for": "192.0.2.7"})
    assert "192.0.2.7" not in lines(log_file)[0]


@pytest.mark.parametrize("log_file", ["info", "debug"], indirect=True, ids=["plain", "debug"])
def test_no_credential_body_or_query_is_logged(log_file: Path, wire: Wire):
    token = unsigned_jwt({"sub": "alice"})
    session = wire.open_session()
    headers = {"authorization": f"Bearer {token}", "cookie": "crumbs=sweet"}
    wire.modern("tools/call", SAMPLE, headers=headers, meta={"x": "private words"})
    wire.legacy("tools/call", {**SAMPLE, "_meta": {"x": "private words"}}, headers={**headers, **session})
    wire.client.get(wire.url.replace("/mcp", "/health?code=hidden&state=hidden"))
    wire.client.delete(wire.url, headers=session)
    lines(log_file, 6)
    text = log_file.read_text(encoding="utf-8")
    for secret in (token, token.split(".")[1], "private words", "crumbs", "hidden", session.get("mcp-session-id", "?")):
        assert secret not in text


def test_no_value_can_forge_a_line(log_file: Path, wire: Wire):
    wire.post(
        {"jsonrpc": "2.0", "id": 1, "method": "x\nevent=request status=200", "params": {"name": 'a" b=c'}},
        {"mcp-protocol-version": MODERN},
    )
    (line,) = lines(log_file)
    assert r'mcp="x\nevent=request status=200" name="a\" b=c" status=400' in line


def test_long_values_are_cut(log_file: Path, wire: Wire):
    wire.post({"jsonrpc": "2.0", "id": 1, "method": "m" * 500}, {"mcp-protocol-version": MODERN})
    assert f"mcp={'m' * 128} " in lines(log_file)[0]


def test_messages_of_libraries_are_quoted_and_shortened(log_file: Path):
    session = "0123456789abcdef0123456789abcdef"
    logging.getLogger("mcp.server").warning("Rejecting request for session %s", session)
    line = log_file.read_text(encoding="utf-8").splitlines()[-1]
    assert 'logger=mcp.server event=message text="Rejecting request for session 01234567..."' in line


def test_reopening_goes_on_in_a_fresh_file(tmp_path: Path):
    path = tmp_path / "service.log"
    output = service("log_output").LogOutput(PACKAGE, level="debug", log_file=str(path))
    logger = logging.getLogger(PACKAGE)
    logger.info("event=first")
    path.rename(tmp_path / "service.log.1")
    logger.info("event=second")
    output.reopen()
    logger.debug("event=third")
    output.close()
    moved = (tmp_path / "service.log.1").read_text(encoding="utf-8")
    assert "event=first" in moved
    assert "event=second" in moved
    assert [line.rpartition(" ")[2] for line in path.read_text(encoding="utf-8").splitlines()] == ["event=third"]


def test_closing_restores_the_loggers():
    logger = logging.getLogger(PACKAGE)
    before = (logger.level, logger.propagate, list(logger.handlers))
    output = service("log_output").LogOutput(PACKAGE, level="debug", log_file=None)
    assert logger.handlers
    output.reopen()
    output.close()
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_unwritable_file_is_a_configuration_error(tmp_path: Path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(service("errors").ConfigurationError, match="cannot open the log file") as refusal:
        service("log_output").LogOutput(PACKAGE, level="info", log_file=str(tmp_path / "file" / "service.log"))
    assert "LOG_FILE" in refusal.value.hint
