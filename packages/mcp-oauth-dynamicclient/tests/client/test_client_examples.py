"""The client's examples run as their own text says, with a browser that is a program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
BROWSER = "import sys, httpx; httpx.get(sys.argv[1], follow_redirects=True, timeout=20)"


@pytest.fixture
def run(tmp_path):
    """Runs an example; ``webbrowser`` takes its browser from the environment."""
    script = tmp_path / "browser.py"
    script.write_text(BROWSER)

    def example(name, *arguments):
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name), *arguments],
            env={**os.environ, "BROWSER": f"{sys.executable} {script} %s"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return example


def test_every_example_of_the_client_is_tested():
    assert {path.name for path in EXAMPLES.glob("client_*.py")} == {"client_quickstart.py", "client_call_tool.py"}


def test_quickstart(authority, service, run):
    output = run("client_quickstart.py", authority.issuer, service.url)
    assert "registered as client_" in output
    assert "answered with 200" in output


def test_call_tool_needs_the_browser_once(authority, service, run, tmp_path):
    for _ in range(2):
        output = run("client_call_tool.py", authority.issuer, service.url, str(tmp_path / "own" / "credentials.json"))
        assert output.startswith("200 ")
    assert authority.count("/authorize") == 1
    assert authority.count("/register") == 1
