"""What the client refuses, one test for each refusal."""

from __future__ import annotations

import httpx
import pytest
from authority import browser
from mcp_oauth_dynamicclient import OAuth2Client
from mcp_oauth_dynamicclient.client import (
    AuthorizationError,
    DiscoveryError,
    MemoryStorage,
    OAuthClientError,
    RegistrationError,
    TokenError,
    UnsafeAddressError,
)
from mcp_oauth_dynamicclient.client import callback as callback_module

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "issuer",
    [
        "http://auth.example.org",
        "http://localhost.evil.test",
        "http://127.0.0.1.evil.test",
        "ftp://127.0.0.1",
        "auth.example.org",
        "https://user@auth.example.org",
        "https://auth.example.org:99999",
    ],
)
def test_issuer_that_is_not_https(issuer):
    with pytest.raises(UnsafeAddressError):
        OAuth2Client(issuer)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost", "https://a.test"])
def test_issuer_on_this_machine_may_be_http(issuer):
    assert OAuth2Client(issuer).token is None


async def test_metadata_without_s256(authority, client):
    authority.metadata["code_challenge_methods_supported"] = ["plain"]
    with pytest.raises(DiscoveryError, match="S256"):
        await client().authenticate()
    assert authority.seen == []


async def test_metadata_that_says_nothing_of_pkce(authority, client):
    authority.metadata["code_challenge_methods_supported"] = None
    with pytest.raises(DiscoveryError, match="S256"):
        await client().register()


async def test_metadata_of_another_issuer(authority, client):
    authority.metadata["issuer"] = "https://auth.example.org"
    with pytest.raises(DiscoveryError, match="another issuer"):
        await client().authenticate()
    assert authority.seen == []


async def test_metadata_without_the_code_flow(authority, client):
    authority.metadata["response_types_supported"] = ["token"]
    with pytest.raises(DiscoveryError, match="code flow"):
        await client().authenticate()


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint"])
async def test_metadata_without_an_endpoint(authority, client, endpoint):
    authority.metadata[endpoint] = None
    with pytest.raises(DiscoveryError, match=endpoint):
        await client().authenticate()


@pytest.mark.parametrize(
    "endpoint", ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"]
)
async def test_endpoint_that_is_not_https(authority, client, endpoint):
    authority.metadata[endpoint] = "http://auth.example.org/x"
    with pytest.raises(UnsafeAddressError, match=endpoint):
        await client().authenticate()


async def test_no_metadata_at_all(authority, client, service):
    with pytest.raises(DiscoveryError, match="no authorization server metadata"):
        await OAuth2Client(service.origin).register()


async def test_server_that_does_not_answer(free_port):
    with pytest.raises(OAuthClientError, match="does not answer"):
        await OAuth2Client(f"http://127.0.0.1:{free_port}").register()


async def test_metadata_redirected_to_another_origin(authority, service, client):
    authority.redirects["metadata"] = f"{service.origin}/anything"
    with pytest.raises(UnsafeAddressError, match="another origin"):
        await client().register()
    assert service.tokens == []


async def test_metadata_redirected_within_the_origin_is_read(authority, client):
    authority.redirects["metadata"] = f"{authority.issuer}/moved"
    assert (await client().register())["client_id"] in authority.clients


async def test_metadata_that_redirects_for_ever(authority, client):
    authority.redirects["metadata"] = f"{authority.issuer}/.well-known/oauth-authorization-server"
    with pytest.raises(OAuthClientError, match="more than 3 times"):
        await client().register()


async def test_token_endpoint_that_redirects(authority, service, client):
    authority.redirects["token"] = f"{service.origin}/token"
    with pytest.raises(TokenError, match="307"):
        await client().authenticate()


async def test_answer_of_more_than_a_megabyte(authority, client):
    authority.metadata["padding"] = "x" * (1024 * 1024)
    with pytest.raises(OAuthClientError, match="more than 1048576 bytes"):
        await client().register()


@pytest.mark.parametrize("state", ["somebody-elses", None, "ü"])
async def test_answer_with_another_state(authority, client, state):
    authority.answer = {"state": state}
    with pytest.raises(AuthorizationError, match="state"):
        await client().authenticate()
    assert authority.count("/token") == 0


async def test_answer_of_another_issuer(authority, client):
    authority.answer = {"iss": "https://auth.example.org"}
    with pytest.raises(AuthorizationError, match="another issuer"):
        await client().authenticate()
    assert authority.count("/token") == 0


async def test_answer_without_the_promised_issuer(authority, client):
    authority.answer = {"iss": None}
    with pytest.raises(AuthorizationError, match="lacks `iss`"):
        await client().authenticate()
    assert authority.count("/token") == 0


async def test_answer_without_issuer_where_none_is_promised(authority, client):
    authority.answer = {"iss": None}
    authority.metadata["authorization_response_iss_parameter_supported"] = None
    assert await client().authenticate() in authority.live


async def test_wrong_issuer_where_none_is_promised(authority, client):
    authority.answer = {"iss": "https://auth.example.org"}
    authority.metadata["authorization_response_iss_parameter_supported"] = None
    with pytest.raises(AuthorizationError, match="another issuer"):
        await client().authenticate()


async def test_answer_that_names_two_issuers(authority, client):
    authority.metadata["authorization_response_iss_parameter_supported"] = None

    async def twice(url):
        async with httpx.AsyncClient(timeout=20) as http:
            landed = (await http.get(url)).headers["location"]
            await http.get(f"{landed}&iss={authority.issuer}")

    with pytest.raises(AuthorizationError, match="another issuer"):
        await client(open_browser=twice).authenticate()


async def test_error_of_somebody_else_is_not_shown(authority, client):
    authority.answer = {"code": None, "error": "call-0800-mixup", "iss": "https://auth.example.org"}
    with pytest.raises(AuthorizationError) as caught:
        await client().authenticate()
    assert "0800" not in str(caught.value)


async def test_answer_without_code(authority, client):
    authority.answer = {"code": None}
    with pytest.raises(AuthorizationError, match="neither a code nor an error"):
        await client().authenticate()


async def test_nobody_answers_in_time(client, monkeypatch):
    monkeypatch.setattr(callback_module, "WAIT_SECONDS", 0.05)

    async def ignore(url):
        return None

    with pytest.raises(AuthorizationError, match=r"within 0\.05 seconds"):
        await client(open_browser=ignore).authenticate()


async def test_callback_port_that_is_taken(client, free_port):
    async with callback_module.listening(free_port):
        with pytest.raises(AuthorizationError, match=f"port {free_port}"):
            await client(redirect_port=free_port).authenticate()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": "invalid_request"}),
        (502, "<html>bad gateway</html>"),
        (429, "slow down"),
        (200, "not json"),
        (200, {"token_type": "Bearer"}),
        (200, {"access_token": "a", "token_type": "DPoP"}),
        (200, {"access_token": ["a"], "token_type": "Bearer"}),
    ],
)
async def test_token_answer_that_is_none(authority, client, status, body):
    authority.token_status = (status, body)
    storage = MemoryStorage()
    with pytest.raises(TokenError):
        await client(storage=storage).authenticate()
    assert await storage.resources(authority.issuer) == []


async def test_server_without_registration(authority, client):
    authority.metadata["registration_endpoint"] = None
    with pytest.raises(RegistrationError, match="does not register"):
        await client().register()


@pytest.mark.parametrize("document", ["http://127.0.0.1/client.json", "https://app.example.org", "https://a.test/c#f"])
async def test_client_id_document_with_an_unfit_address(authority, client, document):
    authority.metadata["client_id_metadata_document_supported"] = True
    with pytest.raises(UnsafeAddressError, match="client id metadata document"):
        await client(client_metadata_url=document).authenticate()


async def test_registration_managed_elsewhere(authority, service, client):
    storage = MemoryStorage()
    one = client(storage=storage)
    record = await one.register()
    await storage.save_registration(authority.issuer, {**record, "registration_client_uri": f"{service.origin}/mcp"})
    with pytest.raises(UnsafeAddressError, match="not the authorization server's"):
        await client(storage=storage).get_client_configuration()
    assert service.tokens == []


async def test_registration_without_a_token_cannot_be_managed(authority, client):
    storage = MemoryStorage()
    await storage.save_registration(authority.issuer, {"client_id": "given"})
    with pytest.raises(RegistrationError, match="cannot be managed"):
        await client(storage=storage).delete_client_registration()


@pytest.mark.parametrize("method", ["get_client_configuration", "delete_client_registration"])
async def test_management_that_the_server_refuses(authority, client, method):
    one = client()
    await one.register()
    authority.clients.clear()
    with pytest.raises(RegistrationError, match="invalid_token"):
        await getattr(one, method)()


async def test_registration_answer_without_a_client_id(authority, service, client):
    authority.metadata["registration_endpoint"] = f"{authority.issuer}/moved"
    with pytest.raises(RegistrationError):
        await client().register()


async def test_unknown_client_authentication(authority, client):
    storage = MemoryStorage()
    one = client(storage=storage)
    record = await one.register()
    await storage.save_registration(authority.issuer, {**record, "token_endpoint_auth_method": "private_key_jwt"})
    with pytest.raises(TokenError, match="private_key_jwt"):
        await client(storage=storage).authenticate()


async def test_token_is_not_sent_to_another_origin_by_itself(authority, service, client):
    one = client(resource="https://other.example.org/mcp")
    authority.lifetime = 600
    await one.authenticate("https://other.example.org/mcp")
    service.servers = ["https://auth.example.org"]
    with pytest.raises(DiscoveryError, match="does not accept"):
        await one.request("GET", service.url)
    assert service.tokens == [None]


async def test_token_is_not_sent_to_another_origin_when_written_out(authority, service, client):
    one = client(resource=service.url)
    token = await one.authenticate()
    with pytest.raises(UnsafeAddressError, match="must not be sent"):
        await one.request("GET", f"{authority.issuer}/moved", headers={"Authorization": f"Bearer {token}"})
    await one.refresh()
    with pytest.raises(UnsafeAddressError, match="must not be sent"):
        await one.request("GET", f"{authority.issuer}/moved", headers={"Authorization": f"bearer {token}"})


async def test_token_is_not_sent_outside_its_path(authority, service, client):
    one = client()
    await one.authenticate(f"{service.url}/deep")
    await one.request("GET", f"{service.url}/deeper")
    # `/mcp/deep` does not cover `/mcp/deeper`.
    assert service.tokens[0] is None


async def test_token_does_not_follow_a_redirect_to_another_origin(authority, service, client):
    one = client(resource=service.origin)
    token = await one.authenticate()
    with pytest.raises(UnsafeAddressError, match="another origin"):
        await one.request("GET", f"{service.origin}/leave/{authority.issuer}/moved", follow_redirects=True)
    assert service.tokens == [f"Bearer {token}"]


async def test_redirect_within_the_origin_is_followed_when_asked(service, client):
    one = client(resource=service.origin)
    await one.authenticate()
    address = f"{service.origin}/leave/{service.origin}/.well-known/oauth-protected-resource/mcp"
    assert (await one.request("GET", address)).status_code == 307
    assert (await one.request("GET", address, follow_redirects=True)).json()["resource"] == service.url


async def test_endless_redirects_end(service, client):
    one = client(resource=service.origin)
    await one.authenticate()
    address = f"{service.origin}/leave//leave/x"
    with pytest.raises(httpx.TooManyRedirects):
        await one.request("GET", address, follow_redirects=True)


@pytest.mark.parametrize("url", ["http://service.example.org/mcp", "ftp://127.0.0.1/"])
async def test_request_over_an_insecure_connection(client, url):
    with pytest.raises(UnsafeAddressError):
        await client().request("GET", url)


async def test_service_that_trusts_another_authorization_server(authority, service, client):
    service.servers = ["https://auth.example.org"]
    with pytest.raises(DiscoveryError, match="does not accept tokens"):
        await client().request("GET", service.url)
    assert authority.count("/authorize") == 0


@pytest.mark.parametrize("resource", ["https://elsewhere.example.org/mcp", "{origin}/other", "{origin}/m"])
async def test_service_that_claims_another_resource(authority, service, client, resource):
    service.resource = resource.format(origin=service.origin)
    with pytest.raises(DiscoveryError, match="something else"):
        await client().request("GET", service.url)
    assert authority.count("/authorize") == 0


async def test_service_without_resource_metadata(service, client, monkeypatch):
    monkeypatch.setattr(service.app.router, "routes", service.app.router.routes[:2])
    with pytest.raises(DiscoveryError, match="no resource metadata"):
        await client().request("GET", service.url)


async def test_nothing_secret_in_errors_or_reprs(authority, client, caplog):
    one = client()
    token = await one.authenticate()
    caplog.clear()  # the browser of the tests logs where it has been; the client must not
    caplog.set_level(0)
    authority.token_status = (400, {"error": "invalid_grant", "error_description": "refresh token spent"})
    with pytest.raises(TokenError) as caught:
        await one.refresh()
    said = f"{one!r} {caught.value!r} {caught.value.__cause__!r} {caplog.text}"
    form = authority.last("/token")
    for secret in (token, form["refresh_token"], authority.last("/authorize")["state"]):
        assert secret not in said


async def test_browser_of_the_tests_reaches_the_last_page(client):
    pages = []

    async def look(url):
        async with httpx.AsyncClient(follow_redirects=True) as http:
            pages.append(await http.get(url))
        await browser(url)

    await client(open_browser=look).authenticate()
    assert pages[0].status_code == 200
    assert "You are signed in" in pages[0].text
