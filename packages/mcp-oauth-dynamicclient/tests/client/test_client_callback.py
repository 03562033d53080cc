"""The loopback listener, spoken to like a browser and like something else."""

from __future__ import annotations

import anyio
import httpx
import pytest
from mcp_oauth_dynamicclient.client import AuthorizationError
from mcp_oauth_dynamicclient.client.callback import listening

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http():
    async with httpx.AsyncClient(timeout=20) as client:
        yield client


async def test_listens_on_this_machine_only():
    async with listening() as listener:
        assert listener.redirect_uri.startswith("http://127.0.0.1:")


async def test_answer_is_taken_and_its_page_never_stored(http):
    async with listening() as listener:
        page = await http.get(f"{listener.redirect_uri}?code=c&state=s&iss=i")
        assert await listener.wait(5) == {"code": "c", "state": "s", "iss": "i"}
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "signed in" in page.text


async def test_page_repeats_nothing_of_the_request(http):
    async with listening() as listener:
        page = await http.get(f"{listener.redirect_uri}?error=<script>&error_description=<b>&state=s")
    assert "script" not in page.text
    assert "did not succeed" in page.text


async def test_second_answer_is_refused(http):
    async with listening() as listener:
        await http.get(f"{listener.redirect_uri}?code=first")
        assert (await http.get(f"{listener.redirect_uri}?code=second")).status_code == 410
        assert (await listener.wait(5))["code"] == "first"


async def test_listener_is_gone_afterwards(http):
    async with listening() as listener:
        pass
    with pytest.raises(httpx.ConnectError):
        await http.get(listener.redirect_uri)


async def test_waiting_ends():
    async with listening() as listener:
        with pytest.raises(AuthorizationError, match="no answer"):
            await listener.wait(0.01)


async def test_other_paths_methods_and_hosts_do_not_count(http):
    async with listening() as listener:
        root = listener.redirect_uri.removesuffix("/callback")
        assert (await http.get(f"{root}/favicon.ico")).status_code == 404
        assert (await http.post(f"{listener.redirect_uri}?code=c")).status_code == 405
        rebound = await http.get(f"{listener.redirect_uri}?code=c", headers={"Host": "evil.test"})
        assert rebound.status_code == 421
        with pytest.raises(AuthorizationError):
            await listener.wait(0.01)


async def test_repeated_parameter_counts_as_empty(http):
    async with listening() as listener:
        await http.get(f"{listener.redirect_uri}?code=one&code=two&state=s")
        assert await listener.wait(5) == {"code": "", "state": "s"}


@pytest.mark.parametrize("target", ["//[", "/callback%00?x", "/callback/?code=c", "/CALLBACK?code=c", "*"])
async def test_odd_targets_do_not_end_the_wait(target):
    async with listening() as listener:
        host = listener.redirect_uri.split("/")[2]
        port = int(host.split(":")[1])
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert (await stream.receive()).startswith(b"HTTP/1.1 404")
        with pytest.raises(AuthorizationError):
            await listener.wait(0.01)


@pytest.mark.parametrize("request_bytes", [b"", b"nonsense\r\n\r\n", b"GET /callback HTTP/1.1\r\n\r\n", b"x" * 40000])
async def test_noise_does_not_end_the_wait(http, request_bytes):
    async with listening() as listener:
        port = int(listener.redirect_uri.split(":")[2].split("/")[0])
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(request_bytes)
            await stream.send_eof()
        await http.get(f"{listener.redirect_uri}?code=c&state=s")
        assert (await listener.wait(5))["code"] == "c"


async def test_error_inside_is_not_wrapped():
    with pytest.raises(LookupError):
        async with listening():
            raise LookupError
