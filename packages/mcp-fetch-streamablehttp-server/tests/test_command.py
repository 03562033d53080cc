"""The command: flags, variables, errors, signals, log; and that importing the package does nothing."""

from __future__ import annotations

import importlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import mcp_fetch_streamablehttp_server as package
import pytest
from harness import Program, Wire
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp_fetch_streamablehttp_server import cli
from origin import Origin, Reply

MODULE = ("-m", "mcp_fetch_streamablehttp_server")


def test_serves_until_told_to_stop(origin: Origin, tmp_path: Path):
    origin.pages["/page?token=not-a-real-secret"] = Reply.text("hello")
    variables = {
        "FETCH_ALLOW_HOSTS": f"127.0.0.1:{origin.port}",
        "MCP_LOG_LEVEL": "debug",
        "LOG_FILE": str(tmp_path / "logs" / "server.log"),
    }
    with Program(*MODULE, "--port", "0", env=variables, cwd=tmp_path) as program:
        wire = Wire(program.url())
        url = f"{origin.url}/page?token=not-a-real-secret"
        headers = {"authorization": "Bearer not-a-real-secret"}
        assert wire.text("fetch", {"url": url, "headers": headers}) == "hello"
        wire.failure("fetch", {"url": "http://127.0.0.1:1/not-a-real-secret"})
        wire.close()
        status, seconds = program.stop(signal.SIGTERM)
    assert status == 0
    assert seconds < 10
    log = "".join(program.lines)
    assert log.count("event=request") == 2
    assert "name=fetch" in log
    assert "not-a-real-secret" not in log
    assert "Traceback" not in log
    assert (tmp_path / "logs" / "server.log").read_text(encoding="utf-8").count("event=request") == 2


def test_serves_in_this_process_too(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    origin.pages["/"] = Reply.text("hello")
    log = tmp_path / "server.log"
    monkeypatch.setenv("LOG_FILE", str(log))
    monkeypatch.setenv("FETCH_ALLOW_HOSTS", f"127.0.0.1:{origin.port}")
    answers: list[str] = []

    def call_and_stop() -> None:
        try:
            found = None
            deadline = time.monotonic() + 20
            while found is None and time.monotonic() < deadline:
                found = re.search(r"event=listening url=(\S+)", log.read_text(encoding="utf-8") if log.exists() else "")
                time.sleep(0.01)
            assert found is not None
            wire = Wire(found.group(1))
            answers.append(wire.text("fetch", {"url": f"{origin.url}/"}))
            if hasattr(signal, "SIGHUP"):
                log.rename(tmp_path / "server.log.1")
                os.kill(os.getpid(), signal.SIGHUP)
            while not log.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            answers.append(wire.text("fetch", {"url": f"{origin.url}/"}))
            wire.close()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    caller = threading.Thread(target=call_and_stop)
    caller.start()
    with pytest.raises(SystemExit) as end:
        cli.main(["--port", "0", "--log-level", "info"])
    caller.join(timeout=20)
    assert end.value.code == 0
    assert answers == ["hello", "hello"]
    assert log.read_text(encoding="utf-8").count("event=request") >= 1


def test_uvicorn_runs_the_factory(origin: Origin, tmp_path: Path):
    program_text = "from mcp_fetch_streamablehttp_server import create_server\napp = create_server().create_app()\n"
    (tmp_path / "site_app.py").write_text(program_text, encoding="utf-8")
    arguments = ("-m", "uvicorn", "site_app:app", "--port", "0", "--log-level", "info")
    with Program(*arguments, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}) as program:
        address = program.wait_for("Uvicorn running on").partition("http://")[2].split()[0]
        wire = Wire(f"http://{address}/mcp")
        assert "rule `address`" in wire.failure("fetch", {"url": "http://10.0.0.1/"})
        wire.close()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--port", "70000"], "`--port`"),
        (["--host", "0.0.0.0"], "--allowed-host"),
        (["--log-level", "loud"], "`--log-level`"),
        (["--protocol-versions", "1999"], "1999"),
        (["--trusted-proxy", "here"], "CIDR"),
    ],
)
def test_senseless_flag_ends_with_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str], named: str):
    assert cli.main([*arguments]) == 2
    printed = capsys.readouterr().err
    assert named in printed
    assert printed.startswith("error: ")
    assert "\nhint: " in printed
    assert "Traceback" not in printed


def test_senseless_variable_ends_with_status_2(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FETCH_MAX_SIZE", "much")
    assert cli.main([]) == 2
    assert "`FETCH_MAX_SIZE`" in capsys.readouterr().err


def test_flag_wins_over_variable(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MCP_PORT", "1")
    assert cli.main(["--port", "none"]) == 2
    assert "`--port`" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"mcp-fetch-streamablehttp-server {package.__version__}\n"


def test_import_has_no_side_effect(tmp_path: Path):
    program = (
        "import asyncio, logging, os\n"
        "before = (dict(os.environ), list(logging.root.handlers), type(asyncio.get_event_loop_policy()))\n"
        "import mcp_fetch_streamablehttp_server as package\n"
        "after = (dict(os.environ), list(logging.root.handlers), type(asyncio.get_event_loop_policy()))\n"
        "assert before == after\n"
        "import sys; assert 'trafilatura' not in sys.modules\n"
        "print(package.__version__)\n"
    )
    if sys.version_info >= (3, 14):
        program = program.replace("type(asyncio.get_event_loop_policy())", "None")
    (tmp_path / ".env").write_text("FETCH_MAX_SIZE=nonsense\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "FETCH_TIMEOUT": "nonsense"},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.3.0\n", "")


def test_everything_promised_is_there():
    for name in package.__all__:
        assert getattr(package, name)
    assert package.StreamableHTTPTransport is StreamableHTTPServerTransport


def test_version_is_unknown_without_metadata(monkeypatch: pytest.MonkeyPatch):
    about = importlib.import_module("mcp_fetch_streamablehttp_server.about")
    monkeypatch.setattr(about, "NAME", "no-such-distribution")
    assert about.distribution_version() == "0+unknown"
