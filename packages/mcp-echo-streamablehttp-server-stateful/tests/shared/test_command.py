"""The command as a child process: flags, environment, refusals, signals, and an import without side effects."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from harness import Program, Wire, message_of
from under_test import NAME, PACKAGE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def run(*arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> tuple[int, str, str]:
    with Program(*arguments, env=env, cwd=cwd) as program:
        return program.finish()


def test_version_and_help():
    assert run("-m", PACKAGE, "--version")[:2] == (0, f"{NAME} {version(NAME)}\n")
    status, text, _ = run("-m", PACKAGE, "--help")
    assert status == 0
    for flag in ("--host", "--port", "--debug", "--protocol-versions", "--allowed-host", "--allowed-origin"):
        assert flag in text
    for flag in ("--allow-any-host", "--trust-user-header", "--trusted-proxy", "MCP_ECHO_HOST", "MCP_TRUSTED_PROXIES"):
        assert flag in text


def test_console_script_is_installed():
    script = shutil.which(NAME, path=sysconfig.get_path("scripts"))
    assert script is not None
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout == f"{NAME} {version(NAME)}\n"


def test_import_has_no_side_effects():
    program = (
        "import logging, os, sys, signal\n"
        "before = (dict(os.environ), logging.root.handlers[:], signal.getsignal(signal.SIGTERM))\n"
        f"import {PACKAGE} as package\n"
        "assert (dict(os.environ), logging.root.handlers[:], signal.getsignal(signal.SIGTERM)) == before\n"
        "assert not logging.getLogger(package.__name__).handlers\n"
        "assert 'app' not in vars(package)\n"
        "assert 'uvloop' not in sys.modules\n"
        "print(package.__version__)\n"
    )
    env = {"MCP_ECHO_PORT": "not a port", "MCP_PROTOCOL_VERSIONS_SUPPORTED": "nonsense"}
    status, out, err = run("-W", "error", "-c", program, env=env)
    assert (status, out, err) == (0, f"{version(NAME)}\n", "")


@pytest.mark.parametrize(
    ("arguments", "env", "cause", "remedy"),
    [
        (["--host", "0.0.0.0"], {}, "non-loopback", "--allowed-host"),
        ([], {"MCP_ECHO_HOST": "0.0.0.0"}, "non-loopback", "--allow-any-host"),
        (["--port", "many"], {}, "`--port` is not a port", "--port"),
        ([], {"MCP_ECHO_PORT": "70000"}, "`MCP_ECHO_PORT` is not a port", "MCP_ECHO_PORT"),
        ([], {"MCP_ECHO_DEBUG": "perhaps"}, "`MCP_ECHO_DEBUG` is neither", "MCP_ECHO_DEBUG"),
        (["--protocol-versions", "1999-01-01"], {}, "unknown protocol version", "2025-11-25"),
        (["--trusted-proxy", "10.0.0.1/8"], {}, "not a network", "10.0.0.0/8"),
        ([], {"MCP_PROTOCOL_VERSION": "1999-01-01"}, "preferred", "MCP_PROTOCOL_VERSION"),
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
    assert importlib.import_module(f"{PACKAGE}.cli").main(arguments) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert cause in error
    assert hint.startswith("hint: ")
    assert remedy in hint


def test_taken_port_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        status, _, err = run("-m", PACKAGE, "--port", str(holder.getsockname()[1]))
    assert status == 2
    assert "cannot listen" in err


def test_flags_win_over_the_environment():
    env = {"MCP_ECHO_PORT": "1", "MCP_ECHO_DEBUG": "1", "MCP_ALLOWED_HOSTS": "env.example"}
    arguments = ("--port", "0", "--allowed-host", "one.example", "--allowed-host", "two.example")
    with Program("-m", PACKAGE, *arguments, env=env) as program:
        wire = Wire(program.url())
        statuses = [
            wire.modern("tools/list", headers={"host": host}).status_code
            for host in ("one.example", "two.example", "env.example")
        ]
        wire.close()
        assert statuses == [200, 200, 421]
        assert program.stop(signal.SIGTERM)[0] == 0


def test_public_bind_with_a_list_starts():
    with Program("-m", PACKAGE, "--host", "0.0.0.0", "--port", "0", "--allow-any-host") as program:
        url = program.url().replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(url.replace("/mcp", "/health"), headers={"host": "any.example"}).status_code == 200


def test_ipv6_loopback_is_announced_in_brackets():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with Program("-m", PACKAGE, "--host", "::1", "--port", "0") as program:
        url = program.url()
        assert url.startswith("http://[::1]:")
        wire = Wire(url)
        assert wire.text("echo", {"message": "six"}) == "six"
        wire.close()


def test_sigterm_ends_open_streams_and_the_process():
    with Program("-m", PACKAGE, "--port", "0") as program:
        wire = Wire(program.url())
        session = wire.open_session()
        with wire.client.stream("GET", wire.url, headers={**session, "accept": "text/event-stream"}) as stream:
            assert stream.status_code == 200
            status, seconds = program.stop(signal.SIGTERM)
            assert list(stream.iter_raw()) == []
        wire.close()
    assert status == 0
    assert seconds < 9
    assert "level=ERROR" not in "".join(program.lines)


SLOW_SERVER = """
import asyncio, sys
from under_test import build, service, tools

async def slow(call, arguments):
    print("started", file=sys.stderr, flush=True)
    await asyncio.sleep(1.5)
    return tools("catalogue").Reply("finished")

build(extra_tools=[tools("catalogue").EchoTool("slow", "Slow", "Takes its time.", slow)]).run("127.0.0.1", 0)
"""


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_sigterm_lets_a_call_finish(era: str):
    tests = str(Path(__file__).parent.parent)
    with Program("-c", SLOW_SERVER, env={"PYTHONPATH": tests}) as program, ThreadPoolExecutor(1) as pool:
        wire = Wire(program.url())
        if era == "modern":
            answer = pool.submit(wire.modern, "tools/call", {"name": "slow"})
        else:
            session = wire.open_session()
            answer = pool.submit(wire.legacy, "tools/call", {"name": "slow"}, headers=session)
        program.wait_for("started")
        status, seconds = program.stop(signal.SIGTERM)
        assert message_of(answer.result())["result"]["content"][0]["text"] == "finished"
        wire.close()
    assert status == 0
    assert seconds < 9


def test_sigterm_cancels_a_call_that_takes_too_long():
    impatient = SLOW_SERVER.replace("sleep(1.5)", "sleep(60)") + "\n"
    impatient = impatient.replace("build(", "service('launch').DRAIN_SECONDS = 1\nbuild(")
    with Program("-c", impatient, env={"PYTHONPATH": str(Path(__file__).parent.parent)}) as program:
        url = program.url()
        with ThreadPoolExecutor(1) as pool:
            wire = Wire(url)
            answer = pool.submit(wire.modern, "tools/call", {"name": "slow"})
            program.wait_for("started")
            status, seconds = program.stop(signal.SIGTERM)
            assert answer.exception() is not None or answer.result().status_code == 500
            wire.close()
    assert status == 0
    assert 1 <= seconds < 9


def test_interrupt_ends_the_process():
    with Program("-m", PACKAGE, "--port", "0") as program:
        program.url()
        assert program.stop(signal.SIGINT)[0] in (0, 130)


def test_sighup_reopens_the_log_file(tmp_path: Path):
    path = tmp_path / "logs" / "echo.log"
    with Program("-m", PACKAGE, "--port", "0", env={"LOG_FILE": str(path)}) as program:
        wire = Wire(program.url())
        wire.tool("echo", {"message": "first"})
        while "event=request" not in path.read_text(encoding="utf-8"):
            assert program.process.poll() is None
        path.rename(tmp_path / "moved.log")
        program.process.send_signal(signal.SIGHUP)
        while not path.exists():
            assert program.process.poll() is None
        wire.tool("echo", {"message": "second"})
        wire.close()
        assert program.stop(signal.SIGTERM)[0] == 0
    assert (tmp_path / "moved.log").read_text(encoding="utf-8").count("event=request") == 1
    assert path.read_text(encoding="utf-8").count("event=request") == 1


def test_python_warnings_stay_silent():
    with Program("-W", "error", "-m", PACKAGE, "--port", "0") as program:
        wire = Wire(program.url())
        wire.open_session()
        assert wire.text("echo", {"message": "quiet"}) == "quiet"
        wire.close()
        assert program.stop(signal.SIGTERM)[0] == 0
        assert "Warning" not in "".join(program.lines)
