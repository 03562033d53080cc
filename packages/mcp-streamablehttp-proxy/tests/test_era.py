"""The first exchange with a server, answer by answer, as the compatibility rules for stdio have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from harness import LEGACY, MODERN
from mcp.shared.exceptions import MCPError
from mcp_streamablehttp_proxy.child import ChildStartError
from mcp_streamablehttp_proxy.era import ChildFacts, DiedOnProbeError, Era, Negotiation
from mcp_types import CONNECTION_CLOSED, UNSUPPORTED_PROTOCOL_VERSION

pytestmark = pytest.mark.anyio
MODERN_ANSWER = {"supportedVersions": [MODERN], "capabilities": {"tools": {}}}
LEGACY_ANSWER = {"protocolVersion": LEGACY, "capabilities": None, "serverInfo": {"name": "old"}}


def unsupported(*versions: str) -> MCPError:
    return MCPError(UNSUPPORTED_PROTOCOL_VERSION, "no", data={"supported": list(versions)})


async def settle(*answers: dict[str, Any] | MCPError, known: Era | None = None) -> tuple[ChildFacts, list[str]]:
    """Runs a negotiation against scripted answers; returns the facts and what was sent."""
    script, sent = list(answers), []

    async def ask(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        sent.append(method)
        answer = script.pop(0)
        if isinstance(answer, MCPError):
            raise answer
        return answer

    async def tell(method: str) -> None:
        sent.append(method)

    facts = await Negotiation(ask, tell, known).settle()
    assert not script
    return facts, sent


HANDSHAKE = ["initialize", "notifications/initialized"]


async def test_an_answer_to_discover_means_modern():
    facts, sent = await settle(MODERN_ANSWER)
    assert (facts.era, facts.version, sent) == ("modern", MODERN, ["server/discover"])
    assert facts.declares("tools")
    assert not facts.declares("tools", "listChanged")


@pytest.mark.parametrize("code", [-32601, -32602, -32600, 0])
async def test_any_error_that_is_not_modern_means_the_handshake(code: int):
    facts, sent = await settle(MCPError(code, "what?"), LEGACY_ANSWER)
    assert (facts.era, facts.version) == ("legacy", LEGACY)
    assert sent == ["server/discover", *HANDSHAKE]
    assert not facts.declares("tools")


@pytest.mark.parametrize("answer", [{}, {"supportedVersions": [LEGACY]}, {"supportedVersions": "all"}])
async def test_a_discovery_without_a_common_modern_version_means_the_handshake(answer: dict[str, Any]):
    facts, _ = await settle(answer, LEGACY_ANSWER)
    assert facts.era == "legacy"


async def test_a_modern_error_naming_a_common_version_is_asked_again():
    facts, sent = await settle(unsupported(MODERN, "2031-01-01"), MODERN_ANSWER)
    assert (facts.era, sent) == ("modern", ["server/discover"] * 2)


async def test_a_modern_error_naming_legacy_versions_means_the_handshake():
    facts, _ = await settle(unsupported(LEGACY), LEGACY_ANSWER)
    assert facts.era == "legacy"


async def test_a_modern_error_without_a_common_version_cannot_be_helped():
    with pytest.raises(ChildStartError, match="unknown to the proxy"):
        await settle(unsupported("2031-01-01"))


async def test_a_handshake_refused_by_a_server_the_probe_made_modern_is_probed_again():
    facts, sent = await settle(MCPError(-32603, "slow"), unsupported(MODERN), MODERN_ANSWER)
    assert (facts.era, sent) == ("modern", ["server/discover", "initialize", "server/discover"])


async def test_a_handshake_refused_otherwise_is_final():
    with pytest.raises(MCPError):
        await settle(MCPError(-32601, "no"), MCPError(-32600, "never"))
    with pytest.raises(MCPError):
        await settle(MCPError(-32601, "no"), unsupported(MODERN), {})


async def test_an_end_at_the_probe_is_told_apart():
    with pytest.raises(DiedOnProbeError):
        await settle(MCPError(CONNECTION_CLOSED, "gone"))


async def test_a_known_legacy_server_is_not_probed():
    _, sent = await settle(LEGACY_ANSWER, known="legacy")
    assert sent == HANDSHAKE
