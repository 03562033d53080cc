"""The client against this package's own authorization server, with its consent page and its store."""

from __future__ import annotations

import httpx
import pytest
from harness import RESOURCE, Browser, Server
from mcp_oauth_dynamicclient import OAuth2Client
from mcp_oauth_dynamicclient.client import AuthorizationError, MemoryStorage, RegistrationError, TokenError

pytestmark = pytest.mark.anyio


def person(server: Server, decision: str = "approve"):
    """A browser whose user decides like this."""

    def decide(url: str) -> None:
        browser = Browser()
        try:
            page = browser.get(url)
            redirect = httpx.URL(url).params["redirect_uri"]
            landed = browser.to_client(browser.decide(page, decision), server.settings.issuer, redirect)
            assert httpx.get(landed.headers["location"], timeout=20).status_code == 200
        finally:
            browser.close()

    return decide


async def test_whole_life_of_a_token(server: Server):
    async with OAuth2Client(server.url, "Whole life", resource=RESOURCE, open_browser=person(server)) as client:
        token = await client.authenticate()
        identity = server.verify(token)
        assert identity.status_code == 200
        assert identity.headers["x-client-id"] == client.client_id
        assert server.verify(token, "http://localhost:3510/other").status_code == 401
        renewed = await client.refresh()
        assert server.verify(renewed).status_code == 200
        await client.revoke()
        assert server.verify(renewed).status_code == 401


async def test_registration_is_managed(server: Server):
    client = OAuth2Client(server.url, "Managed", scope="mcp:read", open_browser=person(server))
    registered = await client.register()
    assert registered["scope"] == "mcp:read"
    assert (await client.get_client_configuration())["client_name"] == "Managed"
    changed = await client.update_client_configuration({"client_name": "Renamed"})
    assert changed["client_name"] == "Renamed"
    assert changed["redirect_uris"] == registered["redirect_uris"]
    token = await client.authenticate(RESOURCE)
    await client.delete_client_registration()
    assert server.verify(token).status_code == 401
    with pytest.raises(RegistrationError):
        await client.get_client_configuration()


async def test_person_says_no(server: Server):
    client = OAuth2Client(server.url, open_browser=person(server, "deny"))
    with pytest.raises(AuthorizationError) as caught:
        await client.authenticate(RESOURCE)
    assert caught.value.code == "access_denied"


async def test_resource_the_server_does_not_protect(server: Server):
    def follow(url: str) -> None:
        httpx.get(url, follow_redirects=True, timeout=20)

    with pytest.raises(AuthorizationError) as caught:
        await OAuth2Client(server.url, open_browser=follow).authenticate("https://elsewhere.example.org/mcp")
    assert caught.value.code == "invalid_target"


async def test_copy_of_a_refresh_token_ends_the_family(server: Server):
    storage = MemoryStorage()
    client = OAuth2Client(server.url, resource=RESOURCE, storage=storage, open_browser=person(server))
    await client.authenticate()
    copied = await storage.token(client.issuer, RESOURCE)
    token = await client.refresh()
    await storage.save_token(client.issuer, RESOURCE, copied)
    with pytest.raises(TokenError) as caught:
        await client.refresh()
    assert caught.value.code == "invalid_grant"
    assert server.verify(token).status_code == 401
    assert await storage.token(client.issuer, RESOURCE) is None
