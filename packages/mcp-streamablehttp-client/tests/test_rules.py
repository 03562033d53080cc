"""Where OAuth may go: addresses, the requests to them, the listener, the browser, and what is shown of it all."""

from __future__ import annotations

import logging
import webbrowser
from typing import Any

import anyio
import httpx2
import pytest
from mcp_streamablehttp_client import AuthorizationError
from mcp_streamablehttp_client.auth.http import OAuthHttp
from mcp_streamablehttp_client.auth.listener import WAIT_SECONDS, RedirectListener, result_of
from mcp_streamablehttp_client.auth.person import Person, browser_available
from mcp_streamablehttp_client.auth.policy import UrlPolicy, is_loopback_name, is_public
from mcp_streamablehttp_client.log_output import LineFormatter, LogOutput, fields
from mcp_streamablehttp_client.masking import mask, without_secrets

pytestmark = pytest.mark.anyio
NAMES = {
    "mcp.example.com": ["93.184.215.14"],
    "auth.example.com": ["93.184.215.15"],
    "inner.example.com": ["10.1.2.3"],
    "mixed.example.com": ["93.184.215.16", "192.168.1.1"],
    "localhost": ["127.0.0.1", "::1"],
}


async def resolver(host: str) -> list[str]:
    if host in NAMES:
        return NAMES[host]
    if host.replace(".", "").isdigit() or ":" in host:
        return [host]
    raise OSError("unknown")


def policy(server: str = "https://mcp.example.com/mcp") -> UrlPolicy:
    return UrlPolicy(server, resolver=resolver)


async def test_public_https_is_allowed_and_comes_with_its_addresses():
    assert await policy().check("https://auth.example.com/token", "token endpoint") == ["93.184.215.15"]


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://auth.example.com/token", "is not https"),
        ("http://localhost.evil.example/token", "is not https"),
        ("ftp://auth.example.com/", "is not https"),
        ("javascript:alert(1)", "has no host"),
        ("https:///token", "has no host"),
        ("https://auth.example.com:port/", "is no address"),
        ("https://user@auth.example.com/", "user name or password"),
        ("https://inner.example.com/", "private network"),
        ("https://mixed.example.com/", "private network"),
        ("https://10.0.0.1/", "private network"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://[::1]/", "private network"),
        ("https://[::ffff:10.0.0.1]/", "private network"),
        ("https://[64:ff9b::a00:1]/", "private network"),
        ("https://[2002:a00:1::]/", "private network"),
        ("https://[fe80::1]/", "private network"),
        ("https://100.64.0.1/", "private network"),
        ("http://localhost:8000/", "private network"),
        ("https://nowhere.example.com/", "unknown host"),
    ],
)
async def test_addresses_against_the_rules_are_refused(url: str, cause: str):
    with pytest.raises(AuthorizationError, match=cause):
        await policy().check(url, "token endpoint")


async def test_private_addresses_are_allowed_when_the_server_is_on_one():
    inner = policy("https://inner.example.com/mcp")
    assert await inner.check("https://10.0.0.1/token", "token endpoint")
    with pytest.raises(AuthorizationError, match="is not https"):
        await inner.check("http://10.0.0.1/token", "token endpoint")
    assert await policy("http://localhost:3000/mcp").check("http://127.0.0.1:8000/token", "token endpoint")


async def test_no_token_goes_to_a_public_server_over_plain_http():
    with pytest.raises(AuthorizationError, match="over plain http"):
        await policy("http://mcp.example.com/mcp").check_server()
    await policy("http://inner.example.com/mcp").check_server()
    await policy().check_server()


def test_loopback_names():
    assert all(map(is_loopback_name, ("localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "a.localhost")))
    assert not any(map(is_loopback_name, ("localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "example")))
    assert is_public("93.184.215.14")
    assert not is_public("224.0.0.1")


async def test_an_address_that_does_not_answer_is_told_without_its_query():
    http = OAuthHttp(policy("http://localhost/mcp"), timeout=5)
    with pytest.raises(AuthorizationError, match=r"does not answer: http://127\.0\.0\.1:9 \(Connect") as caught:
        await http.send(httpx2.Request("GET", "http://127.0.0.1:9/x?code=hidden"))
    assert "hidden" not in str(caught.value)


async def ask(port: int, target: str, method: str = "GET") -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=10) as browser:
        return await browser.request(method, f"http://127.0.0.1:{port}{target}")


async def test_the_listener_answers_the_right_state_once_and_nothing_else():
    listener = RedirectListener()
    found: list[Any] = []

    async def wait() -> None:
        found.append(await listener.wait("right"))

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.sleep(0.05)
        for target in ("/", "/callback", "/callback?code=x&state=wrong", "/other?code=x&state=right", "/favicon.ico"):
            answer = await ask(listener.port, target)
            assert answer.status_code == 404
        assert (await ask(listener.port, "/callback?code=x&state=right", "POST")).status_code == 404
        stream = await anyio.connect_tcp("127.0.0.1", listener.port)
        await stream.send(b"nonsense\r\n\r\n")
        await stream.aclose()
        assert not found
        page = await ask(listener.port, "/callback?code=the%2Fcode&state=right&iss=https://a.example")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "code" not in page.text
    assert (found[0].code, found[0].iss) == ("the/code", "https://a.example")
    listener.close()


async def test_the_listener_waits_five_minutes_at_most():
    listener = RedirectListener()
    with pytest.raises(AuthorizationError, match="nobody answered"):
        await listener.wait("state", seconds=0.05)
    listener.close()
    assert WAIT_SECONDS == 300


def test_an_answer_without_code_is_refused():
    with pytest.raises(AuthorizationError, match="holds no code"):
        result_of({"state": "s"})


async def test_a_browser_is_started_without_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    started = tmp_path / "started"
    monkeypatch.setenv("BROWSER", f"touch {started} %s")
    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    shown: list[str] = []
    injected = tmp_path / "injected"
    await Person(show=shown.append).open(f"file:{tmp_path}/x;touch {injected}")
    assert started.exists()
    assert not injected.exists()


async def test_a_browser_that_fails_leaves_the_address_to_the_person(monkeypatch: pytest.MonkeyPatch):
    def none(url: str) -> bool:
        raise webbrowser.Error("none")

    monkeypatch.setattr(webbrowser, "open", none)
    shown: list[str] = []
    await Person(show=shown.append).open("https://a.example/authorize")
    assert shown[-1].endswith("https://a.example/authorize")


def test_where_there_is_no_screen_there_is_no_browser(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not browser_available()
    monkeypatch.setenv("BROWSER", "curl %s")
    monkeypatch.setattr(webbrowser, "get", object)
    assert browser_available()
    assert Person().way(device_offered=True) == "browser"
    assert Person(browser=False).way(device_offered=True) == "device"
    assert Person(browser=False).way(device_offered=False) is None


def test_secrets_are_hidden_in_foreign_text():
    text = 'error access_token=abc "refresh_token": "def", code=ghi&state=jkl Authorization: Bearer mno.pqr\nnext'
    shown = without_secrets(text)
    for secret in ("abc", "def", "ghi", "jkl", "mno"):
        assert secret not in shown
    assert "\n" not in shown
    assert len(without_secrets("x" * 1000)) < 400
    assert mask("short") == "****"
    assert mask("abcdefghijklmnop") == "abcd...mnop"
    assert "0123456789" not in without_secrets("session 0123456789abcdef0123456789abcdef")


def test_log_lines_are_one_line_and_keep_messages_of_exceptions_out(capsys: pytest.CaptureFixture[str]):
    output = LogOutput(logging.DEBUG)
    logger = logging.getLogger("mcp_streamablehttp_client.test")
    try:
        logger.info(fields("something", text='two words\n"quoted"', missing=None, number=3))
        logger.info("plain\nforged")
        try:
            int("not-a-real-" + "secret".upper())
        except ValueError:
            logger.exception(fields("failed"))
        logging.getLogger("mcp.client").info("never shown")
        logging.getLogger("httpx2").debug("never shown")
    finally:
        output.close()
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines[0].endswith('event=something text="two words \\"quoted\\"" number=3')
    assert lines[1].endswith('event=message text="plain forged"')
    assert "exception: ValueError" in captured.err
    assert "SECRET" not in captured.err
    assert "never shown" not in captured.err
    record = logging.LogRecord("n", logging.INFO, "p", 1, "m", None, (None, None, None))
    assert "no exception" in LineFormatter().format(record)
