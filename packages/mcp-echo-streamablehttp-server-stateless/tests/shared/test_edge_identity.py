"""Who the caller is: only what a trusted proxy says, only when told to listen."""

from __future__ import annotations

from typing import Any

from harness import Wire

TRUSTING = {"MCP_TRUST_USER_HEADER": "1"}
ALICE = {"x-user-id": "alice", "x-user-name": "Alice A."}


def verdict(wire: Wire, headers: dict[str, str]) -> str:
    return wire.text("authContext", headers=headers).rpartition("verdict: ")[2]


def test_user_header_is_ignored_by_default(wire: Wire):
    assert verdict(wire, ALICE) == "anonymous"
    assert "X-User-Id: alice (not trusted)" in wire.text("authContext", headers=ALICE)


def test_user_header_of_a_trusted_proxy_counts(serve: Any):
    wire = serve(env=TRUSTING)
    assert verdict(wire, ALICE) == "authenticated by the edge proxy as alice"
    assert "X-User-Name: Alice A. (from a trusted proxy)" in wire.text("authContext", headers=ALICE)
    assert verdict(wire, {}) == "anonymous"


def test_user_header_of_any_other_peer_is_ignored(serve: Any):
    wire = serve(env={**TRUSTING, "MCP_TRUSTED_PROXIES": "10.0.0.0/8"})
    assert verdict(wire, ALICE) == "anonymous"


def test_forwarded_scheme_counts_from_a_trusted_proxy_only(wire: Wire, serve: Any):
    headers = {"x-forwarded-proto": "https"}
    assert "\nscheme: https\n" in wire.text("authContext", headers=headers)
    distrusting = serve(env={"MCP_TRUSTED_PROXIES": "10.0.0.0/8"})
    assert "\nscheme: http\n" in distrusting.text("authContext", headers=headers)
