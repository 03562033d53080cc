"""Client ID metadata documents: what is fetched, from where, and what is refused."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import httpcore
import pytest
import trustme
from harness import CALLBACK, Server, wait_for
from mcp_oauth_dynamicclient.cimd import DocumentFetcher
from mcp_oauth_dynamicclient.cimd_documents import DocumentError, cache_seconds, checked_metadata, is_document_url
from mcp_oauth_dynamicclient.pinned import AddressRefusedError, PinnedBackend, is_public, system_resolver
from mcp_oauth_dynamicclient.store.embedded import EmbeddedStore


class Host:
    """An https host of one document, with a certificate of a test authority."""

    def __init__(self, authority: trustme.CA) -> None:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append((self.path, self.headers.get("host", "")))
                host.gate.wait(10)
                time.sleep(host.delay)
                self.send_response(host.status)
                for name, value in host.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(host.body)))
                self.end_headers()
                self.wfile.write(host.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_address[1]
        self.url = f"https://localhost:{self.port}/client.json"
        self.reset()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def reset(self) -> None:
        """Serves a correct document."""
        self.asked: list[tuple[str, str]] = []
        self.status = 200
        self.delay = 0.0
        self.headers = {"Content-Type": "application/json"}
        self.gate = threading.Event()
        self.gate.set()
        self.serve()

    def serve(self, **changes: Any) -> None:
        """Serves a document with ``changes``; ``None`` leaves a field out."""
        document = {"client_id": self.url, "client_name": "Document Client", "redirect_uris": [CALLBACK], **changes}
        self.body = json.dumps({name: value for name, value in document.items() if value is not None}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[trustme.CA]:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield authority


@pytest.fixture(scope="module")
def shared_host(authority: trustme.CA) -> Iterator[Host]:
    host = Host(authority)
    yield host
    host.close()


@pytest.fixture
def host(shared_host: Host) -> Host:
    shared_host.reset()
    return shared_host


def fetcher(host: Host, **options: Any) -> DocumentFetcher:
    return DocumentFetcher(EmbeddedStore(), private_hosts=[f"localhost:{host.port}"], **options)


def fault(host: Host, url: str | None = None, **options: Any) -> str | None:
    """Why the document is unusable."""

    async def ensure() -> str | None:
        return await fetcher(host, **options).ensure(url or host.url)

    return anyio.run(ensure)


def test_a_client_known_by_its_document(host: Host, start: Callable[..., Server]) -> None:
    server = start(cimd_private_hosts=f"localhost:{host.port}")
    client = {"client_id": host.url, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    page = server.flow(client=client).authorize()
    assert "Document Client" in page.text
    assert f"localhost:{host.port}" in page.text
    tokens = server.tokens(client=client)
    verified = server.verify(tokens["access_token"])
    assert verified.headers["x-client-id"] == host.url
    assert server.refresh(tokens["refresh_token"], client).status_code == 200
    assert host.asked == [("/client.json", f"localhost:{host.port}")], "fetched once, by its name"
    bad = server.flow(client=client, redirect_uri="https://evil.test/")
    assert bad.authorize().status_code == 400


def test_an_unusable_document_gets_a_page(host: Host, start: Callable[..., Server]) -> None:
    server = start(cimd_private_hosts=f"localhost:{host.port}")
    host.serve(client_id="https://other.test/")
    response = server.flow(client_id=host.url).authorize()
    assert response.status_code == 400
    assert "another client_id" in response.text
    assert "location" not in response.headers


def test_documents_can_be_switched_off(host: Host, start: Callable[..., Server]) -> None:
    server = start(enable_cimd=False)
    assert server.flow(client_id=host.url).authorize().status_code == 400
    document = server.client.get("/.well-known/oauth-authorization-server").json()
    assert document["client_id_metadata_document_supported"] is False
    assert host.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/c",
        "https://app.example",
        "https://app.example/",
        "https://app.example/a/../c",
        "https://app.example/a/./c",
        "https://app.example/%2e%2e/c",
        "https://app.example/c#x",
        "https://user@app.example/c",
        "https://app.example:99999/c",
        "https:///c",
        "https://app.example/c\\d",
        "https://app.example/c d",
        "client_x",
    ],
)
def test_urls_that_are_no_client_ids(url: str) -> None:
    assert not is_document_url(url)


def test_urls_that_are_client_ids() -> None:
    assert is_document_url("https://app.example/c")
    assert is_document_url("https://app.example:8443/a/b.json?v=1")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "https://localhost/other"},
        {"client_id": None},
        {"client_name": None},
        {"redirect_uris": None},
        {"redirect_uris": []},
        {"redirect_uris": ["http://evil.test/"]},
        {"redirect_uris": "x"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"client_secret": "not-a-real-secret"},
        {"client_secret_expires_at": 0},
        {"application_type": "web"},
        {"client_name": "a\u202eb"},
    ],
)
def test_documents_that_are_refused(host: Host, changes: dict[str, Any]) -> None:
    host.serve(**changes)
    with pytest.raises(DocumentError):
        checked_metadata(host.url, host.body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 4000])
def test_documents_that_are_no_objects(host: Host, body: bytes) -> None:
    with pytest.raises(DocumentError):
        checked_metadata(host.url, body)


def test_grant_types_of_a_document(host: Host) -> None:
    assert checked_metadata(host.url, host.body)["grant_types"] == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize("status", [201, 301, 302, 404, 500])
def test_only_status_200_without_redirects(host: Host, status: int) -> None:
    host.status = status
    host.headers["Location"] = host.url + "?again"
    assert "status 200" in str(fault(host))
    assert len(host.asked) == 1


def test_only_json(host: Host) -> None:
    host.headers["Content-Type"] = "text/html"
    assert "JSON" in str(fault(host))


def test_at_most_5_kib(host: Host) -> None:
    host.serve(padding="x" * 5200)
    assert "5 KiB" in str(fault(host))
    host.serve(padding="x" * 4000)
    assert fault(host) is None


def test_at_most_five_seconds(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_oauth_dynamicclient.cimd._SECONDS", 0.3)
    host.delay = 5.0
    started = time.monotonic()
    assert "cannot be fetched" in str(fault(host))
    assert time.monotonic() - started < 4.5


def test_only_trusted_certificates(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "cannot be fetched" in str(fault(host))
    assert host.asked == []


def test_private_addresses_are_refused_unless_listed(host: Host) -> None:
    async def ensure() -> str | None:
        return await DocumentFetcher(EmbeddedStore()).ensure(host.url)

    assert "public internet" in str(anyio.run(ensure))
    assert host.asked == []


def test_allowed_hosts_match_whole_labels(host: Host) -> None:
    assert "not accepted" in str(fault(host, allowed_hosts=["ocalhost"]))
    assert "not accepted" in str(fault(host, allowed_hosts=["example.com"]))
    assert fault(host, allowed_hosts=["localhost"]) is None


def test_requests_for_one_document_are_joined(host: Host) -> None:
    host.gate.clear()

    async def many() -> list[str | None]:
        documents = fetcher(host)
        outcomes: list[str | None] = []

        async def one() -> None:
            outcomes.append(await documents.ensure(host.url))

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)
            await anyio.to_thread.run_sync(lambda: wait_for(lambda: host.asked, "the host is asked"))
            host.gate.set()
        return outcomes

    assert anyio.run(many) == [None] * 20
    assert len(host.asked) == 1


def test_failures_are_remembered_for_a_short_time(host: Host) -> None:
    host.status = 500

    async def twice() -> EmbeddedStore:
        store = EmbeddedStore()
        documents = DocumentFetcher(store, private_hosts=[f"localhost:{host.port}"])
        assert await documents.ensure(host.url)
        host.status = 200
        assert await documents.ensure(host.url), "still remembered"
        return store

    store = anyio.run(twice)
    assert len(host.asked) == 1
    (deadline,) = [deadline for _, deadline in store._values.values()]
    assert deadline - time.time() <= 60


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 300),
        ("max-age=10", 60),
        ("public, max-age=600", 600),
        ("max-age=9999999", 86_400),
        ("no-store", 60),
        ("no-cache, max-age=600", 60),
        ("s-maxage=600", 300),
    ],
)
def test_how_long_documents_are_kept(header: str, seconds: int) -> None:
    assert cache_seconds(header) == seconds


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "100.64.0.1",
        "172.16.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "192.0.0.1",
        "192.88.99.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["172.217.0.1", "172.15.0.1", "172.32.0.1", "8.8.8.8", "2606:4700::1111"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def connect(host: str, backend: PinnedBackend) -> None:
    async def attempt() -> None:
        stream = await backend.connect_tcp(host, 443, timeout=0.2)
        await stream.aclose()

    anyio.run(attempt)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "017700000001", "127.1", "::1", "0"])
def test_other_spellings_of_this_machine(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        connect(host, PinnedBackend())


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"]

    with pytest.raises(AddressRefusedError):
        connect("rebinding.test", PinnedBackend(resolver=resolver))


def test_a_host_that_changes_its_mind_is_checked_where_it_is_connected(host: Host) -> None:
    answers = [["8.8.8.8"], ["127.0.0.1"]]

    async def resolver(name: str, port: int) -> list[str]:
        return answers.pop(0)

    async def ensure() -> str | None:
        await resolver("looked up before", 443)
        return await DocumentFetcher(EmbeddedStore(), resolver=resolver).ensure(host.url)

    assert "public internet" in str(anyio.run(ensure))
    assert host.asked == []


def test_refusals_do_not_name_the_address(host: Host) -> None:
    async def resolver(name: str, port: int) -> list[str]:
        return ["10.1.2.3"]

    async def ensure() -> str | None:
        return await DocumentFetcher(EmbeddedStore(), resolver=resolver).ensure("https://app.example/c")

    assert "10.1.2.3" not in str(anyio.run(ensure))


def test_hosts_without_addresses() -> None:
    async def nothing(host: str, port: int) -> list[str]:
        return []

    async def failing(host: str, port: int) -> list[str]:
        raise OSError

    async def nonsense(host: str, port: int) -> list[str]:
        return ["nonsense"]

    for resolver, expected in (
        (nothing, httpcore.ConnectError),
        (failing, httpcore.ConnectError),
        (nonsense, AddressRefusedError),
    ):
        with pytest.raises(expected):
            connect("host.test", PinnedBackend(resolver=resolver))


def test_no_unix_sockets() -> None:
    async def attempt() -> None:
        backend = PinnedBackend(resolver=system_resolver)
        await backend.sleep(0)
        await backend.connect_unix_socket("/run/x.sock")

    with pytest.raises(AddressRefusedError):
        anyio.run(attempt)


def test_making_the_server_fetch_is_limited_per_address(host: Host, start: Callable[..., Server]) -> None:
    server = start(cimd_private_hosts=f"localhost:{host.port}", token_rate="3/min")
    client = server.register()
    statuses = [server.flow(client=client, client_id=f"{host.url}?{n}").authorize().status_code for n in range(5)]
    assert statuses == [400, 400, 400, 429, 429]
    assert len(host.asked) == 3
