"""The examples run as their own text says."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Program, Wire

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        "call_with_curl.sh",
        "call_with_sdk.py",
        "serve_with_own_tool.py",
    }


def test_call_with_sdk(url: str):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "call_with_sdk.py"), url],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "protocol: 2026-07-28" in done.stdout
    assert "answer: OLLEH" in done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_call_with_curl(url: str):
    done = subprocess.run(
        ["sh", str(EXAMPLES / "call_with_curl.sh"), url], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [answer["result"]["content"][0]["text"] for answer in answers] == ["hello", "hello"]


def test_serve_with_own_tool():
    with Program(str(EXAMPLES / "serve_with_own_tool.py"), env={"LOG_FILE": ""}) as program:
        # Embedders configure logging themselves or let run() do it, as here.
        wire = Wire(program.url())
        assert wire.tool("countWords", {"text": "one two"})["structuredContent"] == {"words": 2}
        assert "no word" in wire.failure("countWords", {"text": " "})
        wire.close()
        assert program.stop(signal.SIGTERM)[0] == 0
