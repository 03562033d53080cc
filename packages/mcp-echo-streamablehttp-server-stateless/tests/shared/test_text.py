"""Masking, durations, dates and settings by themselves."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from under_test import VARIABLES, service, tools

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("", "****"), ("twelve-chars", "****"), ("thirteen-char", "thir...char"), ("a" * 60, "aaaa...aaaa")],
)
def test_mask(secret: str, shown: str):
    assert service("masking").mask(secret) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain@text", "plain@text"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("https://user@example.org", "https://user@example.org"),
        ("redis://:pw@h:1/0", "redis://:****@h:1/0"),
        ("http://u:p@[bad", "****"),
    ],
)
def test_url_passwords_are_removed(text: str, shown: str):
    assert service("masking").without_userinfo(text) == shown


def test_session_ids_are_cut_in_logs():
    masking = service("masking")
    assert masking.without_session_ids(f"a {'0' * 32} b echo-{'f' * 32}") == f"a {'0' * 8}... b echo-{'f' * 8}..."
    assert masking.without_session_ids("a" * 33) == "a" * 33


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.9, "59s"), (60, "1m"), (3661, "1h 1m"), (90_061, "1d 1h"), (86_400, "1d")]
)
def test_durations(seconds: float, text: str):
    assert tools("bearer").describe_duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NOW - 60, "2023-11-14 22:12:20 UTC (1m ago)"),
        (NOW + 60, "2023-11-14 22:14:20 UTC (in 1m)"),
        (-1, "1969-12-31 23:59:59 UTC (19675d 22h ago)"),
        (float("nan"), "not a valid NumericDate"),
        (float("inf"), "not a valid NumericDate"),
        (10**400, "not a valid NumericDate"),
        (True, "not a valid NumericDate"),
        ("2023", "not a valid NumericDate"),
        (None, "not a valid NumericDate"),
    ],
)
def test_moments(value: Any, text: str):
    assert tools("bearer").describe_moment(value, NOW) == text


def test_flags_must_arrive_as_text():
    with pytest.raises(TypeError, match="port"):
        service("settings").OptionReader(argparse.Namespace(port=3000), {}).get("X", str, "", option="port")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many"])
def test_counts_start_at_one(text: str):
    with pytest.raises(ValueError, match="whole number"):
        service("settings").as_count(text)


def test_settings_from_the_environment():
    env = {
        "MCP_ECHO_HOST": "localhost",
        "MCP_ECHO_PORT": "0",
        "MCP_ECHO_DEBUG": "Yes",
        "MCP_ALLOWED_HOSTS": " a.example ,, b.example:* ",
        "MCP_ALLOW_ANY_HOST": "off",
        "MCP_CORS_ORIGINS": "https://a.example,*",
        "MCP_TRUSTED_PROXIES": "192.0.2.1",
        "LOG_FILE": "",
    }
    settings = service("settings").read_service_settings(argparse.Namespace(), env, VARIABLES)
    assert (settings.host, settings.port, settings.debug) == ("localhost", 0, True)
    assert settings.allow.hosts == ("a.example", "b.example:*")
    assert settings.allow.origins == ("https://a.example",)
    assert settings.allow.any_host is False
    assert settings.edge.trusts("192.0.2.1")
    assert not settings.edge.trusts("127.0.0.1")
    assert settings.log_file is None
