"""The README and the examples say what is true: its settings, its first steps, its programs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_github import CLIENT_ID, CLIENT_SECRET, FakeGitHub
from harness import KEY, RESOURCE, SERVICE, Program, Server, environment_of, free_port, settings_for, wait_for
from mcp_oauth_dynamicclient.scopes import parse_scope_policy
from mcp_oauth_dynamicclient.settings import Settings, settings_faults

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BROWSER = """
import sys, httpx
sys.path.insert(0, sys.argv[1])
from harness import Browser
browser = Browser()
answer = browser.decide(browser.get(sys.argv[2]), "approve")
while answer.status_code == 302:
    answer = browser.get(answer.headers["location"])
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def rows() -> dict[str, str]:
    """The settings table: variables and their defaults."""
    table = README.partition("## Settings")[2].partition("**The store.**")[0]
    found: dict[str, str] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and cells[0].startswith("`"):
            names = re.findall(r"`([A-Z0-9_]+)`", cells[0])
            defaults = cells[1].split(", ") if "," in cells[1] or len(names) == 1 else [cells[1]] * len(names)
            found.update(zip(names, [value.strip(" `,") for value in defaults] + [""] * len(names), strict=False))
    return found


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert {name.lower() for name in rows()} == set(Settings.model_fields)


def test_documented_defaults_are_the_defaults() -> None:
    checked = 0
    for name, documented in rows().items():
        default = Settings.model_fields[name.lower()].default
        if isinstance(default, tuple) and default:
            default = " ".join(default)
        if isinstance(default, bool):
            default = str(default).lower()
        if isinstance(default, int | str) and default and name not in {"TRUSTED_PROXIES", "ISSUER_URL", "REDIS_PORT"}:
            assert documented == str(default), name
            checked += 1
    assert checked > 15


def test_documented_policy_is_one() -> None:
    assert parse_scope_policy(blocks("json")[0])


def test_first_steps(github: FakeGitHub, tmp_path: Path) -> None:
    port = free_port()
    text = blocks("ini")[0].replace("localhost:8000", f"localhost:{port}")
    text = text.replace("the-id-of-your-application", CLIENT_ID).replace("your-login", "alice")
    text = text.replace("the-secret-of-your-application", CLIENT_SECRET)
    text += f"JWT_PRIVATE_KEY_B64={KEY}\n"
    (tmp_path / ".env").write_text(text)
    assert settings_faults(tmp_path / ".env") == []
    elsewhere = {"GITHUB_URL": github.url, "GITHUB_API_URL": github.api_url}
    program = Program(["--port", str(port)], elsewhere, tmp_path)
    browser = tmp_path / "browser.py"
    browser.write_text(BROWSER)
    try:
        program.address()
        code = next(block for block in blocks("python") if "asyncio.run" in block)
        done = subprocess.run(
            [sys.executable, "-c", code.replace("localhost:8000", f"localhost:{port}")],
            env={**os.environ, "BROWSER": f"{sys.executable} {browser} {ROOT / 'tests'} %s"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        token = done.stdout.strip()
        curl = next(block for block in blocks("sh") if "curl" in block)
        asked = subprocess.run(
            ["sh", "-c", curl.replace("localhost:8000", f"localhost:{port}")],
            env={**os.environ, "TOKEN": token},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert asked.stdout.startswith("HTTP/1.1 200")
        assert "x-user-name: alice" in asked.stdout.lower()
    finally:
        program.stop()


def test_example_asks_verify(server: Server) -> None:
    token = server.tokens()["access_token"]

    def ask(target: str) -> str:
        command = ["sh", str(ROOT / "examples" / "ask_verify.sh"), server.url, target, token]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout

    assert ask(RESOURCE).startswith("HTTP/1.1 200")
    assert ask(f"{SERVICE}/other").startswith("HTTP/1.1 401")


def test_example_server_in_python(github: FakeGitHub, tmp_path: Path) -> None:
    port = free_port()
    settings = settings_for(github, f"http://127.0.0.1:{port}")
    environment = {"PATH": os.environ["PATH"], **environment_of(settings)}
    with subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "server_in_python.py"), str(port)],
        env=environment,
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    ) as process:

        def healthy() -> Any:
            assert process.poll() is None
            try:
                return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
            except httpx.HTTPError:
                return False

        try:
            wait_for(healthy, "the example serves")
        finally:
            process.terminate()


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_file()))
def test_every_example_is_run_by_a_test(name: str) -> None:
    if name.startswith("client_"):
        texts = (ROOT / "tests" / "client" / "test_client_examples.py").read_text()
    else:
        texts = Path(__file__).read_text()
    assert f'"{name}"' in texts
