"""Every setting, its default, its variable in both spellings, and what happens when it makes no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp_fetch_streamablehttp_server import Settings, create_server
from mcp_fetch_streamablehttp_server.service.errors import ConfigurationError
from mcp_fetch_streamablehttp_server.settings import read_settings, service_environment

EVERY = [
    ("MCP_SERVER_NAME", "server_name", "mcp-fetch-streamablehttp", "mine", "mine"),
    ("HOST", "host", "127.0.0.1", "0.0.0.0", "0.0.0.0"),
    ("PORT", "port", 3000, "0", 0),
    ("LOG_LEVEL", "log_level", "info", "DEBUG", "debug"),
    ("MCP_FETCH_ALLOWED_SCHEMES", "allowed_schemes", ("http", "https"), "HTTPS", ("https",)),
    ("MCP_FETCH_MAX_REDIRECTS", "max_redirects", 5, "2", 2),
    ("MCP_FETCH_DEFAULT_USER_AGENT", "default_user_agent", "ModelContextProtocol/1.0 (Fetch Server)", "me/1", "me/1"),
    ("FETCH_MAX_SIZE", "max_size", 10485760, "1000", 1000),
    ("FETCH_TIMEOUT", "timeout", 30, "1.5", 1.5),
    ("FETCH_ALLOW_PRIVATE_IPS", "allow_private_ips", False, "true", True),
    ("FETCH_ALLOWED_DOMAINS", "allowed_domains", (), "Example.com, *.b.test", ("example.com", "b.test")),
    ("FETCH_BLOCKED_DOMAINS", "blocked_domains", (), '["a.test","b.test"]', ("a.test", "b.test")),
    ("FETCH_ALLOW_HOSTS", "allow_hosts", (), "localhost:3000,[::1]:80", ("localhost:3000", "[::1]:80")),
    ("MCP_FETCH_ROBOTS_TXT_CACHE_SIZE", "robots_cache_size", 1000, "7", 7),
    ("MCP_FETCH_VERIFY_SSL", "verify_ssl", True, "false", False),
    ("FETCH_CONCURRENCY", "concurrency", 20, "3", 3),
    ("FETCH_CONCURRENCY_PER_USER", "concurrency_per_user", 4, "2", 2),
    ("FETCH_IGNORE_ROBOTS", "ignore_robots", False, "1", True),
]


@pytest.mark.parametrize(("variable", "field", "default", "text", "value"), EVERY, ids=[row[0] for row in EVERY])
def test_setting(monkeypatch: pytest.MonkeyPatch, variable: str, field: str, default: Any, text: str, value: Any):
    assert getattr(Settings(), field) == default
    other = variable.removeprefix("MCP_") if variable.startswith("MCP_") else f"MCP_{variable}"
    for spelling in (variable, other):
        assert getattr(read_settings({spelling: text}), field) == value
        with monkeypatch.context() as patch:
            patch.setenv(spelling, text)
            assert getattr(Settings(), field) == value
    assert getattr(Settings(**{field: value}), field) == value
    assert getattr(read_settings({variable: text, other: "wrong"}), field) == value


def test_every_setting_is_tested():
    assert {row[1] for row in EVERY} | {"server_version", "proxy"} == set(Settings.model_fields)


def test_version_is_the_packages_by_default():
    assert Settings().server_version == "0.3.0"
    assert read_settings({"SERVER_VERSION": "9"}).server_version == "9"


def test_empty_variable_is_no_setting():
    assert read_settings({"FETCH_MAX_SIZE": "", "HOST": ""}) == read_settings({})


def test_dotenv_is_read_below_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".env").write_text("FETCH_MAX_SIZE=1\nMCP_FETCH_MAX_REDIRECTS=1\n", encoding="utf-8")
    monkeypatch.setenv("FETCH_MAX_SIZE", "2")
    for settings in (Settings(), create_server().settings):
        assert (settings.max_size, settings.max_redirects) == (2, 1)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PORT", "70000"),
        ("MCP_PORT", "x"),
        ("FETCH_MAX_SIZE", "0"),
        ("MCP_FETCH_TIMEOUT", "-1"),
        ("FETCH_TIMEOUT", "nan"),
        ("MCP_FETCH_MAX_REDIRECTS", "99"),
        ("MCP_FETCH_ALLOWED_SCHEMES", "http,ftp"),
        ("FETCH_ALLOWED_DOMAINS", "exa mple.com"),
        ("FETCH_BLOCKED_DOMAINS", '["unfinished'),
        ("FETCH_ALLOW_HOSTS", "localhost"),
        ("FETCH_ALLOW_HOSTS", "localhost:0"),
        ("FETCH_ALLOW_PRIVATE_IPS", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("FETCH_CONCURRENCY", "0"),
    ],
)
def test_senseless_value_names_its_variable(variable: str, text: str):
    with pytest.raises(ConfigurationError) as refusal:
        read_settings({variable: text})
    assert f"`{variable}`" in str(refusal.value)
    assert text in str(refusal.value)
    assert variable in refusal.value.hint


def test_address_of_the_proxy_is_a_secret():
    address = "http://u:not-a-real-secret@proxy.example:1"
    settings = read_settings({"FETCH_PROXY": address})
    assert settings.limits().proxy == address
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.limits())):
        assert "not-a-real-secret" not in shown


def test_wrong_address_of_the_proxy_is_not_shown():
    with pytest.raises(ConfigurationError, match="`FETCH_PROXY`") as refusal:
        read_settings({"FETCH_PROXY": "ftp://u:not-a-real-secret@x"})
    assert "not-a-real-secret" not in f"{refusal.value} {refusal.value.hint}"


def test_settings_make_the_policy():
    policy = read_settings(
        {"FETCH_ALLOW_HOSTS": "Wiki:3000", "FETCH_BLOCKED_DOMAINS": "a.test", "FETCH_ALLOW_PRIVATE_IPS": "1"}
    ).policy()
    assert policy.allow_private
    assert policy.blocked_domains == ("a.test",)
    assert policy.exempt("wiki", 3000)


def test_settings_make_the_limits():
    limits = read_settings({"FETCH_TIMEOUT": "3", "FETCH_CONCURRENCY": "2", "FETCH_VERIFY_SSL": "0"}).limits()
    assert (limits.timeout, limits.concurrency, limits.verify_tls, limits.connect_timeout) == (3, 2, False, 5)
    assert limits.user_agent == "ModelContextProtocol/1.0 (Fetch Server)"


def test_service_variables_are_found_in_both_spellings():
    assert service_environment({"MCP_HOST": "::1", "PORT": "1", "MCP_PORT": "2", "X": "y", "LOG_LEVEL": ""}) == {
        "HOST": "::1",
        "PORT": "1",
        "MCP_HOST": "::1",
        "MCP_PORT": "2",
        "X": "y",
    }


def test_settings_reach_the_service():
    server = create_server(Settings(host="::1", port=7, log_level="debug"))
    assert (server.service.host, server.service.port, server.service.log_level) == ("::1", 7, "debug")
