"""Parsing and comparing: challenges, addresses, metadata locations."""

from __future__ import annotations

import httpx
import pytest
from mcp_oauth_dynamicclient.client import UnsafeAddressError
from mcp_oauth_dynamicclient.client.addresses import covers, is_loopback, origin, well_known, without_fragment
from mcp_oauth_dynamicclient.client.challenge import Challenge, bearer_challenge
from mcp_oauth_dynamicclient.client.registration import usable


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer resource_metadata="https://a.test/x", scope="a b"', Challenge("https://a.test/x", "a b")),
        ('bearer error=invalid_token , scope="a"', Challenge(None, "a", "invalid_token")),
        ('Basic realm="Bearer scope=wrong", Bearer scope="right"', Challenge(None, "right")),
        ('Bearer scope="a \\"quoted\\" word"', Challenge(None, 'a "quoted" word')),
        ('Bearer scope="first", scope="second"', Challenge(None, "first")),
        ("Bearer", Challenge()),
        ('Basic realm="x"', Challenge()),
        ("", Challenge()),
    ],
)
def test_challenge(header, expected):
    assert bearer_challenge(httpx.Response(401, headers={"WWW-Authenticate": header})) == expected


def test_challenge_in_a_second_header():
    headers = [("WWW-Authenticate", "Basic"), ("WWW-Authenticate", 'Bearer scope="a"')]
    assert bearer_challenge(httpx.Response(401, headers=headers)).scope == "a"


@pytest.mark.parametrize(
    ("resource", "url", "expected"),
    [
        ("https://a.test/mcp", "https://a.test/mcp", True),
        ("https://a.test/mcp", "https://A.test:443/mcp/more?x=1", True),
        ("https://a.test/mcp/", "https://a.test/mcp", True),
        ("https://a.test", "https://a.test/anything", True),
        ("https://a.test/mcp", "https://a.test/mcpx", False),
        ("https://a.test/mcp", "https://a.test/", False),
        ("https://a.test/mcp", "http://a.test/mcp", False),
        ("https://a.test/mcp", "https://a.test:8443/mcp", False),
        ("https://a.test/mcp", "https://a.test.evil.test/mcp", False),
    ],
)
def test_covers(resource, url, expected):
    assert covers(resource, url) is expected


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "echo.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.evil.test", "notlocalhost", "128.0.0.1", "", "2130706433"])
def test_not_loopback(host):
    assert not is_loopback(host)


def test_well_known_stands_between_host_and_path():
    assert well_known("https://a.test/t/", "x") == "https://a.test/.well-known/x/t"
    assert without_fragment("https://a.test/p?q=1#f") == "https://a.test/p"


def test_origin_of_no_address():
    with pytest.raises(UnsafeAddressError):
        origin("nonsense")


def test_registration_whose_secret_has_run_out():
    record = {"client_id": "a", "redirect_uris": ["http://127.0.0.1/callback"], "client_secret_expires_at": 1}
    assert not usable(record, 0)
    assert usable({**record, "client_secret_expires_at": 0}, 0)
    assert not usable(None, 0)
