"""Who the caller is: whom the service believes, and names that make no sense."""

from __future__ import annotations

from typing import Any

import pytest
from under_test import service

TRUSTING = {"MCP_TRUST_USER_HEADER": "1"}


@pytest.mark.parametrize("user", ["", "x" * 257])
def test_senseless_user_header_is_400(serve: Any, user: str):
    wire = serve(env=TRUSTING)
    assert wire.modern("tools/list", headers={"x-user-id": user}).status_code == 400


def test_two_user_headers_are_400(serve: Any):
    wire = serve(env=TRUSTING)
    response = wire.client.post(
        wire.url,
        content=b"{}",
        headers=[("content-type", "application/json"), ("x-user-id", "alice"), ("x-user-id", "bob")],
    )
    assert response.status_code == 400


@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "127.8.8.8", "::1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1"]
)
def test_loopback_and_private_peers_are_trusted_by_default(peer: str):
    assert service("identity").TrustedEdge().trusts(peer)


@pytest.mark.parametrize("peer", ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "unix:", "", None])
def test_other_peers_are_not(peer: str | None):
    assert not service("identity").TrustedEdge().trusts(peer)


def test_bad_network_names_the_entry():
    with pytest.raises(service("errors").ConfigurationError, match=r"10\.0\.0\.1/8"):
        service("identity").parse_networks(["10.0.0.1/8"])
