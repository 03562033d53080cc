"""The manual keeps its promises, and the examples run as their own text says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import mcp_streamablehttp_client
from auth_server import Protected
from mcp_server import Running
from web import wait_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples"
PRINTED_URL = "http://127.0.0.1:3000/mcp"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def run(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_printed_program_works(shared: Running):
    (program, *_) = blocks("python")
    assert run([sys.executable, "-W", "error", "-c", program.replace(PRINTED_URL, shared.url)]) == "hello\n"


def test_the_printed_commands_work(shared: Running):
    lines = [line for line in blocks("sh")[0].splitlines() if line.startswith("mcp-streamablehttp-client")]
    assert len(lines) == 2
    directory = Path(sys.executable).parent
    for line in lines:
        out = run(["sh", "-ec", f"{directory}/{line}"], MCP_SERVER_URL=shared.url)
        assert "hello" in out or "echo" in out


def test_every_flag_and_variable_is_described():
    help_text = run([sys.executable, "-m", "mcp_streamablehttp_client", "--help"])
    for flag in set(re.findall(r"--[a-z][a-z-]+", help_text)):
        assert f"`{flag}" in README, flag
    for name in mcp_streamablehttp_client.Settings.model_fields:
        assert f"`{name.upper()}`" in README, name


def test_every_export_has_a_docstring():
    for name in mcp_streamablehttp_client.__all__:
        if name != "__version__":
            assert getattr(mcp_streamablehttp_client, name).__doc__, name


def test_importing_does_nothing():
    program = (
        "import sys, logging, os\nbefore = dict(os.environ)\nimport mcp_streamablehttp_client\n"
        "assert not logging.getLogger('mcp_streamablehttp_client').handlers\n"
        "assert dict(os.environ) == before\nassert 'rich' not in sys.modules\n"
    )
    assert run([sys.executable, "-W", "error", "-c", program]) == ""


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        "call_a_tool.py",
        "host_on_stdio.py",
        "own_browser.py",
    }


def test_call_a_tool(shared: Running):
    out = run([sys.executable, str(EXAMPLES / "call_a_tool.py"), shared.url, "echo", "hello", "you"])
    assert "protocol: 2026-07-28" in out
    assert "answer: hello you" in out


def test_host_on_stdio(shared: Running):
    assert "tool: echo" in run([sys.executable, str(EXAMPLES / "host_on_stdio.py"), shared.url])


def test_own_browser(protected: Protected, tmp_path: Path):
    out = tmp_path / "out"
    with out.open("w") as stdout:
        process = subprocess.Popen([sys.executable, str(EXAMPLES / "own_browser.py"), protected.url], stdout=stdout)
    found = wait_for(lambda: re.search(r"visit: (\S+)", out.read_text()), 30)
    run(["curl", "-sSLo", os.devnull, found.group(1)])
    assert process.wait(30) == 0
    assert "authorized, tools: " in out.read_text()
