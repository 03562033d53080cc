"""Getting and using tokens, as the documentation describes it."""

from __future__ import annotations

import asyncio
import threading
import webbrowser
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from authority import browser
from mcp_oauth_dynamicclient import OAuth2Client
from mcp_oauth_dynamicclient.client import (
    AuthorizationError,
    FileStorage,
    MemoryStorage,
    RegistrationError,
    TokenError,
)

pytestmark = pytest.mark.anyio


async def test_the_documented_example_runs_as_written(authority, service, monkeypatch):
    def open_in_thread(url):
        httpx.get(url, follow_redirects=True, timeout=20)
        return True

    monkeypatch.setattr(webbrowser, "open", open_in_thread)
    client = OAuth2Client(auth_server=authority.issuer, client_name="My MCP Client")
    registration = await client.register()
    token = await client.authenticate()
    response = await client.request("GET", service.url, headers={"Authorization": f"Bearer {token}"})
    assert registration["client_name"] == "My MCP Client"
    # The first token was for no service; the challenge led to one that is.
    assert response.status_code == 200
    assert [seen.get("resource") for path, seen in authority.seen if path == "/authorize"] == [None, service.url]


async def test_registers_as_a_native_public_client(authority, client):
    registration = await client(scope="mcp:read").register()
    sent = authority.last("/register")
    assert sent["application_type"] == "native"
    assert sent["token_endpoint_auth_method"] == "none"
    assert sent["redirect_uris"] == ["http://127.0.0.1/callback"]
    assert sent["scope"] == "mcp:read"
    assert registration == authority.clients[registration["client_id"]]


async def test_authorization_carries_pkce_state_and_resource(authority, service, client):
    one = client(resource=service.url, scope="mcp:read")
    assert await one.authenticate() in authority.live
    asked = authority.last("/authorize")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 43
    assert asked["resource"] == service.url
    assert asked["scope"] == "mcp:read"
    callback = urlsplit(asked["redirect_uri"])
    assert (callback.scheme, callback.hostname, callback.path) == ("http", "127.0.0.1", "/callback")
    assert authority.last("/token")["resource"] == service.url
    assert one.issuer == authority.issuer
    assert one.client_id in authority.clients
    assert one.token in authority.live


async def test_resource_of_the_call_wins_over_the_constructor(authority, service, client):
    await client(resource="https://other.example.org/mcp").authenticate(service.url)
    assert authority.last("/authorize")["resource"] == service.url


async def test_registration_is_kept_under_the_issuer_and_used_again(authority, client):
    storage = MemoryStorage()
    await client(storage=storage).authenticate()
    await client(storage=storage).authenticate()
    assert authority.count("/register") == 1
    assert (await storage.registration(authority.issuer))["client_id"] in authority.clients
    assert await storage.registration("https://elsewhere.example.org") is None


async def test_fixed_port_is_registered_and_used(authority, client, free_port):
    await client(redirect_port=free_port).authenticate()
    expected = f"http://127.0.0.1:{free_port}/callback"
    assert authority.last("/register")["redirect_uris"] == [expected]
    assert authority.last("/authorize")["redirect_uri"] == expected


async def test_registration_with_another_redirect_address_is_not_used(authority, client, free_port):
    storage = MemoryStorage()
    await client(storage=storage).register()
    await client(storage=storage, redirect_port=free_port).authenticate()
    assert authority.count("/register") == 2


async def test_client_id_document_replaces_registration(authority, client):
    authority.metadata["client_id_metadata_document_supported"] = True
    one = client(client_metadata_url="https://app.example.org/client.json")
    await one.authenticate()
    assert one.client_id == "https://app.example.org/client.json"
    assert authority.count("/register") == 0


async def test_client_id_document_is_still_known_after_a_restart(authority, service, client):
    authority.metadata["client_id_metadata_document_supported"] = True
    storage = MemoryStorage()
    options = {"client_metadata_url": "https://app.example.org/client.json", "storage": storage}
    await client(resource=service.url, **options).authenticate()
    authority.live.clear()
    again = client(**options)
    assert (await again.request("GET", service.url)).status_code == 200
    assert authority.last("/token")["grant_type"] == "refresh_token"
    assert authority.last("/token")["client_id"] == "https://app.example.org/client.json"


async def test_token_of_another_client_is_not_renewed_but_asked_for_again(authority, service, client):
    storage = MemoryStorage()
    one = client(resource=service.url, storage=storage)
    await one.authenticate()
    await one.register()
    with pytest.raises(TokenError, match="not known any more"):
        await one.refresh()
    authority.live.clear()
    assert (await one.request("GET", service.url)).status_code == 200
    assert authority.count("/authorize") == 2


async def test_registration_where_client_id_documents_are_not_taken(authority, client):
    one = client(client_metadata_url="https://app.example.org/client.json")
    await one.authenticate()
    assert one.client_id in authority.clients


async def test_no_browser_is_told(client, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    with pytest.raises(AuthorizationError, match="no browser could be opened"):
        await client(open_browser=True).authenticate()


async def test_on_authorize_url_takes_the_place_of_the_browser(authority, client, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("the browser was opened"))
    shown = []

    async def told(url):
        shown.append(url)
        await browser(url)

    await client(open_browser=None, on_authorize_url=told).authenticate()
    assert shown[0].startswith(f"{authority.issuer}/authorize?")


async def test_synchronous_browser_does_not_block(authority, client):
    threads = []

    def show(url):
        threads.append(threading.current_thread())
        httpx.get(url, follow_redirects=True, timeout=20)

    await client(open_browser=show).authenticate()
    assert threads[0] is not threading.main_thread()


async def test_failing_browser_is_reported(client):
    def broken(url):
        raise RuntimeError("no display")

    with pytest.raises(RuntimeError, match="no display"):
        await client(open_browser=broken).authenticate()


def test_works_without_a_context_manager_over_several_loops(authority, client):
    one = client()
    first = asyncio.run(one.authenticate())
    assert asyncio.run(one.refresh()) != first


async def test_context_manager_keeps_one_connection_pool(service, client):
    async with client(resource=service.url) as one:
        assert await one.authenticate()
        assert (await one.request("GET", service.url)).status_code == 200


async def test_refresh_rotates_and_keeps_the_resource(authority, service, client):
    one = client(resource=service.url)
    first = await one.authenticate()
    second = await one.refresh()
    assert second != first
    assert one.token == second
    assert authority.last("/token")["resource"] == service.url
    assert await one.refresh() != second


async def test_refresh_without_a_token(client):
    with pytest.raises(TokenError, match="no refresh token"):
        await client().refresh()


async def test_revoke_ends_the_refresh_token_and_forgets(authority, client):
    storage = MemoryStorage()
    one = client(storage=storage)
    await one.authenticate()
    await one.revoke()
    assert authority.last("/revoke")["token_type_hint"] == "refresh_token"
    assert authority.refreshable == {}
    assert one.token is None
    assert await storage.token(authority.issuer, None) is None
    with pytest.raises(TokenError, match="no token"):
        await one.revoke()


async def test_revoke_without_an_endpoint_is_an_error(authority, client):
    authority.metadata["revocation_endpoint"] = None
    one = client()
    await one.authenticate()
    with pytest.raises(TokenError, match="no revocation endpoint"):
        await one.revoke()
    assert one.token is not None


async def test_registration_is_read_changed_and_deleted(authority, client):
    one = client()
    first = await one.register()
    assert (await one.get_client_configuration())["client_id"] == first["client_id"]
    changed = await one.update_client_configuration({"client_name": "Renamed"})
    assert changed["client_name"] == "Renamed"
    assert changed["redirect_uris"] == first["redirect_uris"]
    # The next call needs the token the change brought.
    assert changed["registration_access_token"] != first["registration_access_token"]
    assert (await one.get_client_configuration())["client_name"] == "Renamed"
    await one.delete_client_registration()
    assert authority.clients == {}
    assert one.client_id is None
    with pytest.raises(RegistrationError, match="not registered"):
        await one.get_client_configuration()


async def test_deleting_the_registration_forgets_its_tokens(authority, client):
    storage = MemoryStorage()
    one = client(storage=storage)
    await one.authenticate()
    await one.delete_client_registration()
    assert await storage.resources(authority.issuer) == []


async def test_request_adds_the_bearer_of_the_resource(authority, service, client):
    one = client(resource=service.url)
    token = await one.authenticate()
    answer = await one.request("POST", f"{service.url}/deeper", json={"a": 1})
    assert answer.json() == {"body": '{"a":1}'}
    assert service.tokens == [f"Bearer {token}"]


async def test_request_leaves_a_foreign_authorization_alone(authority, service, client):
    one = client(resource=service.url)
    await one.authenticate()
    answer = await one.request("GET", service.url, headers={"Authorization": "Bearer somebody-elses"})
    assert answer.status_code == 401
    assert (await one.request("GET", service.url, auth=("user", "word"))).status_code == 401
    assert service.tokens[0] == "Bearer somebody-elses"
    assert service.tokens[1].startswith("Basic ")
    assert authority.count("/token") == 1


async def test_request_without_a_token_follows_the_challenge(authority, service, client):
    one = client()
    answer = await one.request("POST", service.url, content=b"kept")
    assert answer.json() == {"body": "kept"}
    assert authority.last("/authorize")["resource"] == service.url
    assert authority.last("/authorize")["scope"] == "mcp:read"
    assert len(service.tokens) == 2


async def test_request_refreshes_once_and_retries_once(authority, service, client):
    one = client(resource=service.url)
    await one.authenticate()
    authority.live.clear()
    assert (await one.request("GET", service.url)).status_code == 200
    assert authority.count("/authorize") == 1
    assert authority.count("/token") == 2


async def test_request_gives_a_second_401_back(authority, service, client):
    one = client(resource=service.url)
    await one.authenticate()
    service.always_refuse = True
    assert (await one.request("GET", service.url)).status_code == 401
    assert len(service.tokens) == 2
    assert authority.count("/token") == 2


async def test_request_asks_the_person_again_when_the_grant_is_over(authority, service, client):
    one = client(resource=service.url)
    await one.authenticate()
    authority.live.clear()
    authority.refreshable.clear()
    assert (await one.request("GET", service.url)).status_code == 200
    assert authority.count("/authorize") == 2


async def test_request_registers_again_when_the_client_is_gone(authority, service, client):
    one = client(resource=service.url)
    await one.authenticate()
    first = one.client_id
    authority.live.clear()
    authority.token_status = (401, {"error": "invalid_client"})

    async def come_back(url):
        authority.token_status = None
        await browser(url)

    one._shows = [come_back]
    assert (await one.request("GET", service.url)).status_code == 200
    assert one.client_id != first


async def test_request_refreshes_an_expired_token_before_it_is_sent(authority, service, client):
    authority.lifetime = 1
    one = client(resource=service.url)
    first = await one.authenticate()
    assert (await one.request("GET", service.url)).status_code == 200
    assert f"Bearer {first}" not in service.tokens


async def test_a_header_written_by_the_caller_is_renewed_too(authority, service, client):
    one = client(resource=service.url)
    old = {"Authorization": f"Bearer {await one.authenticate()}"}
    authority.live.clear()
    assert (await one.request("GET", service.url, headers=old)).status_code == 200
    # The same old header once more: its token has been replaced, and nothing is asked again.
    assert (await one.request("GET", service.url, headers=old)).status_code == 200
    assert authority.count("/token") == 2


@pytest.mark.parametrize("kind", ["memory", "file"])
async def test_parallel_requests_refresh_once(authority, service, client, tmp_path, kind):
    storage = MemoryStorage() if kind == "memory" else FileStorage(tmp_path / "own" / "credentials.json")
    one = client(resource=service.url, storage=storage)
    await one.authenticate()
    authority.live.clear()
    answers = []

    async def ask():
        answers.append((await one.request("GET", service.url)).status_code)

    async with one, anyio.create_task_group() as tasks:
        for _ in range(25):
            tasks.start_soon(ask)
    assert answers == [200] * 25
    assert authority.count("/token") == 2
    assert authority.count("/authorize") == 1


async def test_parallel_requests_without_a_token_authorize_once(authority, service, client):
    one = client()
    answers = []

    async def ask():
        answers.append((await one.request("GET", service.url)).status_code)

    async with one, anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(ask)
    assert answers == [200] * 10
    assert authority.count("/authorize") == 1


async def test_two_clients_with_one_file_refresh_once(authority, service, client, tmp_path):
    path = tmp_path / "own" / "credentials.json"
    one, other = (client(resource=service.url, storage=FileStorage(path)) for _ in range(2))
    await one.authenticate()
    authority.live.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.request, "GET", service.url)
        tasks.start_soon(other.request, "GET", service.url)
    assert authority.count("/token") == 2
    assert (await other.request("GET", service.url)).status_code == 200


async def test_refusal_by_the_person_is_told(authority, client):
    authority.answer = {"code": None, "error": "access_denied", "error_description": "not today"}
    with pytest.raises(AuthorizationError, match="access_denied: not today") as caught:
        await client().authenticate()
    assert caught.value.code == "access_denied"
