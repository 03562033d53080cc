"""The command as a process of its own: arguments, environment, refusals, signals, import without side effects."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from harness import LEGACY, Program, Wire, alive, odd, until
from mcp_streamablehttp_proxy import run_server
from mcp_streamablehttp_proxy.cli import main

pytestmark = pytest.mark.anyio
NAME, PACKAGE = "mcp-streamablehttp-proxy", "mcp_streamablehttp_proxy"


def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    with Program(*arguments, env=env) as program:
        return program.finish()


def test_version_and_help(capsys: pytest.CaptureFixture[str]):
    for flag in ("--version", "--help"):
        with pytest.raises(SystemExit) as ended:
            main([flag])
        assert ended.value.code == 0
    shown, _, text = capsys.readouterr().out.partition("\n")
    assert shown == f"{NAME} {version(NAME)}"
    for word in (
        *("--host", "--port", "--timeout", "--log-level", "--request-timeout", "--startup-timeout", "--max-sessions"),
        *("--max-message", "--isolation", "--pass-env", "--env", "--inherit-env", "--cwd", "--check"),
        *("--allowed-host", "--allowed-origin", "--allow-any-host", "--trust-user-header", "--json-response"),
        *("MCP_BIND_HOST", "MCP_PORT", "MCP_SESSION_TIMEOUT", "MCP_LOG_LEVEL", "MCP_SUBPROCESS_TIMEOUT"),
        *("MCP_STARTUP_TIMEOUT", "MCP_MAX_SESSIONS", "MCP_MAX_MESSAGE_SIZE", "MCP_ISOLATION"),
    ):
        assert word in text


def test_console_script_is_installed():
    script = shutil.which(NAME, path=sysconfig.get_path("scripts"))
    assert script is not None
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout == f"{NAME} {version(NAME)}\n"


def test_import_has_no_side_effects():
    program = (
        "import logging, os, signal\n"
        "before = (dict(os.environ), logging.root.handlers[:], signal.getsignal(signal.SIGTERM))\n"
        f"import {PACKAGE} as package\n"
        "assert (dict(os.environ), logging.root.handlers[:], signal.getsignal(signal.SIGTERM)) == before\n"
        "assert not logging.getLogger(package.__name__).handlers\n"
        "print(package.__version__)\n"
    )
    env = {"MCP_PORT": "not a port", "MCP_ISOLATION": "nonsense"}
    assert run("-W", "error", "-c", program, env=env) == (0, f"{version(NAME)}\n", "")


@pytest.mark.parametrize(
    ("arguments", "env", "cause", "remedy"),
    [
        ([], {}, "no command", "-- my-server"),
        (["--"], {}, "no command", "-- my-server"),
        (["--host", "0.0.0.0", "x"], {}, "non-loopback", "--allowed-host"),
        (["x"], {"MCP_BIND_HOST": "0.0.0.0"}, "non-loopback", "--allow-any-host"),
        (["--port", "many", "x"], {}, "`--port` is not a port", "--port"),
        (["x"], {"MCP_PORT": "70000"}, "`MCP_PORT` is not a port", "MCP_PORT"),
        (["--timeout", "0", "x"], {}, "`--timeout` is not a positive number of seconds", "--timeout"),
        (["x"], {"MCP_SESSION_TIMEOUT": "nan"}, "`MCP_SESSION_TIMEOUT` is not", "MCP_SESSION_TIMEOUT"),
        (["--request-timeout", "soon", "x"], {}, "`--request-timeout` is not", "--request-timeout"),
        (["x"], {"MCP_STARTUP_TIMEOUT": "-1"}, "`MCP_STARTUP_TIMEOUT` is not", "MCP_STARTUP_TIMEOUT"),
        (["--max-sessions", "0", "x"], {}, "`--max-sessions` is not a whole number", "--max-sessions"),
        (["--max-message", "big", "x"], {}, "`--max-message` is not a size", "--max-message"),
        (["--isolation", "none", "x"], {}, "`--isolation` is none of", "--isolation"),
        (["--isolation", "user", "x"], {}, "needs to know the users", "--trust-user-header"),
        (["--env", "SECRET", "x"], {}, "`--env` is not an assignment", "NAME=VALUE"),
        (["--log-level", "loud", "x"], {}, "`--log-level` is none of", "--log-level"),
        (["--protocol-versions", "1999-01-01", "x"], {}, "unknown protocol version", LEGACY),
    ],
)
def test_settings_that_cannot_work_are_refused(
    arguments: list[str],
    env: dict[str, str],
    cause: str,
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name in [name for name in os.environ if name.startswith(("MCP_", "LOG_"))]:
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert main(arguments) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert cause in error
    assert "SECRET" not in error
    assert hint.startswith("hint: ")
    assert remedy in hint


def test_taken_port_is_refused(capsys: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        assert main(["--port", str(holder.getsockname()[1]), "x"]) == 2
    assert "cannot listen" in capsys.readouterr().err


async def test_all_that_follows_the_command_is_the_servers_in_its_order(tmp_path: Path):
    own = ["--port", "9", "a", "--", "--host", "b", "--check", "-x"]
    environment = {"MCP_PORT": "1", "PASSED": "not-a-real-secret", "HIDDEN": "not-a-real-secret"}
    options = [
        "--port",
        "0",
        "--cwd",
        str(tmp_path),
        "--env",
        "SET=a=b",
        "--pass-env",
        "PASSED",
        "--pass-env",
        "ABSENT",
    ]
    with Program("-m", PACKAGE, *options, "--", *odd(*own), env=environment) as program:
        async with Wire(program.url()) as wire:
            seen = await wire.call("env")
        status, _ = program.stop(signal.SIGTERM)
    assert status == 0
    assert seen["argv"] == own
    assert seen["cwd"] == str(tmp_path)
    names = set(seen["environment"]) - {"LC_CTYPE"}
    assert names <= {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "SET", "PASSED"}
    assert (seen["environment"]["SET"], seen["environment"]["PASSED"]) == ("a=b", "not-a-real-secret")
    assert "not-a-real-secret" not in "".join(program.lines)


async def test_the_whole_environment_only_when_asked_and_settings_from_the_environment():
    environment = {
        "MCP_PORT": "0",
        "MCP_MAX_SESSIONS": "1",
        "MCP_SUBPROCESS_TIMEOUT": "0.5",
        "MCP_LOG_LEVEL": "warning",
        "MCP_MAX_MESSAGE_SIZE": "1MiB",
        "MCP_STARTUP_TIMEOUT": "20",
        "MCP_SESSION_TIMEOUT": "100",
        "GIVEN": "yes",
    }
    log = {"LOG_FILE": ""}
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    arguments = ("--port", str(port), "--inherit-env")
    with Program("-m", PACKAGE, *arguments, *odd(), env={**environment, **log}) as program:
        async with Wire(f"http://127.0.0.1:{port}/mcp") as wire:

            async def healthy() -> bool:
                try:
                    return (await wire.health()).status_code == 200
                except httpx.TransportError:
                    return False

            await until(healthy)
            assert (await wire.call("env"))["environment"]["GIVEN"] == "yes"
            assert (await wire.fail("silent"))["message"] == "server did not answer within 0.5 s"
            assert "over 1048576 bytes" in (await wire.fail("huge", {"size": 2**20}))["message"]
            await wire.open()
            assert (await wire.client.send(wire.initialize_request())).status_code == 503
        assert program.stop(signal.SIGTERM)[0] == 0
    assert "event=request" not in "".join(program.lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_every_server_without_orphans_and_exits_0(number: int):
    with Program("-m", PACKAGE, "--port", "0", "--", *odd("--leave-offspring")) as program:
        async with Wire(program.url()) as wire:
            pids = [await (await wire.open()).call("pid"), await wire.call("pid")]
            offspring = [int(text) for pid in pids for text in _children(pid)]
            assert len(offspring) == 2
        status, seconds = program.stop(number)
    assert status == 0
    assert seconds < 20
    assert not [pid for pid in (*pids, *offspring) if alive(pid)]
    log = "".join(program.lines)
    for pid in pids:
        assert f"event=child_started pid={pid}" in log
        assert f"event=child_stopped pid={pid}" in log
    assert "Traceback" not in log


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()


async def test_secrets_and_bodies_stay_out_of_the_log(tmp_path: Path):
    secret = "not-a-real-secret"
    log = tmp_path / "logs" / "proxy.log"
    with Program(
        *("-m", PACKAGE, "--log-level", "debug", "--port", "0", "--env", f"TOKEN={secret}", "--", *odd(), secret),
        env={"LOG_FILE": str(log)},
    ) as program:
        async with Wire(program.url()) as wire:
            headers = {"authorization": f"Bearer {secret}", "cookie": secret}
            assert await wire.call("echo", {"text": secret}, headers=headers) == {"text": secret}
            session = await wire.open(headers=headers)
            assert await session.call("echo", {"text": secret}) == {"text": secret}
        assert program.stop(signal.SIGTERM)[0] == 0
    written = "".join(program.lines) + log.read_text(encoding="utf-8")
    assert secret not in written
    assert session.headers["mcp-session-id"] not in written
    assert f"session={session.headers['mcp-session-id'][:8]}" in written
    assert "mcp=tools/call name=echo status=200" in written


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_check_prints_what_the_server_is_and_stops_it(era: str, capsys: pytest.CaptureFixture[str]):
    assert main(["--check", "--log-level", "error", "--", *odd("--era", era)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert found["era"] == era
    assert found["protocolVersion"] == ("2026-07-28" if era == "modern" else LEGACY)
    assert found["serverInfo"]["name"] == "odd-server"
    assert found["instructions"] == "be odd"
    assert [tool["name"] for tool in found["tools"]][:2] == ["echo", "pid"]
    assert len(found["tools"]) == 21


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (["/does/not/exist"], "No such file or directory"),
        (odd("--exit-at-start", "7"), "server exited (code 7)"),
        (odd("--refuse-handshake"), "refused the handshake"),
        (odd("--refuse-lists"), "server does not list its tools: no lists"),
    ],
)
def test_check_of_a_server_that_cannot_be_used_exits_1(
    command: list[str], cause: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        main(["--check", "--log-level", "error", "--", *command])
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    error, hint = [line for line in err.splitlines() if line.startswith(("error: ", "hint: "))]
    assert cause in error
    assert "by itself" in hint
    assert "Traceback" not in err


@contextmanager
def interrupting(number: int, url: Callable[[], str | None], first: Callable[[], None]) -> Iterator[list[int]]:
    """Waits in a thread for this process to serve, does something ``first``, then sends it a signal."""
    statuses: list[int] = []

    def healthy() -> bool:
        address = url()
        try:
            statuses.append(httpx.get(f"{address}/health").status_code if address else 0)
        except httpx.TransportError:
            statuses.append(0)
        return statuses[-1] != 0

    def work() -> None:
        deadline = time.monotonic() + 20
        while not healthy() and time.monotonic() < deadline:
            time.sleep(0.02)
        first()
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield statuses
    finally:
        thread.join(timeout=30)


def test_sigterm_after_the_log_was_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = tmp_path / "proxy.log"
    monkeypatch.setenv("LOG_FILE", str(log))

    def url() -> str | None:
        found = re.search(r"url=(\S+)/mcp", log.read_text(encoding="utf-8")) if log.exists() else None
        return found.group(1) if found else None

    def rotate() -> None:
        log.rename(tmp_path / "old.log")
        os.kill(os.getpid(), signal.SIGHUP)
        deadline = time.monotonic() + 20
        while not log.exists() and time.monotonic() < deadline:
            time.sleep(0.01)

    with interrupting(signal.SIGTERM, url, rotate) as statuses, pytest.raises(SystemExit) as ended:
        main(["--port", "0", *odd()])
    assert (ended.value.code, statuses[-1]) == (0, 200)
    assert log.exists()


def test_run_server_until_sigint():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with interrupting(signal.SIGINT, lambda: f"http://127.0.0.1:{port}", lambda: None) as statuses:
            run_server(odd(), port=port, session_timeout=5, log_level="info", max_sessions=3)
    finally:
        signal.signal(signal.SIGINT, before)
    assert statuses[-1] == 200


def test_run_server_refuses_an_unknown_log_level():
    with pytest.raises(ValueError, match="none of debug"):
        run_server(odd(), log_level="loud")
