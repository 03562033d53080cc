"""The authorization of the library, and every refusal of its rules."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
from auth_server import DEVICE_GRANT, Protected
from hosts import no_person, settings
from mcp import MCPError
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull
from mcp_server import MODERN
from mcp_streamablehttp_client import (
    AuthorizationError,
    AuthorizationRequired,
    ConfigurationError,
    CredentialStore,
    MCPClient,
    MemoryStore,
    OAuthClient,
)
from mcp_streamablehttp_client.auth import http as oauth_http
from mcp_streamablehttp_client.auth import provider as provider_module
from mcp_streamablehttp_client.auth.person import Person, pasted_answer
from web import json_answer, serving

pytestmark = pytest.mark.anyio


async def visit(url: str) -> None:
    """A browser: follows the authorization to the loopback listener."""
    with anyio.CancelScope(shield=True):
        async with httpx2.AsyncClient(follow_redirects=True, timeout=10) as browser:
            await browser.get(url)


def client(protected: Protected, **options: Any) -> MCPClient:
    """A client whose person has a browser."""
    options.setdefault("storage", MemoryStore())
    config = options.pop("oauth_config", {"client_name": "Test Client"})
    return MCPClient(protected.url, config, redirect_handler=Background(), **options)


class Background:
    """Opens pages without waiting, as a browser does."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    async def __call__(self, url: str) -> None:
        self.urls.append(url)
        self.task = asyncio.get_running_loop().create_task(visit(url))


async def echoes(one: MCPClient) -> None:
    async with one:
        result = await one.call_tool("echo", {"message": "in"})
        assert result.content[0].text == "in"


async def refused(one: MCPClient, message: str, kind: type[Exception] = AuthorizationError) -> None:
    with pytest.raises(kind, match=message):
        await one.list_tools()
    await one.close()


async def test_a_client_registers_authorizes_and_keeps_its_credentials_by_issuer(protected: Protected):
    store = MemoryStore()
    await echoes(client(protected, storage=store))
    kept = store.read()
    issuer = protected.auth.origin
    assert kept.clients[issuer].client_id in protected.provider.clients
    assert kept.clients[issuer].registration_access_token == protected.auth.registration_token
    assert kept.tokens[issuer][protected.url].access_token in protected.provider.access
    registered = next(iter(protected.provider.clients.values()))
    assert registered.client_name == "Test Client"
    (registration,) = [seen for seen in protected.auth.recorder.seen if seen.path == "/register"]
    assert registration.body["application_type"] == "native"
    assert registration.body["redirect_uris"][0].startswith("http://127.0.0.1:")
    await echoes(client(protected, storage=store))
    assert (protected.provider.authorized, len(protected.provider.clients)) == (1, 1)


async def test_the_authorization_request_has_pkce_resource_and_state(protected: Protected):
    one = client(protected)
    background = one._options.redirect_handler
    await echoes(one)
    query = {name: values[0] for name, values in parse_qs(urlsplit(background.urls[0]).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert query["resource"] == protected.url
    assert len(query["state"]) > 20


async def test_a_scope_the_server_asks_for_later_is_added(protected: Protected):
    protected.guard.needed["fail"] = "mcp:write"
    one = client(protected, oauth_config={"scope": "mcp:read"})
    async with one:
        await one.call_tool("echo", {"message": "x"})
        await one.call_tool("fail", {})
    assert sorted(list(protected.provider.access.values())[-1].scopes) == ["mcp:read", "mcp:write"]
    assert protected.provider.authorized == 2


async def test_the_configured_scope_is_asked_for(protected: Protected):
    await echoes(client(protected, oauth_config={"scope": "mcp:read mcp:write"}))
    assert next(iter(protected.provider.access.values())).scopes == ["mcp:read", "mcp:write"]


async def test_the_configured_authorization_server_must_be_named_by_the_server(protected: Protected):
    await echoes(client(protected, oauth_config={"auth_server": protected.auth.origin + "/"}))
    other = client(protected, oauth_config={"auth_server": "https://auth.example.com"})
    await refused(other, "does not name https://auth.example.com")


async def test_own_handlers_replace_browser_and_listener(protected: Protected):
    answers: list[str] = []

    async def open_page(url: str) -> None:
        async with httpx2.AsyncClient() as browser:
            answers.append((await browser.get(url)).headers["location"])

    async def answer() -> AuthorizationCodeResult:
        query = {name: values[0] for name, values in parse_qs(urlsplit(answers[0]).query).items()}
        return AuthorizationCodeResult(code=query["code"], state=query["state"], iss=query["iss"])

    one = MCPClient(
        protected.url,
        {"redirect_port": 4567},
        storage=MemoryStore(),
        redirect_handler=open_page,
        callback_handler=answer,
    )
    await echoes(one)
    assert answers[0].startswith("http://127.0.0.1:4567/callback?")


async def test_metadata_without_pkce_is_refused(protected: Protected):
    protected.auth.metadata["code_challenge_methods_supported"] = None
    await refused(client(protected), "PKCE with S256")
    assert not protected.provider.clients


async def test_metadata_of_another_issuer_is_refused(protected: Protected):
    protected.auth.metadata["issuer"] = "https://evil.example.com"
    await refused(client(protected), "issuer mismatch")


async def test_a_server_without_metadata_is_refused_and_nothing_is_guessed(protected: Protected):
    protected.auth.recorder.instead = lambda seen: json_answer(404, {}) if "well-known" in seen.path else None
    await refused(client(protected), "no authorization server publishes metadata")
    assert {seen.path.partition("/")[2].partition("/")[0] for seen in protected.auth.recorder.seen} == {".well-known"}


async def test_an_endpoint_without_https_is_refused(protected: Protected):
    protected.auth.metadata["token_endpoint"] = "http://auth.example.com/token"
    await refused(client(protected), "token endpoint is not https")


async def test_an_authorization_page_without_https_is_never_opened(protected: Protected):
    protected.auth.metadata["authorization_endpoint"] = "http://auth.example.com/authorize"
    one = client(protected)
    await refused(one, "authorization endpoint is not https")
    assert one._options.redirect_handler.urls == []


async def test_a_server_that_registers_nobody_needs_a_configured_client(protected: Protected):
    protected.auth.metadata["registration_endpoint"] = None
    await refused(client(protected), "registers no clients")


async def test_another_state_is_refused_and_not_shown(protected: Protected):
    async def answer() -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code="c", state="other", iss=protected.auth.origin)

    one = MCPClient(protected.url, storage=MemoryStore(), redirect_handler=Background(), callback_handler=answer)
    with pytest.raises(AuthorizationError, match="state differs") as caught:
        await one.list_tools()
    assert "other" not in str(caught.value)
    await one.close()


async def test_another_issuer_in_the_answer_is_refused(protected: Protected):
    protected.provider.redirect_changes["iss"] = "https://evil.example.com"
    await refused(client(protected), "iss mismatch")


async def test_a_refusal_of_the_person_is_told_once(protected: Protected):
    protected.provider.deny = True
    one = client(protected)
    with pytest.raises(AuthorizationError, match="access_denied not today"):
        await one.list_tools()
    with pytest.raises(AuthorizationError, match="access_denied"):
        await one.list_tools()
    await one.close()


async def test_requests_that_wait_share_one_failure(protected: Protected):
    protected.provider.deny = True
    background = Background()
    one = MCPClient(protected.url, storage=MemoryStore(), redirect_handler=background, mode="legacy")
    errors = []

    async def ask() -> None:
        with pytest.raises((AuthorizationError, MCPError)) as caught:
            await one.list_tools()
        errors.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(ask)
    await one.close()
    assert len(errors) == 5
    assert len(background.urls) == 1


async def test_a_too_large_answer_is_refused(protected: Protected, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(oauth_http, "MAX_RESPONSE_BYTES", 10)
    await refused(client(protected), "more than 1 MiB")


async def test_a_redirect_of_the_token_endpoint_to_another_origin_is_not_followed(protected: Protected):
    arrived: list[Any] = []

    async def thief(scope: Any, receive: Any, send: Any) -> None:
        while scope["type"] == "lifespan":
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
        arrived.append(scope["path"])

    with serving(lambda _: thief) as origin:
        protected.auth.recorder.instead = lambda seen: (
            (307, {"location": f"{origin}/token"}, b"") if seen.path == "/token" else None
        )
        await refused(client(protected), "Token exchange failed")
    assert arrived == []


async def test_redirects_within_the_origin_are_followed(protected: Protected):
    moved: list[str] = []

    def move(seen: Any) -> Any:
        if seen.path == "/register" and not moved:
            moved.append(seen.path)
            return 308, {"location": "/register?again"}, b""
        return None

    protected.auth.recorder.instead = move
    await echoes(client(protected))
    assert moved


async def test_a_private_client_id_is_presented_to_its_first_issuer_only(
    protected: Protected, protect: Callable[..., Protected]
):
    store = MemoryStore()
    info = {"client_id": "pre", "redirect_port": 4571}
    for one in (protected, protect()):
        one.provider.clients["pre"] = OAuthClientInformationFull(
            client_id="pre",
            redirect_uris=["http://127.0.0.1:4571/callback"],
            token_endpoint_auth_method="none",
            scope="mcp:read mcp:write",
        )
        if one is protected:
            await echoes(client(one, oauth_config=info, storage=store))
            assert store.read().preregistered == {"pre": one.auth.origin}
        else:
            await refused(client(one, oauth_config=info, storage=store), "belongs to another authorization server")
            assert one.provider.authorized == 0


async def test_a_changed_issuer_means_a_new_registration(protected: Protected, protect: Callable[..., Protected]):
    store = MemoryStore()
    await echoes(client(protected, storage=store))
    successor = protect()
    protected.guard.auth = successor.auth
    protected.provider.access.clear()
    await echoes(client(protected, storage=store))
    assert len(successor.provider.clients) == 1
    assert protected.provider.refreshed == 0  # the old refresh token went to nobody
    assert successor.provider.refreshed == 0
    assert {"/token"} & {seen.path for seen in successor.auth.recorder.seen}
    kept = store.read()
    assert set(kept.clients) == {protected.auth.origin, successor.auth.origin}


async def test_a_refused_refresh_leads_to_a_new_authorization(protect: Callable[..., Protected]):
    protected = protect()
    store = MemoryStore()
    await echoes(client(protected, storage=store))
    protected.provider.access.clear()
    protected.provider.refresh.clear()
    await echoes(client(protected, storage=store))
    assert protected.provider.authorized == 2


async def test_a_port_that_is_taken_is_named(protected: Protected):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        await refused(client(protected, oauth_config={"redirect_port": port}), f"127.0.0.1:{port}")


async def test_the_registered_port_is_used_again_or_registered_anew(
    protected: Protected, monkeypatch: pytest.MonkeyPatch
):
    store = MemoryStore()
    await echoes(client(protected, storage=store))
    (first,) = protected.provider.clients.values()
    protected.provider.access.clear()
    protected.provider.refresh.clear()
    await echoes(client(protected, storage=store))
    assert len(protected.provider.clients) == 1  # the same port, the same registration
    with socket.create_server(("127.0.0.1", urlsplit(str(first.redirect_uris[0])).port)):
        protected.provider.access.clear()
        protected.provider.refresh.clear()
        await echoes(client(protected, storage=store))
    assert len(protected.provider.clients) == 2


async def test_the_device_flow_serves_where_there_is_no_browser(protected: Protected, monkeypatch: pytest.MonkeyPatch):
    protected.auth.metadata["device_authorization_endpoint"] = f"{protected.auth.origin}/device"
    protected.auth.device_answers = [{"error": "authorization_pending"}, {"error": "slow_down"}]
    monkeypatch.setattr("mcp_streamablehttp_client.auth.device._SLOW_DOWN_SECONDS", 0.01)
    shown: list[str] = []
    original = protected.auth.recorder.app

    async def grant(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == "/token":
            client_id = next(iter(protected.provider.clients))
            token = protected.provider.issue(client_id, ["mcp:read"], None)
            status, headers, body = json_answer(200, token.model_dump(exclude_none=True))
            raw = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": status, "headers": raw})
            await send({"type": "http.response.body", "body": body})
            return
        await original(scope, receive, send)

    protected.auth.recorder.app = grant
    person = Person(browser=False, show=shown.append)
    await echoes(MCPClient(protected.url, storage=MemoryStore(), person=person))
    assert "enter ABCD-EFGH" in shown[0]
    assert "dc-" not in shown[0]
    registration = next(seen for seen in protected.auth.recorder.seen if seen.path == "/register")
    assert DEVICE_GRANT in registration.body["grant_types"]


async def test_a_refused_device_code_is_told(protected: Protected):
    protected.auth.metadata["device_authorization_endpoint"] = f"{protected.auth.origin}/device"
    protected.auth.device_answers = [{"error": "access_denied"}]
    one = MCPClient(protected.url, storage=MemoryStore(), person=Person(browser=False, show=lambda _: None))
    await refused(one, "device authorization failed: access_denied")


async def test_an_answer_can_be_pasted(protected: Protected):
    asked: list[str] = []

    async def prompt(text: str) -> str:
        asked.append(text)
        async with httpx2.AsyncClient() as browser:
            url = next(line for line in text.splitlines() if line.startswith("http"))
            return (await browser.get(url)).headers["location"] + "\n"

    one = MCPClient(protected.url, storage=MemoryStore(), person=Person(browser=False, prompt=prompt))
    await echoes(one)
    (registered,) = protected.provider.clients.values()
    assert str(registered.redirect_uris[0]) == f"{protected.auth.origin}/success"
    assert len(asked) == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/success?code=c%2F1&state=s&iss=https%3A%2F%2Fa.example",
        "code=c/1 state=s iss=https://a.example",
        "code: c/1   state: s   iss: https://a.example",
    ],
)
def test_pasted_answers_are_understood(text: str):
    assert pasted_answer(text) == {"code": "c/1", "state": "s", "iss": "https://a.example"}


async def test_without_anybody_to_ask_nothing_is_registered(protected: Protected):
    one = MCPClient(protected.url, storage=MemoryStore(), person=no_person())
    await refused(one, "needs an authorization", AuthorizationRequired)
    assert not protected.provider.clients


async def test_an_authorization_header_of_the_caller_switches_oauth_off(protected: Protected):
    token = protected.provider.issue("somebody", ["mcp:read"], None).access_token
    await echoes(MCPClient(protected.url, headers={"Authorization": f"Bearer {token}"}, storage=MemoryStore()))
    one = MCPClient(protected.url, headers={"authorization": "Bearer wrong"}, storage=MemoryStore())
    with pytest.raises(MCPError):
        await one.list_tools()
    await one.close()


async def test_tokens_of_the_environment_win_and_their_successors_are_remembered(protected: Protected):
    protected.provider.clients["env"] = OAuthClientInformationFull(
        client_id="env",
        redirect_uris=["http://127.0.0.1/callback"],
        token_endpoint_auth_method="none",
        scope="mcp:read mcp:write",
    )
    token = protected.provider.issue("env", ["mcp:read"], None)
    store = MemoryStore()
    configured = settings(
        protected.url,
        mcp_client_id="env",
        mcp_client_access_token=token.access_token,
        mcp_client_refresh_token=token.refresh_token,
    )
    one = OAuthClient(configured, store=store, person=no_person())
    assert await one.ensure_authenticated() == token.access_token
    renewed = await one.refresh_token()
    assert renewed != token.access_token
    again = OAuthClient(configured, store=store, person=no_person())
    assert await again.ensure_authenticated() == renewed  # the spent refresh token is not sent again
    assert protected.provider.refreshed == 1


async def test_the_registration_is_shown_changed_and_deleted(protected: Protected):
    store = MemoryStore()
    await echoes(client(protected, storage=store))
    one = OAuthClient(settings(protected.url), store=store, person=no_person())
    before = store.read().clients[protected.auth.origin].registration_access_token
    shown = await one.get_client_configuration()
    assert shown["client_name"] == "Test Client"
    assert not {"client_secret", "registration_access_token"} & set(shown)
    changed = await one.update_client_configuration({"client_name": "Other", "contacts": ["a@example.org"]})
    assert (changed["client_name"], changed["contacts"]) == ("Other", ["a@example.org"])
    assert changed["redirect_uris"] == shown["redirect_uris"]
    assert store.read().clients[protected.auth.origin].registration_access_token != before
    await one.delete_client_registration()
    assert not protected.provider.clients
    assert not store.read().clients
    assert not store.read().tokens
    with pytest.raises(AuthorizationError, match="no registration"):
        await one.get_client_configuration()


async def test_a_refused_registration_token_is_told(protected: Protected):
    store = MemoryStore()
    await echoes(client(protected, storage=store))
    one = OAuthClient(
        settings(protected.url, mcp_client_registration_token="not-a-real-token"), store=store, person=no_person()
    )
    with pytest.raises(AuthorizationError, match="HTTP 401") as caught:
        await one.get_client_configuration()
    assert "not-a-real" not in str(caught.value)


async def test_a_client_can_be_registered_by_hand(protected: Protected):
    store = MemoryStore()
    one = OAuthClient(settings(protected.url, client_name="By hand"), store=store, person=Person(prompt=lambda _: None))
    configuration = await one.discover_oauth_configuration()
    assert configuration["issuer"] == protected.auth.origin
    registered = await one.register_client()
    assert registered["client_id"] in protected.provider.clients
    assert registered["client_name"] == "By hand"
    assert store.read().clients[protected.auth.origin].client_id == registered["client_id"]
    with pytest.raises(AuthorizationError, match="no refresh token"):
        await one.refresh_token()


async def test_nothing_secret_is_logged_or_shown(
    protected: Protected, caplog: pytest.LogCaptureFixture, tmp_path: Path
):
    caplog.set_level(logging.DEBUG, "mcp_streamablehttp_client")
    store = CredentialStore(tmp_path / "store" / "credentials.json")
    one = client(protected, storage=store, mode=MODERN)
    await echoes(one)
    secrets = [*protected.provider.access, *protected.provider.refresh, protected.auth.registration_token]
    secrets += [known.client_secret for known in protected.provider.clients.values() if known.client_secret]
    texts = [caplog.text, repr(store.read()), repr(one._options), repr(one._settings), str(store.read())]
    for secret in secrets:
        assert secret in store.path.read_text()
        for text in texts:
            assert secret not in text


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"authserver": "x"}, "unknown keys: authserver"),
        ({"client_secret": "not-a-real-secret"}, "without `client_id`"),
        ({"redirect_port": 70000}, "is no port"),
        ({"client_metadata_url": "http://a.example/x"}, "client_metadata_url"),
    ],
)
def test_an_oauth_config_that_cannot_work_is_refused(config: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=message) as caught:
        MCPClient("https://mcp.example.com/mcp", config)
    assert "not-a-real" not in str(caught.value)


async def test_a_client_metadata_document_is_used_where_the_server_takes_it(protected: Protected):
    url = "https://client.example.com/metadata.json"
    protected.auth.metadata["client_id_metadata_document_supported"] = True
    protected.provider.clients[url] = OAuthClientInformationFull(
        client_id=url,
        redirect_uris=["http://127.0.0.1:4573/callback"],
        token_endpoint_auth_method="none",
        scope="mcp:read mcp:write",
    )
    await echoes(client(protected, oauth_config={"client_metadata_url": url, "redirect_port": 4573}))
    assert "/register" not in {seen.path for seen in protected.auth.recorder.seen}
    assert json.dumps(list(protected.provider.clients)) == json.dumps([url])


def test_the_time_a_failure_is_shared_is_short():
    assert provider_module._FAILURE_SECONDS <= 30
