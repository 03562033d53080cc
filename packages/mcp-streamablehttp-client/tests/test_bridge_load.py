"""Many and large messages through one bridge."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from auth_server import Protected
from hosts import bridged, no_person, settings
from mcp import Client, MCPError
from mcp.shared.auth import OAuthClientInformationFull
from mcp_server import MODERN, Running
from mcp_streamablehttp_client import MemoryStore
from mcp_streamablehttp_client.auth.storage import GivenCredentials
from mcp_streamablehttp_client.auth.store import CredentialStore, ServerBinding, StoredClient, StoredToken

pytestmark = pytest.mark.anyio
TEN_MIB = 10 * 1024 * 1024


@pytest.mark.parametrize("host", ["legacy", MODERN])
async def test_two_hundred_requests_in_flight_are_matched_by_id(shared: Running, host: str):
    answers: dict[int, str] = {}
    async with Client(bridged(shared.url), mode=host) as client:

        async def call(number: int) -> None:
            result = await client.call_tool("echo", {"message": f"message {number}"})
            answers[number] = result.content[0].text

        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                for number in range(200):
                    group.start_soon(call, number)
    assert answers == {number: f"message {number}" for number in range(200)}


@pytest.mark.parametrize("json_response", [True, False])
@pytest.mark.parametrize("host", ["legacy", MODERN])
async def test_results_of_ten_mebibytes_pass(serve: Callable[..., Running], host: str, json_response: bool):
    server = serve("both", json_response=json_response)
    async with Client(bridged(server.url), mode=host) as client:
        result = await client.call_tool("big", {"size": TEN_MIB})
    assert len(result.content[0].text) == TEN_MIB


def stored(protected: Protected, store: MemoryStore, *, expired: bool) -> MemoryStore:
    """A store as an earlier run would have left it."""
    issuer = protected.auth.origin
    info = OAuthClientInformationFull(
        client_id="known", redirect_uris=["http://127.0.0.1/callback"], token_endpoint_auth_method="none"
    )
    protected.provider.clients["known"] = info
    tokens = protected.provider.issue("known", ["mcp:read"], None)

    def change(kept):
        kept.servers[protected.url] = ServerBinding(issuer=issuer, resource=protected.url)
        kept.clients[issuer] = StoredClient(client_id="known", token_endpoint_auth_method="none")
        kept.tokens[issuer] = {
            protected.url: StoredToken(
                access_token=tokens.access_token,
                refresh_token=tokens.refresh_token,
                scope="mcp:read",
                expires_at=1.0 if expired else 9e9,
            )
        }

    store.update(change)
    return store


@pytest.mark.parametrize("expired", [True, False])
async def test_fifty_parallel_requests_refresh_once(protected: Protected, expired: bool):
    store = stored(protected, MemoryStore(), expired=expired)
    if not expired:  # the token looks good but the server has forgotten it
        protected.provider.access.clear()
    async with Client(bridged(protected.url, store=store), mode=MODERN) as client, anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(client.call_tool, "echo", {"message": "x"})
    assert protected.provider.refreshed == 1
    assert protected.provider.authorized == 0


async def test_two_processes_share_one_refresh(protected: Protected, tmp_path):
    stored(protected, CredentialStore(tmp_path / "c" / "credentials.json"), expired=True)
    one, two = (bridged(protected.url, store=CredentialStore(tmp_path / "c" / "credentials.json")) for _ in range(2))
    async with (
        Client(one, mode=MODERN) as first,
        Client(two, mode=MODERN) as second,
        anyio.create_task_group() as group,
    ):
        for client in (first, second):
            group.start_soon(client.call_tool, "echo", {"message": "x"})
    assert protected.provider.refreshed == 1


async def test_calls_run_side_by_side_under_authorization_although_answers_are_late(protect: Callable[..., Protected]):
    protected = protect()
    store = stored(protected, MemoryStore(), expired=False)
    async with Client(bridged(protected.url, store=store), mode=MODERN) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "wait", {})
        await anyio.to_thread.run_sync(protected.server.behaviour.started.wait, 15)
        with anyio.fail_after(15):
            await client.call_tool("echo", {"message": "x"})
        group.cancel_scope.cancel()


async def test_an_authorization_given_elsewhere_is_taken_up_by_a_running_bridge(protected: Protected):
    store = MemoryStore()
    async with Client(bridged(protected.url, store=store, person=no_person(), protocol=MODERN), mode=MODERN) as client:
        with pytest.raises(MCPError) as caught:
            await client.list_prompts()
        assert caught.value.data["reason"] == "authorization_required"
        stored(protected, store, expired=False)
        assert (await client.list_prompts()).prompts


def test_given_credentials_show_nothing():
    given = GivenCredentials(client_id="id", client_secret="not-a-real-secret", access_token="not-a-real-token")
    assert "not-a-real" not in repr(given)
    assert "not-a-real" not in repr(settings("http://127.0.0.1/mcp", mcp_client_access_token="not-a-real-token"))
