"""Settings, and how they are refused."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from mcp_streamablehttp_client import ConfigurationError, Settings
from mcp_streamablehttp_client.settings import load_settings


def test_defaults():
    found = load_settings(None)
    assert (found.client_name, found.session_timeout, found.request_timeout) == ("mcp-http-stdio", 300, 30)
    assert found.verify_ssl
    assert found.credential_storage_path == Path("~/.mcp/credentials.json")
    with pytest.raises(ConfigurationError, match="no MCP server") as caught:
        _ = found.server_url
    assert "MCP_SERVER_URL" in caught.value.hint


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "settings.env").write_text("MCP_SERVER_URL=https://file.example/mcp\nCLIENT_NAME=file\nOTHER=1\n")
    monkeypatch.setenv("CLIENT_NAME", "environment")
    monkeypatch.setenv("MCP_CLIENT_ID", "")
    found = load_settings(str(tmp_path / "settings.env"))
    assert found.server_url == "https://file.example/mcp"
    assert found.client_name == "environment"
    assert found.mcp_client_id is None


@pytest.mark.parametrize(
    ("variable", "value", "cause"),
    [
        ("SESSION_TIMEOUT", "59", "greater than or equal to 60"),
        ("SESSION_TIMEOUT", "3601", "less than or equal to 3600"),
        ("REQUEST_TIMEOUT", "4", "greater than or equal to 5"),
        ("REQUEST_TIMEOUT", "301", "less than or equal to 300"),
        ("REQUEST_TIMEOUT", "soon", "valid number"),
        ("LOG_LEVEL", "LOUD", "DEBUG"),
        ("VERIFY_SSL", "perhaps", "boolean"),
        ("MCP_SERVER_URL", "ftp://a.example", "http:// or https://"),
        ("MCP_SERVER_URL", "https://user:pass@a.example/mcp", "user name or password"),
        ("MCP_SERVER_URL", "https://a.example/mcp#x", "fragment"),
    ],
)
def test_a_setting_that_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, cause: str):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=rf"`{variable}` cannot be used: .*{cause}"):
        load_settings(None)


def test_a_missing_file_is_named():
    with pytest.raises(ConfigurationError, match=r"names no file: other\.env"):
        load_settings("other.env")


@pytest.mark.parametrize(
    ("variables", "level"),
    [
        ({}, logging.INFO),
        ({"LOG_LEVEL": "error"}, logging.ERROR),
        ({"LOG_LEVEL": "error", "MCP_CLIENT_LOG_LEVEL": "warning"}, logging.WARNING),
        ({"MCP_CLIENT_LOG_LEVEL": "warning", "MCP_DEBUG": "1"}, logging.DEBUG),
    ],
)
def test_the_level_of_the_log(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], level: int):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert load_settings(None).level == level


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch):
    for name in ("SECRET", "ACCESS_TOKEN", "REFRESH_TOKEN", "REGISTRATION_TOKEN"):
        monkeypatch.setenv(f"MCP_CLIENT_{name}", "not-a-real-secret")
    assert "not-a-real" not in repr(Settings())
    assert "not-a-real" not in str(Settings())
