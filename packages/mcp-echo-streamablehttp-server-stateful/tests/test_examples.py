"""The examples run as their own text says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        "call_with_curl.sh",
        "call_with_handle.py",
        "call_with_session.py",
    }


def test_call_with_handle(url: str):
    out = run(sys.executable, str(EXAMPLES / "call_with_handle.py"), url)
    assert "protocol: 2026-07-28" in out
    assert "echoes so far: 2" in out
    assert out.rstrip().endswith("] and me")


def test_call_with_session(url: str):
    out = run(sys.executable, str(EXAMPLES / "call_with_session.py"), url)
    assert "protocol: 2025-11-25" in out
    assert out.count("remember me") == 2
    assert "[REPLAY - Session " in out


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_call_with_curl(url: str):
    out = run("sh", str(EXAMPLES / "call_with_curl.sh"), url)
    assert "... from curl] hello" in out
    assert out.count("[REPLAY - Session ") == 2
    assert out.rstrip().endswith("}")
