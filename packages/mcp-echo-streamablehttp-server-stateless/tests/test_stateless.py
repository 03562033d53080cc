"""What only the stateless server does: reverse, no session on either wire, the lazily built ``app``, ``.env``."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path

import mcp_echo_streamablehttp_server_stateless as package
import pytest
from harness import LEGACY, MODERN, Program, Wire, message_of, running
from mcp_echo_streamablehttp_server_stateless import MCPEchoServer, cli, create_app
from mcp_echo_streamablehttp_server_stateless.server import environment_with_dotenv
from starlette.applications import Starlette


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({"message": "Abc"}, "Abc"),
        ({"message": "Abc", "reverse": True}, "cbA"),
        ({"message": "Abc", "reverse": True, "uppercase": True}, "CBA"),
        ({"message": "Abc", "reverse": False, "uppercase": False}, "Abc"),
    ],
)
def test_echo(wire: Wire, arguments: dict[str, object], answer: str):
    result = wire.tool("echo", arguments)
    assert result["content"][0]["text"] == answer
    assert result["structuredContent"] == {"message": answer}


def test_no_session_on_the_legacy_wire(wire: Wire):
    assert "mcp-session-id" not in wire.initialize().headers
    called = wire.legacy("tools/call", {"name": "echo", "arguments": {"message": "hello"}})
    assert "mcp-session-id" not in called.headers
    assert called.headers["content-type"] == "application/json"
    assert message_of(called)["result"]["content"][0]["text"] == "hello"


def test_a_session_id_of_another_server_is_ignored(wire: Wire):
    response = wire.legacy("ping", headers={"mcp-session-id": "minted-elsewhere"})
    assert message_of(response)["result"] == {}


def test_there_is_nothing_to_delete(wire: Wire):
    for version in (MODERN, LEGACY):
        response = wire.client.delete(wire.url, headers={"mcp-protocol-version": version})
        assert response.status_code == 405


def test_json_is_enough_to_accept(wire: Wire):
    assert wire.text("echo", {"message": "hello"}, headers={"accept": "application/json"}) == "hello"


def test_health_probe_keeps_no_sessions(wire: Wire):
    assert wire.tool("healthProbe")["structuredContent"]["sessions"] == {}
    assert "session age" not in wire.text("requestTiming")


def test_constructor_arguments():
    server = MCPEchoServer(True, ["2025-11-25"])
    assert server.settings.debug is True
    assert server.settings.protocol.supported == ("2025-11-25",)
    assert isinstance(server.app, Starlette)
    assert server.app is server.app
    with running(create_app(supported_versions=["2025-06-18"])) as url:
        wire = Wire(url)
        assert message_of(wire.initialize("2025-11-25"))["result"]["protocolVersion"] == "2025-06-18"
        wire.close()


def test_app_is_built_on_first_access(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCP_ALLOWED_HOSTS", "echo.example")
    monkeypatch.setenv("LOG_FILE", str(tmp_path / "echo.log"))
    monkeypatch.delitem(vars(package), "app", raising=False)
    app = package.app
    assert package.app is app
    logger = logging.getLogger(package.__name__)
    assert not logger.handlers
    with running(app) as url:
        wire = Wire(url)
        assert wire.text("echo", {"message": "hello"}, headers={"host": "echo.example"}) == "hello"
        wire.close()
    assert not logger.handlers
    assert "name=echo status=200" in (tmp_path / "echo.log").read_text(encoding="utf-8")
    monkeypatch.delitem(vars(package), "app")


def test_other_attributes_do_not_exist():
    with pytest.raises(AttributeError, match="no attribute 'application'"):
        _ = package.application


def test_dotenv_gives_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / ".env").write_text("MCP_ECHO_PORT=1\nMCP_ECHO_HOST=localhost\nEMPTY\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCP_ECHO_PORT", "2")
    monkeypatch.delenv("MCP_ECHO_HOST", raising=False)
    environment = environment_with_dotenv()
    assert (environment["MCP_ECHO_PORT"], environment["MCP_ECHO_HOST"]) == ("2", "localhost")
    assert "EMPTY" not in environment


def test_dotenv_is_read_by_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys):
    (tmp_path / ".env").write_text("MCP_ECHO_PORT=from-dotenv\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MCP_ECHO_PORT", raising=False)
    assert cli.main([]) == 2
    assert "from-dotenv" in capsys.readouterr().err


def test_version_is_unknown_without_metadata(monkeypatch: pytest.MonkeyPatch):
    about = importlib.import_module(f"{package.__name__}.about")
    monkeypatch.setattr(about, "NAME", "no-such-distribution")
    assert about.distribution_version() == "0+unknown"


def test_uvicorn_serves_the_documented_import_string(tmp_path: Path):
    arguments = ("-m", "uvicorn", f"{package.__name__}:app", "--port", "0", "--workers", "2", "--log-level", "info")
    with Program(*arguments, cwd=tmp_path) as program:
        address = program.wait_for("Uvicorn running on").partition("http://")[2].split()[0]
        program.wait_for("Application startup complete")
        wire = Wire(f"http://{address}/mcp")
        assert [wire.text("echo", {"message": str(number)}) for number in range(20)] == list(map(str, range(20)))
        wire.close()
        assert program.stop(15)[0] == 0
    log = "".join(program.lines)
    assert "Traceback" not in log
    assert log.count("event=request") == 20
    assert "logger=uvicorn" not in log
