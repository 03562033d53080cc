"""When the network does not play along: names, TLS, resets, slowness, crowds, callers who leave."""

from __future__ import annotations

import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import anyio
import httpx2
import pytest
from mcp_fetch_streamablehttp_server import FetchError, FetchHandler, FetchLimits
from mcp_fetch_streamablehttp_server.turnstile import Turnstile
from origin import Internet, Origin, Reply
from support import refusal_of, text_of, until

pytestmark = pytest.mark.anyio
URL = "http://site.example/"


def hang(origin: Origin) -> Any:
    """A reply that does not come until the origin closes."""

    def wait(request: BaseHTTPRequestHandler) -> None:
        origin.released.wait(60)
        request.close_connection = True

    return wait


def drip(origin: Origin) -> Any:
    """A reply that comes byte by byte and never ends."""

    def write(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1000000\r\n\r\n")
        while not origin.released.wait(0.02):
            request.wfile.write(b"x")

    return write


def reset(request: BaseHTTPRequestHandler) -> None:
    """Half a reply, then a reset."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    request.wfile.flush()
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()
    request.close_connection = True


def raw(answer: bytes) -> Any:
    def write(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(answer)
        request.close_connection = True

    return write


async def test_unknown_name(fetch: Any):
    assert refusal_of(await fetch("http://unknown.test/")) == "the host name could not be resolved"


async def test_refused_connection(fetch: Any, internet: Internet):
    with socket.create_server(("127.0.0.1", 0)) as free:
        internet.ports[80] = free.getsockname()[1]
    assert refusal_of(await fetch(URL)) == "the connection could not be established"


async def test_connection_that_is_not_accepted(handler: Any, monkeypatch: pytest.MonkeyPatch):
    async def silence(**_: Any) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr("anyio.connect_tcp", silence)
    made = FetchHandler(resolver=_public, limits=FetchLimits(ignore_robots=True, connect_timeout=0.05))
    assert refusal_of(await made.handle_fetch({"url": URL})) == "the server did not accept a connection in time"
    await made.aclose()


async def _public(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]


async def test_reset_connection(fetch: Any, origin: Origin):
    origin.pages["/"] = reset
    assert refusal_of(await fetch(URL)) in (
        "the server closed the connection too early",
        "the server does not speak HTTP correctly",
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-server\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nx: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "another protocol", "half a body", "NUL", "two lengths", "endless header"],
)
async def test_broken_http(fetch: Any, origin: Origin, answer: bytes):
    origin.pages["/"] = raw(answer)
    assert refusal_of(await fetch(URL)) == "the server does not speak HTTP correctly"


async def test_slow_loris_ends_at_the_total_time(handler: Any, origin: Origin):
    origin.pages["/"] = drip(origin)
    started = time.monotonic()
    text = refusal_of(await handler(timeout=0.5).handle_fetch({"url": URL}))
    assert text == "the fetch took longer than 0.5 seconds"
    assert time.monotonic() - started < 10


async def test_silence_ends_at_the_total_time(handler: Any, origin: Origin):
    origin.pages["/"] = hang(origin)
    text = refusal_of(await handler(timeout=0.3).handle_fetch({"url": URL}))
    assert text in ("the fetch took longer than 0.3 seconds", "the server did not answer in time")


async def test_slow_robots_counts_too(handler: Any, origin: Origin):
    origin.pages["/robots.txt"] = drip(origin)
    made = handler(timeout=0.5, ignore_robots=False)
    assert "longer than 0.5 seconds" in refusal_of(await made.handle_fetch({"url": URL}))


async def test_tls(fetch: Any, tls_origin: Origin):
    tls_origin.pages["/"] = Reply.text("safe")
    assert text_of(await fetch("https://site.example/")) == "safe"


async def test_unknown_authority(fetch: Any, tls_origin: Origin, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    text = refusal_of(await fetch("https://site.example/"))
    assert text.startswith("the TLS certificate was not accepted: ")
    assert tls_origin.seen == []


async def test_certificate_of_another_host(fetch: Any, tls_origin: Origin):
    assert "Hostname mismatch" in refusal_of(await fetch("https://other.example/"))
    assert tls_origin.seen == []


async def test_certificates_can_be_ignored(handler: Any, tls_origin: Origin):
    tls_origin.pages["/"] = Reply.text("whoever")
    assert text_of(await handler(verify_tls=False).handle_fetch({"url": "https://other.example/"})) == "whoever"


async def test_plain_http_on_the_tls_port(fetch: Any, origin: Origin, internet: Internet):
    internet.ports[443] = origin.port
    assert refusal_of(await fetch("https://site.example/")).startswith("the TLS connection failed: ")


async def test_given_transport_is_used_and_left_open():
    closed = []

    class Recorded(httpx2.MockTransport):
        async def aclose(self) -> None:
            closed.append(True)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/fail":
            raise httpx2.ProxyError("no")
        return httpx2.Response(200, text=f"{request.method} {request.url}")

    made = FetchHandler(transport=Recorded(answer), limits=FetchLimits(ignore_robots=True))
    async with made:
        assert text_of(await made.handle_fetch({"url": URL})) == f"GET {URL}"
        assert refusal_of(await made.handle_fetch({"url": f"{URL}fail"})) == "the proxy refused the request"
        assert "rule `address`" in refusal_of(await made.handle_fetch({"url": "http://127.0.0.1/"}))
    assert not closed


async def test_proxy_gets_the_requests(origin: Origin):
    origin.pages["http://site.example/"] = Reply.text("by proxy")
    limits = FetchLimits(ignore_robots=True, proxy=f"http://127.0.0.1:{origin.port}")
    async with FetchHandler(limits=limits) as made:
        assert text_of(await made.handle_fetch({"url": URL})) == "by proxy"
        assert "rule `address`" in refusal_of(await made.handle_fetch({"url": "http://10.0.0.1/"}))


def test_address_of_a_proxy_is_not_shown():
    assert "not-a-real-secret" not in repr(FetchLimits(proxy="http://user:not-a-real-secret@proxy.example:1"))


async def test_closed_handler_can_be_used_again(handler: Any, origin: Origin):
    origin.pages["/"] = Reply.text("hello")
    made = handler()
    for _ in range(2):
        assert text_of(await made.handle_fetch({"url": URL})) == "hello"
        await made.aclose()


class Crowd:
    """Counts how many fetches an origin sees at once."""

    def __init__(self, origin: Origin) -> None:
        self.inside = 0
        self.most = 0
        origin.pages["/"] = self.answer
        self._origin = origin

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.02)
        self.inside -= 1
        request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok")


async def test_no_more_than_the_total_at_once(handler: Any, origin: Origin):
    crowd, made, results = Crowd(origin), handler(concurrency=3), []

    async def one() -> None:
        results.append(text_of(await made.handle_fetch({"url": URL})))

    async with anyio.create_task_group() as tasks:
        for _ in range(15):
            tasks.start_soon(one)
    assert results == ["ok"] * 15
    assert 1 <= crowd.most <= 3


async def test_no_user_takes_more_than_a_share(handler: Any, origin: Origin):
    crowd, made = Crowd(origin), handler(concurrency=20, concurrency_per_user=2)
    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(lambda: made.handle_fetch({"url": URL}, user="greedy"))
    assert crowd.most <= 2


async def test_queue_of_one_user_does_not_block_another(handler: Any, origin: Origin):
    origin.pages |= {"/": hang(origin), "/quick": Reply.text("quick")}
    made = handler(concurrency=3, concurrency_per_user=2)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(lambda: made.handle_fetch({"url": URL}, user="greedy"))
        await until(lambda: len(origin.seen) == 2)
        with anyio.fail_after(10):
            assert text_of(await made.handle_fetch({"url": f"{URL}quick"}, user="modest")) == "quick"
        assert len(origin.seen) == 3
        tasks.cancel_scope.cancel()


async def test_wait_for_a_turn_is_bounded(handler: Any, origin: Origin):
    origin.pages["/"] = drip(origin)
    made = handler(concurrency=1, timeout=0.3)
    results: list[str] = []

    async def one() -> None:
        results.append(refusal_of(await made.handle_fetch({"url": URL})))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(one)
    busy = [text for text in results if "the server is busy" in text]
    assert 1 <= len(busy) < len(results)


async def test_number_of_waiting_fetches_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mcp_fetch_streamablehttp_server.turnstile._MOST_WAITING", 1)
    turnstile = Turnstile(1, 1, wait_seconds=30)

    async def wait_in_line() -> None:
        async with turnstile.turn("b"):
            pass

    async with turnstile.turn("a"), anyio.create_task_group() as tasks:
        tasks.start_soon(wait_in_line)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(FetchError, match="busy"):
            async with turnstile.turn("c"):
                pass
        tasks.cancel_scope.cancel()
    assert turnstile._users == {}


async def test_cancelled_fetch_closes_its_connection_and_frees_its_turn(handler: Any, origin: Origin):
    origin.pages |= {"/": drip(origin), "/quick": Reply.text("quick")}
    made = handler(concurrency=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: made.handle_fetch({"url": URL}))
        await until(lambda: bool(origin.seen))
        tasks.cancel_scope.cancel()
    assert text_of(await made.handle_fetch({"url": f"{URL}quick"})) == "quick"


async def test_slow_conversion_ends_at_the_total_time(handler: Any, origin: Origin, monkeypatch: pytest.MonkeyPatch):
    stopped = anyio.Event()

    def endless(self: Any, html: str) -> None:
        while True:
            try:
                self._check()
            except Exception:
                anyio.from_thread.run_sync(stopped.set)
                raise
            time.sleep(0.005)

    monkeypatch.setattr("mcp_fetch_streamablehttp_server.conversion.Converter.markdown", endless)
    origin.pages["/"] = Reply.html("<p>x")
    assert "longer than 0.5 seconds" in refusal_of(await handler(timeout=0.5).handle_fetch({"url": URL}))
    with anyio.fail_after(10):
        await stopped.wait()
