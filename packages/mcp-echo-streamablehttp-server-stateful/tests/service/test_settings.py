"""Settings and masking by themselves."""

from __future__ import annotations

import argparse

import pytest
from under_test import VARIABLES, service


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


def test_flags_must_arrive_as_text():
    with pytest.raises(TypeError, match="port"):
        service("settings").OptionReader(argparse.Namespace(port=3000), {}).get("X", str, "", option="port")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many"])
def test_counts_start_at_one(text: str):
    with pytest.raises(ValueError, match="whole number"):
        service("settings").as_count(text)


def test_settings_from_the_environment():
    env = {
        VARIABLES.host: "localhost",
        VARIABLES.port: "0",
        **({VARIABLES.debug: "Yes"} if VARIABLES.debug else {}),
        **({VARIABLES.log_level: "DEBUG"} if VARIABLES.log_level else {}),
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


@pytest.mark.parametrize(
    ("variables", "text", "level"),
    [
        ({"log_level": "LEVEL"}, "Warning", "warning"),
        ({"log_level": "LEVEL"}, None, "info"),
        ({"debug": "LEVEL"}, "yes", "debug"),
        ({"debug": "LEVEL"}, "no", "info"),
    ],
)
def test_log_level(variables: dict[str, str], text: str | None, level: str):
    settings = service("settings")
    names = settings.Variables(host="H", port="P", **variables)
    read = settings.read_service_settings(argparse.Namespace(), {"LEVEL": text} if text else {}, names)
    assert read.log_level == level


def test_unknown_log_level_names_the_variable():
    settings = service("settings")
    with pytest.raises(service("errors").ConfigurationError, match="`LEVEL` is none of debug, info"):
        settings.read_service_settings(
            argparse.Namespace(), {"LEVEL": "loud"}, settings.Variables(host="H", port="P", log_level="LEVEL")
        )


def test_flags_for_a_level_or_a_switch():
    settings = service("settings")
    for name, flag in (("log_level", "--log-level"), ("debug", "--debug")):
        parser = argparse.ArgumentParser()
        settings.add_service_arguments(parser, settings.Variables(host="H", port="P", **{name: "LEVEL"}))
        assert flag in parser.format_help()
        assert "LEVEL" in parser.format_help()
