"""Names are resolved once per connection, every address is judged, and the connection goes to the judged one."""

from __future__ import annotations

from typing import Any

import anyio
import httpcore2
import httpx2
import pytest
from mcp_fetch_streamablehttp_server import FetchError, UrlPolicy, UrlRefusedError
from mcp_fetch_streamablehttp_server.egress import PinnedBackend, PinnedTransport, tls_context
from mcp_fetch_streamablehttp_server.resolver import system_resolver
from origin import OTHER_PUBLIC, PUBLIC, Internet, Origin, Reply
from support import refusal_of, text_of

pytestmark = pytest.mark.anyio
PRIVATE = "10.66.77.88"


async def test_connection_goes_to_the_judged_address(fetch: Any, origin: Origin, internet: Internet):
    origin.pages["/"] = Reply.text("hello")
    assert text_of(await fetch("http://site.example/")) == "hello"
    assert internet.looked_up == ["site.example"]
    assert internet.connected == [(PUBLIC, 80)]
    assert origin.seen[0].headers["host"] == "site.example"


async def test_name_that_resolves_to_a_private_address_is_refused(fetch: Any, origin: Origin, internet: Internet):
    internet.names["rebind.example"] = [[PRIVATE]]
    text = refusal_of(await fetch("http://rebind.example/"))
    assert text == "refused by rule `address`: the host is not at a public address"
    assert (internet.connected, origin.seen) == ([], [])


async def test_one_private_address_among_public_ones_is_refused(fetch: Any, internet: Internet):
    internet.names["mixed.example"] = [[PUBLIC, PRIVATE]]
    assert "rule `address`" in refusal_of(await fetch("http://mixed.example/"))
    assert internet.connected == []


async def test_rebinding_between_calls_is_refused(handler: Any, origin: Origin, internet: Internet):
    internet.names["flip.example"] = [[PUBLIC], ["127.0.0.1"]]
    origin.pages["/"] = Reply.text("hello", connection="close")
    made = handler()
    assert text_of(await made.handle_fetch({"url": "http://flip.example/"})) == "hello"
    assert "rule `address`" in refusal_of(await made.handle_fetch({"url": "http://flip.example/"}))
    assert internet.connected == [(PUBLIC, 80)]


async def test_rebinding_between_check_and_connection_finds_no_gap(handler: Any, origin: Origin, internet: Internet):
    # A second look-up would get the private address; there is none.
    internet.names["flip.example"] = [[PUBLIC], ["127.0.0.1"]]
    origin.pages["/"] = Reply.text("hello")
    assert text_of(await handler().handle_fetch({"url": "http://flip.example/"})) == "hello"
    assert internet.looked_up == ["flip.example"]


async def test_rebinding_between_robots_and_page_is_refused(handler: Any, origin: Origin, internet: Internet):
    internet.names["flip.example"] = [[PUBLIC], ["127.0.0.1"]]
    origin.pages["/robots.txt"] = Reply.text("", connection="close")
    made = handler(ignore_robots=False)
    assert "rule `address`" in refusal_of(await made.handle_fetch({"url": "http://flip.example/"}))
    assert [seen.path for seen in origin.seen] == ["/robots.txt"]


async def test_redirect_to_a_name_with_a_private_address_is_refused(fetch: Any, origin: Origin, internet: Internet):
    internet.names["inside.example"] = [[PRIVATE]]
    origin.pages["/"] = Reply.to("http://inside.example/secret")
    assert "rule `address`" in refusal_of(await fetch("http://site.example/"))
    assert origin.paths() == ["/"]


async def test_pooled_connection_is_the_judged_one(handler: Any, origin: Origin, internet: Internet):
    internet.names["keep.example"] = [[PUBLIC], ["127.0.0.1"]]
    origin.pages["/"] = Reply.text("hello")
    made = handler()
    for _ in range(2):
        assert text_of(await made.handle_fetch({"url": "http://keep.example/"})) == "hello"
    assert internet.connected == [(PUBLIC, 80)]


async def test_next_address_is_tried(fetch: Any, origin: Origin, internet: Internet, monkeypatch: pytest.MonkeyPatch):
    internet.names["two.example"] = [[OTHER_PUBLIC, PUBLIC]]
    origin.pages["/"] = Reply.text("hello")
    routed = httpcore2.AnyIOBackend.connect_tcp

    async def connect(backend: Any, host: str, *more: Any) -> Any:
        if host == OTHER_PUBLIC:
            raise httpcore2.ConnectError("no route")
        return await routed(backend, host, *more)

    with monkeypatch.context() as patch:
        patch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
        assert text_of(await fetch("http://two.example/")) == "hello"


async def test_exception_is_connected_without_judgement(handler: Any, origin: Origin, internet: Internet):
    internet.names["wiki"] = [["127.0.0.1"]]
    origin.pages["/"] = Reply.text("inside")
    made = handler(policy=UrlPolicy(allow_hosts=[("wiki", 8080)]))
    assert text_of(await made.handle_fetch({"url": "http://wiki:8080/"})) == "inside"
    assert "rule `address`" in refusal_of(await made.handle_fetch({"url": "http://wiki/"}))


async def test_private_addresses_when_allowed(handler: Any, origin: Origin, internet: Internet):
    internet.names["app.example"] = [["10.0.0.7"]]
    internet.names["metadata.example"] = [["169.254.169.254"]]
    origin.pages["/"] = Reply.text("inside")
    made = handler(policy=UrlPolicy(allow_private=True))
    assert text_of(await made.handle_fetch({"url": "http://app.example/"})) == "inside"
    assert "rule `address`" in refusal_of(await made.handle_fetch({"url": "http://metadata.example/"}))


async def test_proxy_variables_are_ignored(fetch: Any, origin: Origin, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    origin.pages["/"] = Reply.text("direct")
    assert text_of(await fetch("http://site.example/")) == "direct"


async def test_slow_name_service_counts_as_connecting():
    async def never(host: str, port: int) -> list[str]:
        await anyio.sleep_forever()
        return []

    with pytest.raises(FetchError, match="could not be resolved in time"):
        await PinnedBackend(UrlPolicy(), never).connect_tcp("site.example", 80, timeout=0.01)


async def test_name_without_addresses_does_not_resolve():
    async def nothing(host: str, port: int) -> list[str]:
        return []

    with pytest.raises(FetchError, match="could not be resolved"):
        await PinnedBackend(UrlPolicy(), nothing).connect_tcp("site.example", 80)


async def test_socket_files_are_refused():
    with pytest.raises(FetchError, match="socket files"):
        await PinnedBackend(UrlPolicy(), system_resolver).connect_unix_socket("/run/docker.sock")


async def test_system_resolver_is_judged_too():
    assert "127.0.0.1" in await system_resolver("127.0.0.1", 80)
    with pytest.raises(UrlRefusedError):
        await PinnedBackend(UrlPolicy(), system_resolver).connect_tcp("localhost", 80)


async def test_translation_of_errors_leaves_strangers_alone(fetch: Any, monkeypatch: pytest.MonkeyPatch):
    async def fail(*_: Any) -> None:
        raise RuntimeError("a bug, not the network")

    with monkeypatch.context() as patch:
        patch.setattr(httpcore2.AnyIOBackend, "connect_tcp", fail)
        with pytest.raises(RuntimeError, match="a bug"):
            await fetch("http://site.example/")


async def test_request_without_asynchronous_body_is_a_mistake(internet: Internet):
    transport = PinnedTransport(UrlPolicy(), internet.resolve, tls_context(verify=False))
    with pytest.raises(TypeError, match="asynchronous"):
        await transport.handle_async_request(httpx2.Request("POST", "http://site.example/", content=iter([b"x"])))
    await transport.aclose()
