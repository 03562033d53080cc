"""The manual and the examples keep their promises: commands work as printed, tables are complete."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import running
from mcp_fetch_streamablehttp_server import FetchHandler, Settings
from mcp_fetch_streamablehttp_server.settings import read_settings
from origin import Origin, Reply
from support import build

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples"
PRINTED_URL = "http://127.0.0.1:3000"
PRINTED_PAGE = "https://example.com/"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def url(origin: Origin) -> Iterator[str]:
    """A server that may fetch the page the manual speaks of, which here is on the origin."""
    origin.pages["/"] = Reply.html("<title>Example Domain</title><h1>Example Domain</h1>")
    with running(build(FETCH_ALLOW_HOSTS=f"127.0.0.1:{origin.port}").create_app()) as address:
        yield address


@needs_curl
def test_the_printed_curl_commands_work(url: str, origin: Origin):
    block = next(block for block in blocks("sh") if block.startswith("curl"))
    block = block.replace(PRINTED_URL, url.removesuffix("/mcp")).replace(PRINTED_PAGE, f"{origin.url}/")
    health, answer = run("sh", "-ec", block.replace("curl ", "curl -sS ")).replace("}{", "}\n{", 1).splitlines()
    assert json.loads(health)["status"] == "healthy"
    assert json.loads(answer)["result"]["content"][0]["text"] == "# Example Domain"


def test_the_printed_client_works(url: str, origin: Origin):
    block = next(block for block in blocks("python") if block.startswith("import asyncio"))
    promised = re.search(r"print\(.*\)\s+# (.+)", block)
    assert promised is not None
    block = block.replace(PRINTED_URL, url.removesuffix("/mcp")).replace(PRINTED_PAGE, f"{origin.url}/")
    assert run(sys.executable, "-c", block).strip() == promised.group(1)


def test_the_printed_interface_works():
    block = next(block for block in blocks("python") if "FetchHandler" in block)
    run(sys.executable, "-W", "error", "-c", block)


def test_every_flag_and_variable_is_described():
    help_text = run(sys.executable, "-m", "mcp_fetch_streamablehttp_server", "--help")
    for flag in set(re.findall(r"--[a-z-]+", help_text)) - {"--help", "--version"}:
        assert f"`{flag}" in README, flag
    for field in Settings.model_fields.values():
        assert f"`{field.validation_alias.choices[0]}`" in README
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    for variable in set(re.findall(r'"((?:MCP|LOG)_[A-Z_]+[A-Z])"', sources)):
        assert f"`{variable}`" in README, variable


def test_the_defaults_in_the_table_are_the_defaults():
    for variable, shown in re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", README, flags=re.MULTILINE):
        assert read_settings({variable: shown}) == read_settings({}), variable


def test_every_argument_is_described():
    (tool,) = FetchHandler().get_tools()
    section = README.partition("## The tool")[2].partition("##")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == [
        "url",
        "method",
        "headers",
        "body",
        "max_length",
        "start_index",
        "user_agent",
        "format",
        "extract",
        "follow_redirects",
        "max_redirects",
    ]
    assert set(tool.input_schema["properties"]) == set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        "call_with_curl.sh",
        "call_with_sdk.py",
        "fetch_without_server.py",
    }


def test_call_with_sdk(url: str, origin: Origin):
    origin.pages["/long"] = Reply.text("word " * 1000)
    out = run(sys.executable, str(EXAMPLES / "call_with_sdk.py"), url, f"{origin.url}/long")
    assert "protocol: 2026-07-28" in out
    assert out.count("word") == 1000


@needs_curl
def test_call_with_curl(url: str, origin: Origin):
    answer = json.loads(run("sh", str(EXAMPLES / "call_with_curl.sh"), url, f"{origin.url}/"))
    assert answer["result"]["structuredContent"]["title"] == "Example Domain"


def test_fetch_without_server(origin: Origin):
    origin.pages["/"] = Reply.html("<p>plain <b>words</b></p>")
    program = str(EXAMPLES / "fetch_without_server.py")
    assert run(sys.executable, program, f"{origin.url}/", f"127.0.0.1:{origin.port}") == "plain words\n"
    done = subprocess.run([sys.executable, program, f"{origin.url}/"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith("refused by rule")) == (1, True)
