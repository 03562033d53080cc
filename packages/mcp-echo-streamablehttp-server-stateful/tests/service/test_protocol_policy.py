"""The allow-list of protocol revisions, on the wire and by itself."""

from __future__ import annotations

from typing import Any

import pytest
from harness import LEGACY, MODERN, error_of, message_of
from under_test import SAMPLE, service

MODERN_ONLY = {"MCP_PROTOCOL_VERSIONS_SUPPORTED": MODERN}
LEGACY_ONLY = {"MCP_PROTOCOL_VERSIONS_SUPPORTED": "2025-06-18, 2025-11-25"}
OLD_ONLY = {"MCP_PROTOCOL_VERSIONS_SUPPORTED": "2025-06-18"}


def test_unlisted_modern_version_is_refused(serve: Any):
    response = serve(env=LEGACY_ONLY).modern("tools/list")
    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, -32022)
    assert error["data"] == {"supported": ["2025-06-18", "2025-11-25"], "requested": MODERN}
    assert message_of(response)["id"] == 1


def test_unlisted_modern_version_is_refused_on_get(serve: Any):
    wire = serve(env=LEGACY_ONLY)
    assert wire.client.get(wire.url, headers={"mcp-protocol-version": MODERN}).status_code == 400


@pytest.mark.parametrize("asked", ["2025-11-25", "2024-11-05", "1999-01-01"])
def test_handshake_offers_the_newest_listed_version(serve: Any, asked: str):
    result = message_of(serve(env=OLD_ONLY).initialize(asked))["result"]
    assert result["protocolVersion"] == "2025-06-18"


def test_handshake_offers_the_newest_listed_version_whatever_the_header_says(serve: Any):
    response = serve(env=OLD_ONLY).initialize("2025-11-25", headers={"mcp-protocol-version": "2025-11-25"})
    assert message_of(response)["result"]["protocolVersion"] == "2025-06-18"


def test_preferred_version_is_offered_for_an_unknown_one(serve: Any):
    wire = serve(env={"MCP_PROTOCOL_VERSION": "2025-06-18"})
    assert message_of(wire.initialize("1999-01-01"))["result"]["protocolVersion"] == "2025-06-18"
    assert message_of(wire.initialize(LEGACY))["result"]["protocolVersion"] == LEGACY
    assert message_of(wire.modern("server/discover"))["result"]["supportedVersions"] == [MODERN]


def test_unlisted_legacy_version_is_refused_after_the_handshake(serve: Any):
    wire = serve(env=OLD_ONLY)
    session = wire.open_session_at("2025-06-18")
    assert message_of(wire.legacy("ping", headers=session))["result"] == {}
    response = wire.legacy("ping", headers={**session, "mcp-protocol-version": "2025-03-26"})
    assert (response.status_code, error_of(response)["code"]) == (400, -32022)


def test_assumed_version_must_be_listed_without_a_session(serve: Any):
    response = serve(env=LEGACY_ONLY).post({"jsonrpc": "2.0", "id": "a", "method": "ping"})
    assert response.status_code == 400
    assert error_of(response)["data"]["requested"] == "2025-03-26"
    assert message_of(response)["id"] == "a"


def test_session_stands_for_its_version(serve: Any):
    wire = serve(env=OLD_ONLY)
    session = wire.open_session_at("2025-06-18")
    if "mcp-session-id" not in session:
        session["mcp-session-id"] = "ignored-by-a-server-without-sessions"
    del session["mcp-protocol-version"]
    response = wire.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, session)
    assert message_of(response)["result"] == {}


def test_no_handshake_where_only_modern_is_listed(serve: Any):
    wire = serve(env=MODERN_ONLY)
    response = wire.initialize()
    assert (response.status_code, error_of(response)["code"]) == (400, -32022)
    assert wire.modern("tools/call", SAMPLE).status_code == 200


@pytest.mark.parametrize("body", ["{broken", '["list"]', '{"jsonrpc":"2.0","id":1,"method":"initialize","params":7}'])
def test_senseless_bodies_still_get_the_protocols_own_answer(serve: Any, body: str):
    wire = serve(env=LEGACY_ONLY)
    assert wire.post(body, {"mcp-protocol-version": LEGACY}).status_code in (200, 400)


def test_order_and_repetition_do_not_matter():
    policy = service("protocol").ProtocolPolicy.of([MODERN, "2025-06-18", MODERN])
    assert policy.supported == ("2025-06-18", MODERN)
    assert not policy.unrestricted
    assert service("protocol").ProtocolPolicy.of(None).unrestricted


@pytest.mark.parametrize(
    ("versions", "preferred", "problem"),
    [(["2026-01-01"], None, "unknown"), ([], None, "empty"), (["2025-06-18"], MODERN, "preferred")],
)
def test_senseless_lists_are_refused(versions: list[str], preferred: str | None, problem: str):
    with pytest.raises(service("errors").ConfigurationError, match=problem):
        service("protocol").ProtocolPolicy.of(versions, preferred)
