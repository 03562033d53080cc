"""The manual keeps its promises: its commands work as printed, its tables are complete."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from under_test import PACKAGE, TOOLS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PRINTED_URL = "http://127.0.0.1:3000"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def sources() -> str:
    """The code of the package."""
    (location,) = importlib.import_module(PACKAGE).__path__
    return "".join(path.read_text(encoding="utf-8") for path in Path(location).rglob("*.py"))


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_curl_commands_work(url: str):
    block = next(block for block in blocks("sh") if block.startswith("curl"))
    out = run(["sh", "-ec", block.replace(PRINTED_URL, url.removesuffix("/mcp")).replace("curl ", "curl -sS ")])
    health, answer = out.replace("}{", "}\n{", 1).splitlines()
    assert json.loads(health)["status"] == "healthy"
    assert json.loads(answer)["result"]["content"][0]["text"] == "hello"


def test_the_printed_program_works(url: str):
    block = next(block for block in blocks("python") if block.startswith("import asyncio"))
    out = run([sys.executable, "-c", block.replace(PRINTED_URL, url.removesuffix("/mcp"))])
    promised = re.search(r"print\(.*\)\s+# (.+)", block)
    assert promised is not None
    same_length = re.compile(r"[0-9a-f]{8}\.\.\.")
    assert same_length.sub("ID", out.strip()) == same_length.sub("ID", promised.group(1))


def test_every_tool_is_described():
    assert set(re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE)) == set(TOOLS)


def test_every_flag_and_variable_is_described():
    help_text = run([sys.executable, "-m", PACKAGE, "--help"])
    for flag in set(re.findall(r"--[a-z-]+", help_text)) - {"--help", "--version"}:
        assert f"`{flag}" in README, flag
    for variable in set(re.findall(r'"((?:MCP|LOG)_[A-Z_]+[A-Z])"', sources())):
        assert f"`{variable}`" in README, variable


def test_the_table_promises_no_variable_that_is_not_read():
    for variable in set(re.findall(r"`((?:MCP|LOG)_[A-Z_]+[A-Z])`", README)):
        assert f'"{variable}"' in sources(), variable
