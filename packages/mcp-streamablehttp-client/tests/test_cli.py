"""The command line against real servers, flag by flag."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from auth_server import Protected
from hosts import MODULE
from mcp_server import Running
from mcp_streamablehttp_client import CredentialStore, __version__
from mcp_streamablehttp_client.cli import main


@pytest.fixture(autouse=True)
def store_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "store" / "credentials.json"
    monkeypatch.setenv("CREDENTIAL_STORAGE_PATH", str(path))
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--log-level", "ERROR"])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "curl -sLo /dev/null %s")
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setattr("webbrowser._browsers", {})


def test_version_and_help(run: Any):
    assert run("--version")[:2] == (0, f"mcp-streamablehttp-client {__version__}\n")
    status, out, _ = run("--help")
    assert status == 0
    assert "--no-browser" in out


@pytest.mark.parametrize("protocol", ["auto", "legacy", "2026-07-28"])
def test_lists(run: Any, shared: Running, protocol: str):
    common = ("--server-url", shared.url, "--protocol", protocol)
    status, out, err = run(*common, "--list-tools", "--list-resources", "--list-prompts")
    assert (status, err) == (0, "")
    assert "echo" in out
    assert "note <test://note>" in out
    assert "greet" in out
    status, out, _ = run(*common, "--list-tools", "--json")
    assert {tool["name"] for tool in json.loads(out)} >= {"echo", "region"}
    assert '"inputSchema"' in run(*common, "--list-tools", "--verbose")[1]


def test_calls(run: Any, shared: Running):
    common = ("--server-url", shared.url)
    assert run(*common, "-c", "echo hello world")[:2] == (0, "hello world\n")
    assert run(*common, "--command", 'echo {"message": "json"}')[1] == "json\n"
    assert run(*common, "-c", "echo message='a b'")[1] == "a b\n"
    status, out, _ = run(*common, "-c", "echo x", "--json")
    assert json.loads(out)["content"][0]["text"] == "x"
    status, out, _ = run(*common, "-c", "fail")
    assert (status, out) == (1, "it broke\n")
    status, _, err = run(*common, "-c", "nothing")
    assert status == 1
    assert "no tool 'nothing'" in err
    status, _, err = run(*common, "-c", "region count=many")
    assert status == 2
    assert "`count` of region is not of type integer" in err
    assert run(*common, "-c", " ")[0] == 2


def test_no_argument_is_invented(run: Any, serve: Callable[..., Running]):
    server = serve("both")
    run("--server-url", server.url, "-c", "fail")
    assert server.behaviour.calls == [("fail", {})]


def test_raw(run: Any, shared: Running):
    request = '{"method": "resources/read", "params": {"uri": "test://note"}}'
    status, out, _ = run("--server-url", shared.url, "--raw", request)
    assert status == 0
    assert json.loads(out)["contents"][0]["text"] == "note"
    status, _, err = run("--server-url", shared.url, "--raw", '{"method": "no/such"}')
    assert status == 1
    assert "the MCP server refused" in err
    assert run("--server-url", shared.url, "--raw", "{")[0] == 2


def test_a_terminal_is_not_steered(run: Any, serve: Callable[..., Running]):
    server = serve("both")
    _, out, _ = run("--server-url", server.url, "-c", 'echo {"message": "a\\u001b[2Jb"}')
    assert out == "a[2Jb\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--list-tools",), "no MCP server is given"),
        ((), "no MCP server is given"),
        (("--server-url", "nowhere", "--list-tools"), "`MCP_SERVER_URL` cannot be used"),
        (("--env-file", "missing.env"), "names no file"),
        (("--unknown",), "No such option"),
        (("--protocol", "1999-01-01"), "Invalid value"),
        (("--server-url", "http://127.0.0.1/mcp", "--update-client", "x"), "no field=value"),
    ],
)
def test_wrong_usage_ends_with_two(run: Any, arguments: tuple[str, ...], message: str):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_a_server_that_is_not_there_ends_with_one(run: Any):
    status, _, err = run("--server-url", "http://127.0.0.1:9/mcp", "--list-tools")
    assert status == 1
    assert "cannot be reached" in err
    assert "hint:" in err


def test_an_authorization_that_nobody_can_give_ends_with_three(run: Any, protected: Protected):
    for action in ("--list-tools", "--test-auth", "--token"):
        status, _, err = run("--server-url", protected.url, "--no-browser", action)
        assert status == 3
        assert "needs an authorization" in err
    assert not protected.provider.clients


def test_a_server_that_asks_for_nothing(run: Any, shared: Running):
    assert run("--server-url", shared.url, "--test-auth")[1] == "The server asks for no authorization.\n"


@pytest.mark.usefixtures("browser")
def test_the_life_of_credentials(run: Any, protected: Protected, store_path: Path, tmp_path: Path):
    common = ("--server-url", protected.url)
    status, out, err = run(*common, "--export")
    assert status == 1
    assert "there are no credentials" in err

    assert run(*common, "--test-auth")[:2] == (0, "The server accepts our token.\n")
    token = next(iter(protected.provider.access))
    status, out, _ = run(*common, "--token", "--json")
    shown = json.loads(out)
    assert (shown["refreshed"], shown["accepted"], shown["refreshable"]) == (False, True, True)
    assert shown["token"] == f"{token[:4]}...{token[-4:]}"
    assert "Token" in run(*common, "-t")[1]

    _, out, _ = run(*common, "--export")
    assert f"export MCP_CLIENT_ACCESS_TOKEN={token}\n" in out
    assert "MCP_CLIENT_REGISTRATION_TOKEN" in json.loads(run(*common, "--export", "--json")[1])
    (tmp_path / "my.env").write_text("OTHER=kept\nMCP_CLIENT_ID=old\n")
    assert run(*common, "--env-file", "my.env", "--save-env")[0] == 0
    saved = (tmp_path / "my.env").read_text()
    assert "OTHER=kept" in saved
    assert f"MCP_CLIENT_ACCESS_TOKEN='{token}'" in saved
    assert "MCP_CLIENT_ID=old" not in saved
    assert stat.S_IMODE((tmp_path / "my.env").stat().st_mode) == 0o600
    status, _, err = run(*common, "--env-file", "/proc/none/x", "--save-env")
    assert status == 2

    status, out, _ = run(*common, "--get-client-info", "--json")
    assert json.loads(out)["client_name"] == "mcp-http-stdio"
    status, out, _ = run(*common, "--update-client", "client_name=Mine,contacts=a@example.org;b@example.org", "--json")
    assert (status, json.loads(out)["contacts"]) == (0, ["a@example.org", "b@example.org"])
    assert next(iter(protected.provider.clients.values())).client_name == "Mine"

    assert run(*common, "--reset-auth")[:2] == (0, "Stored credentials deleted.\n")
    assert token not in store_path.read_text()
    assert run(*common, "--reset-auth")[1] == "There were no stored credentials.\n"


@pytest.mark.usefixtures("browser")
def test_a_registration_is_deleted_only_after_asking(
    run: Any, protected: Protected, store_path: Path, monkeypatch: pytest.MonkeyPatch
):
    common = ("--server-url", protected.url)
    run(*common, "--test-auth")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))  # nobody answers the question
    assert run(*common, "--delete-client")[0] == 1
    assert protected.provider.clients
    status, out, _ = run(*common, "--delete-client", "--yes")
    assert (status, out) == (0, "The registration is deleted.\n")
    assert not protected.provider.clients
    assert not CredentialStore(store_path).read().clients


@pytest.mark.usefixtures("browser")
def test_a_token_that_ends_soon_is_refreshed(run: Any, protect: Callable[..., Protected], store_path: Path):
    protected = protect(life=200)
    common = ("--server-url", protected.url)
    run(*common, "--test-auth")
    _, out, _ = run(*common, "--token", "--json")
    assert json.loads(out)["refreshed"] is True
    assert protected.provider.refreshed == 1
    store = CredentialStore(store_path)
    (token,) = store.read().tokens[protected.auth.origin].values()
    assert token.expires_at is not None
    assert 100 < token.expires_at - time.time() <= 200
    protected.provider.refresh.clear()
    status, _, err = run(*common, "--token")
    assert status == 1
    assert "refused the refresh token: invalid_grant" in err


@pytest.mark.usefixtures("browser")
def test_credentials_of_the_environment_stay_after_a_reset(
    run: Any, protected: Protected, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MCP_CLIENT_ACCESS_TOKEN", "not-a-real-token")
    _, out, _ = run("--server-url", protected.url, "--reset-auth")
    assert "Still set in the environment: MCP_CLIENT_ACCESS_TOKEN" in out


def test_the_installed_command_prints_answers_on_stdout_alone(shared: Running):
    command = [*MODULE, "--server-url", shared.url, "-c", "echo hello", "--log-level", "DEBUG"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "hello\n")
    assert "hello" not in done.stderr
