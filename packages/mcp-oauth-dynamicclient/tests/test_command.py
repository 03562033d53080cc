"""Settings and the command line: which variable is at fault, with which exit status."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import mcp_oauth_dynamicclient
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fake_github import FakeGitHub
from harness import KEY, Program, RedisServer, Server, environment_of, free_port, settings_for, wait_for
from mcp_oauth_dynamicclient.cli import main
from mcp_oauth_dynamicclient.rates import Rate, parse_rate
from mcp_oauth_dynamicclient.service.errors import ConfigurationError
from mcp_oauth_dynamicclient.settings import load_settings, settings_faults

GOOD: dict[str, str] = {
    "GITHUB_CLIENT_ID": "id",
    "GITHUB_CLIENT_SECRET": "not-a-real-secret",
    "BASE_DOMAIN": "example.org",
    "JWT_PRIVATE_KEY_B64": KEY,
    "ALLOWED_GITHUB_USERS": "alice, Bob",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Complete settings in the environment; an empty directory, so that no ``.env`` interferes."""
    monkeypatch.chdir(tmp_path)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    for name in ("LOG_LEVEL", "TRUSTED_PROXIES"):
        monkeypatch.setenv(name, "")
    return GOOD


def pem(key: Any) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return base64.b64encode(key.private_bytes(encoding, form, serialization.NoEncryption())).decode()


def test_complete_settings(environment: dict[str, str]) -> None:
    settings = load_settings()
    assert settings.issuer == "https://auth.example.org"
    assert settings.protected_resources == ("https://*.example.org",)
    assert settings.allows_user("bob")
    assert not settings.allows_user("mallory")
    assert settings.redis_location() is None
    assert not settings.insecure_cookies


def test_settings_from_a_dotenv_file(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REDIS_URL=redis://r/1\nMCP_PROTOCOL_VERSION=2025-06-18\nUNKNOWN=1\n")
    location = load_settings().redis_location()
    assert location is not None
    assert location.get_secret_value() == "redis://r/1"


def test_redis_by_host(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for host, expected in (("db", "redis://db:6380/0"), ("::1", "redis://[::1]:6380/0")):
        monkeypatch.setenv("REDIS_HOST", host)
        monkeypatch.setenv("REDIS_PORT", "6380")
        location = load_settings().redis_location()
        assert location is not None
        assert location.get_secret_value() == expected


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITHUB_CLIENT_ID", None),
        ("GITHUB_CLIENT_SECRET", None),
        ("GITHUB_CLIENT_SECRET", ""),
        ("ALLOWED_GITHUB_USERS", None),
        ("BASE_DOMAIN", None),
        ("ISSUER_URL", "http://auth.example.org"),
        ("ISSUER_URL", "https://auth.example.org/path"),
        ("ISSUER_URL", "https://auth.example.org/"),
        ("ISSUER_URL", "nonsense"),
        ("GITHUB_URL", "http://github.example"),
        ("GITHUB_API_URL", "ftp://github.example"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ALGORITHM", "ES256"),
        ("JWT_PRIVATE_KEY_B64", None),
        ("JWT_PRIVATE_KEY_B64", "nonsense"),
        ("JWT_PRIVATE_KEY_B64", pem(ec.generate_private_key(ec.SECP256R1()))),
        ("JWT_PRIVATE_KEY_B64", pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))),
        ("JWT_PREVIOUS_KEYS_B64", "nonsense"),
        ("REDIS_URL", "http://redis"),
        ("REDIS_PORT", "0"),
        ("ACCESS_TOKEN_LIFETIME", "0"),
        ("AUTH_CODE_LIFETIME", "601"),
        ("CLIENT_LIFETIME", "-1"),
        ("PROTECTED_RESOURCES", "example.org"),
        ("PROTECTED_RESOURCES", "https://a.*.example.org"),
        ("DEFAULT_RESOURCE", "https://elsewhere.test"),
        ("RESOURCE_OWNERS", "client_x"),
        ("DEFAULT_SCOPE", "mcp:admin"),
        ("SCOPES_SUPPORTED", 'mcp:read "x"'),
        ("SCOPE_POLICY", "{"),
        ("SCOPE_POLICY", "{}"),
        ("SCOPE_POLICY", '[{"scope": ""}]'),
        ("SCOPE_POLICY", '[{"scope": "a", "path": "b"}]'),
        ("SCOPE_POLICY", '["x"]'),
        ("TRUSTED_PROXIES", "everybody"),
        ("REGISTRATION_RATE", "often"),
        ("TOKEN_RATE", "0/min"),
        ("LOG_LEVEL", "LOUD"),
        ("ENABLE_DCR", "perhaps"),
    ],
)
def test_faults_name_their_variable(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Any, variable: str, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{variable}: ")
    assert main(["--port", "0"]) == 2
    assert variable in capsys.readouterr().err
    assert main(["validate-config"]) == 1
    assert capsys.readouterr().out.startswith(f"{variable}: ")


def test_hs256_needs_a_secret_and_no_key(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_ALGORITHM", "HS256")
    monkeypatch.delenv("JWT_PRIVATE_KEY_B64")
    assert settings_faults()[0].startswith("JWT_SECRET: ")
    monkeypatch.setenv("JWT_SECRET", "x" * 31)
    assert settings_faults()[0].startswith("JWT_SECRET: ")
    monkeypatch.setenv("JWT_SECRET", "x" * 32)
    assert settings_faults() == []


def test_every_fault_has_its_line(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("TOKEN_RATE", "often")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    monkeypatch.delenv("GITHUB_CLIENT_ID")
    assert main(["validate-config"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert {line.partition(":")[0] for line in lines} == {"TOKEN_RATE", "LOG_LEVEL", "GITHUB_CLIENT_ID"}
    monkeypatch.setenv("JWT_PRIVATE_KEY_B64", "nonsense")
    monkeypatch.setenv("REDIS_URL", "http://redis")
    assert main(["validate-config"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert {line.partition(":")[0] for line in lines} >= {"JWT_PRIVATE_KEY_B64", "REDIS_URL", "LOG_LEVEL"}


def test_secrets_are_not_shown(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("JWT_ALGORITHM", "HS256")
    monkeypatch.setenv("JWT_SECRET", "short-and-secret")
    monkeypatch.setenv("REDIS_URL", "http://:pass-word@redis")
    settings_text = "".join(settings_faults())
    main(["--port", "0"])
    main(["validate-config"])
    captured = capsys.readouterr()
    for secret in ("short-and-secret", "pass-word", "not-a-real-secret"):
        assert secret not in settings_text + captured.out + captured.err
    monkeypatch.setenv("JWT_SECRET", "long-and-secret-" * 4)
    monkeypatch.setenv("REDIS_URL", "redis://:pass-word@redis")
    shown = repr(load_settings()) + repr(load_settings().signing_keys())
    for secret in ("long-and-secret", "pass-word", "not-a-real-secret"):
        assert secret not in shown


def test_validate_config_of_complete_settings(environment: dict[str, str], capsys: Any) -> None:
    assert main(["validate-config"]) == 0
    assert "complete" in capsys.readouterr().out


def test_generated_values_are_accepted(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert main(["create-keys"]) == 0
    name, _, value = capsys.readouterr().out.strip().partition("=")
    monkeypatch.setenv(name, value)
    assert name == "JWT_PRIVATE_KEY_B64"
    assert settings_faults() == []
    assert main(["generate-secret"]) == 0
    name, _, value = capsys.readouterr().out.strip().partition("=")
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("JWT_ALGORITHM", "HS256")
    assert name == "JWT_SECRET"
    assert settings_faults() == []


def test_cleanup_tokens(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Any, redis_server: RedisServer
) -> None:
    assert main(["cleanup-tokens"]) == 2
    assert "REDIS_URL" in capsys.readouterr().err
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    assert main(["cleanup-tokens"]) == 0
    assert "dropped" in capsys.readouterr().out
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert main(["cleanup-tokens"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workers", "2"], "REDIS_URL"),
        (["--workers", "2", "--reload"], "--reload"),
        (["--forwarded-allow-ips", "everybody"], "--forwarded-allow-ips"),
    ],
)
def test_flags_that_cannot_work(environment: dict[str, str], capsys: Any, arguments: list[str], said: str) -> None:
    assert main(["--port", "0", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "hint: " in error
    assert "Traceback" not in error


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--workers", "0"], ["nonsense"]])
def test_usage_errors(environment: dict[str, str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_a_port_that_is_taken(environment: dict[str, str], server: Server, capsys: Any) -> None:
    assert main(["--port", server.url.rpartition(":")[2]]) == 2
    assert "cannot listen" in capsys.readouterr().err


def test_a_log_file_that_cannot_be_opened(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.setenv("LOG_FILE", str(tmp_path))
    assert main(["--port", "0"]) == 2
    assert "log file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "rate"), [("20/hour", Rate(20, 3600)), ("60/min", Rate(60, 60)), ("5 / s", Rate(5, 1))]
)
def test_rates(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


def test_version(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"mcp-oauth-dynamicclient {mcp_oauth_dynamicclient.__version__}"


def test_import_is_light_and_has_no_side_effect(tmp_path: Path) -> None:
    code = (
        "import sys, logging, mcp_oauth_dynamicclient as m\n"
        "heavy = {'fastapi', 'authlib', 'redis', 'uvicorn', 'httpx', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert not logging.getLogger().handlers\n"
        "assert sorted(m.__all__) and all(getattr(m, name) for name in m.__all__)\n"
        "try:\n    m.nonsense\nexcept AttributeError as e:\n    print(e)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "nonsense" in done.stdout


# The command as a process


def test_the_command_serves_logs_and_stops(github: FakeGitHub, tmp_path: Path) -> None:
    port = free_port()
    settings = settings_for(github, f"http://127.0.0.1:{port}")
    log_file = tmp_path / "logs" / "server.log"
    program = Program(
        ["--port", str(port), "--log-level", "info"], environment_of(settings, LOG_FILE=str(log_file)), tmp_path
    )
    try:
        assert httpx.get(f"{program.address()}/health").json()["store"] == "embedded"
        wait_for(lambda: "clients and tokens end with this process" in program.text(), "the store is named")
        wait_for(lambda: "path=/health" in log_file.read_text(), "the request is logged to the file, too")
        rotated = log_file.rename(tmp_path / "rotated.log")
        program.process.send_signal(1)
        wait_for(log_file.exists, "the log file is opened again")
        httpx.get(f"{program.address()}/error")
        wait_for(lambda: "path=/error" in log_file.read_text(), "the fresh file is used")
        assert "path=/error" not in rotated.read_text()
    finally:
        assert program.stop() == 0
    assert "Traceback" not in program.text()


def test_reload_serves(github: FakeGitHub, tmp_path: Path) -> None:
    settings = settings_for(github, "http://127.0.0.1:1")
    program = Program(["--port", "0", "--reload"], environment_of(settings), tmp_path)

    def healthy() -> bool:
        try:
            return httpx.get(f"{program.address()}/health").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_for(healthy, "the reloading server answers")
    finally:
        program.stop()
