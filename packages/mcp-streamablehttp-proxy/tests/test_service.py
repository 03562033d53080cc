"""What every service here has in common, through this one: admission, identity, protocol allow-list, health."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness import LEGACY, MODERN, odd, proxied
from mcp_streamablehttp_proxy import ConfigurationError, MCPProxy, __version__, create_app
from mcp_streamablehttp_proxy.application import build_app
from mcp_streamablehttp_proxy.child_command import ChildCommand
from mcp_streamablehttp_proxy.configuration import ProxyConfiguration
from mcp_streamablehttp_proxy.service.protocol import ProtocolPolicy

pytestmark = pytest.mark.anyio


async def test_health_tells_version_and_figures():
    async with proxied() as wire:
        idle = (await wire.health()).json()
        assert idle["uptime"] >= 0
        del idle["uptime"]
        assert idle == {"status": "healthy", "version": __version__, "subprocess": "idle", "sessions": 0}
        await wire.open()
        busy = (await wire.health()).json()
        assert (busy["subprocess"], busy["sessions"]) == ("running", 1)


async def test_admission():
    async with proxied() as wire:
        for headers, status in (
            ({"host": "evil.example"}, 421),
            ({"origin": "https://evil.example"}, 403),
            ({"origin": "http://localhost:5173"}, 200),
            ({"content-type": "text/plain"}, 400),
            ({"accept": "text/html"}, 406),
        ):
            assert (await wire.modern("tools/list", headers=headers)).status_code == status
            opened = await wire.client.send(wire.initialize_request(headers=headers))
            assert opened.status_code == status


async def test_allowed_hosts_and_origins():
    async with proxied(allowed_hosts=["mcp.example"], allowed_origins=["https://app.example"]) as wire:
        headers = {"host": "mcp.example", "origin": "https://app.example"}
        assert (await wire.modern("tools/list", headers=headers)).status_code == 200


async def test_bodies_over_4_mib_are_refused_and_start_nothing():
    async with proxied() as wire:
        assert (await wire.modern("tools/call", {"name": "echo", "arguments": {"x": "y" * 2**22}})).status_code == 413
        assert (await wire.health()).json()["subprocess"] == "idle"


async def test_other_verbs_and_paths():
    async with proxied() as wire:
        modern = {"mcp-protocol-version": MODERN, "content-type": None}
        for verb in ("GET", "DELETE", "PUT"):
            refused = await wire.client.send(wire.request(None, modern, verb))
            assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
        base = wire.url.replace("/mcp", "")
        for path in ("/", "/docs", "/openapi.json", "/start"):
            assert (await wire.client.get(base + path)).status_code == 404
        wire.url += "/"
        assert (await wire.modern("tools/list")).status_code == 200


async def test_no_session_id_on_the_modern_wire():
    async with proxied() as wire:
        assert "mcp-session-id" not in (await wire.modern("tools/list")).headers


async def test_modern_users_have_servers_of_their_own_when_a_header_names_them():
    async with proxied(trust_user_header=True) as wire:
        pids = [await wire.call("pid", headers={"x-user-id": user}) for user in ("alice", "bob", "alice")]
        pids.append(await wire.call("pid"))
        assert pids[0] == pids[2]
        assert len(set(pids)) == 3


async def test_shared_isolation_means_one_server_for_all_modern_clients():
    async with proxied(trust_user_header=True, isolation="shared") as wire:
        assert len({await wire.call("pid", headers={"x-user-id": user}) for user in ("alice", "bob")}) == 1


async def test_users_without_a_trusted_header_share_a_server():
    async with proxied() as wire:
        assert len({await wire.call("pid", headers={"x-user-id": user}) for user in ("alice", "bob")}) == 1


async def test_user_servers_are_bounded_and_the_idlest_makes_room():
    async with proxied(trust_user_header=True, isolation="user", max_sessions=2) as wire:
        first = await wire.call("pid", headers={"x-user-id": "a"})
        listen = {"notifications": {"toolsListChanged": True}}
        busy = [wire.modern_request("subscriptions/listen", listen, headers={"x-user-id": user}) for user in ("b", "c")]
        async with wire.streaming(busy[0]) as one:
            await anext(one)
            async with wire.streaming(busy[1]) as other:
                await anext(other)
                refused = await wire.modern("tools/list", headers={"x-user-id": "a"})
                assert refused.status_code == 503
                assert "retry-after" in refused.headers
        assert await wire.call("pid", headers={"x-user-id": "a"}) != first


async def test_protocol_allow_list_reaches_the_server(monkeypatch: pytest.MonkeyPatch):
    def restricted(configuration: ProxyConfiguration) -> object:
        settings = replace(configuration.settings, protocol=ProtocolPolicy.of(["2025-06-18"]))
        return build_app(replace(configuration, settings=settings))

    # The command line sets it; MCPProxy has no parameter for it.
    monkeypatch.setattr("mcp_streamablehttp_proxy.proxy.build_app", restricted)
    async with proxied() as wire:
        refused = await wire.modern("tools/list")
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == -32022
        opened = await wire.client.send(wire.initialize_request(LEGACY))
        assert '"protocolVersion":"2025-06-18"' in opened.text


async def test_the_proxy_in_python():
    proxy = MCPProxy(odd(), port=0)
    await proxy.stop()
    await proxy.start()
    assert proxy.url == f"http://127.0.0.1:{proxy.port}/mcp"
    with pytest.raises(RuntimeError, match="running already"):
        await proxy.start()
    with pytest.raises(ConfigurationError, match="cannot listen"):
        await MCPProxy(odd(), port=proxy.port).start()
    await proxy.stop()
    await proxy.start()
    await proxy.stop()
    await proxy.stop()


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"command": []}, "no command"),
        ({"command": "a string"}, "no command"),
        ({"command": ["a\0b"]}, "NUL"),
        ({"env": {"A=B": "c"}}, "not the name"),
        ({"session_timeout": 0}, "session_timeout"),
        ({"request_timeout": float("nan")}, "request_timeout"),
        ({"isolation": "user"}, "needs to know the users"),
        ({"isolation": "nonsense"}, "none of"),
    ],
)
def test_python_settings_that_cannot_work_are_refused(options: dict[str, object], cause: str):
    with pytest.raises(ConfigurationError, match=cause):
        MCPProxy(**{"command": odd(), **options})


async def test_a_public_bind_without_a_list_is_refused():
    with pytest.raises(ConfigurationError, match="non-loopback"):
        await MCPProxy(odd(), port=0, host="0.0.0.0").start()
    async with MCPProxy(odd(), port=0, host="0.0.0.0", allowed_hosts=["mcp.example"]) as proxy:
        assert proxy.port > 0


def test_secrets_of_the_environment_are_not_in_any_repr():
    app = create_app(odd(), env={"TOKEN": "not-a-real-secret"})
    assert app.title == "mcp-streamablehttp-proxy"
    assert "not-a-real-secret" not in repr(ChildCommand.of(["x"], env={"TOKEN": "not-a-real-secret"}))
