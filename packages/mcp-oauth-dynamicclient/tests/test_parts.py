"""Parts that decide whom to believe: forwarding headers, resources, GitHub's answers."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest
from fake_github import FakeGitHub
from harness import settings_for
from mcp_oauth_dynamicclient.github import GitHub, GitHubRefusedError, GitHubUnavailableError
from mcp_oauth_dynamicclient.proxies import TrustedProxies, parse_networks
from mcp_oauth_dynamicclient.redirects import is_loopback, same_redirect
from mcp_oauth_dynamicclient.resources import ProtectedResources, audience_covers, canonical
from starlette.requests import Request


def request_from(peer: str | None, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/verify",
        "raw_path": b"/verify",
        "query_string": b"",
        "headers": raw,
        "client": (peer, 1) if peer else None,
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
    }
    return Request(scope)


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("203.0.113.1", "198.51.100.7", "203.0.113.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (None, "198.51.100.7", "unknown"),
        ("testclient", "198.51.100.7", "testclient"),
    ],
)
def test_whose_address_counts(peer: str | None, chain: str, client: str) -> None:
    proxies = TrustedProxies(parse_networks("10.0.0.0/8"))
    assert proxies.client_ip(request_from(peer, x_forwarded_for=chain)) == client


def test_the_request_speaks_for_itself_without_a_trusted_proxy() -> None:
    proxies = TrustedProxies(parse_networks("10.0.0.0/8"))
    target = proxies.target(request_from("203.0.113.1", host="auth.example.org", x_forwarded_host="evil.test"))
    assert target is not None
    assert target.uri == "http://auth.example.org/verify"
    assert proxies.target(request_from("10.0.0.1", host="h", x_forwarded_uri="no-slash")) is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("HTTPS://Svc.Example.ORG:443/Mcp/", "https://svc.example.org/Mcp"),
        ("http://svc.example.org:80", "http://svc.example.org"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://svc.example.org/?a=1", None),
        ("https://svc.example.org/#", None),
        ("https://u@svc.example.org/", None),
        ("https://svc.example.org:port/", None),
        ("https://", None),
        ("ftp://svc.example.org/", None),
        ("svc.example.org", None),
        ("https://svc.example.org/\u00e4", None),
        ("https://[::1/", None),
    ],
)
def test_canonical_resources(uri: str, expected: str | None) -> None:
    found = canonical(uri)
    assert (str(found) if found else None) == expected


def test_wildcards_stand_for_one_label_and_not_for_the_issuer() -> None:
    resources = ProtectedResources(["https://*.example.org", "https://other.test/only"], "https://auth.example.org")
    assert resources.allowed("https://svc.example.org/mcp")
    assert resources.allowed("https://other.test/only/below")
    for refused in (
        "https://example.org/mcp",
        "https://a.b.example.org/mcp",
        "https://svc.example.org:8443/mcp",
        "http://svc.example.org/mcp",
        "https://svcexample.org/mcp",
        "https://.example.org/mcp",
        "https://auth.example.org/token",
        "https://other.test/",
        "https://other.test/onlyx",
    ):
        assert resources.allowed(refused) is None, refused
    listed = ProtectedResources(["https://auth.example.org"], "https://auth.example.org")
    assert listed.allowed("https://auth.example.org/x")


def test_audiences() -> None:
    assert audience_covers("https://a.test", "https://a.test/any/path")
    assert not audience_covers("https://a.test/x", "https://a.test/")
    assert not audience_covers("nonsense", "https://a.test/")
    assert not audience_covers("https://a.test", "nonsense")


def test_loopback_is_decided_by_the_parsed_host() -> None:
    assert is_loopback("http://[::1]:1/")
    for uri in ("https://localhost/", "http://localhost.evil.test/", "http://127.0.0.1@evil.test/", "http://[::1/"):
        assert not is_loopback(uri)
    assert same_redirect("http://[::1]:1/cb", "http://[::1]/cb")
    assert not same_redirect("http://localhost:1/cb", "http://127.0.0.1:1/cb")


def ask_github(github: FakeGitHub, answers: dict[str, httpx.Response]) -> Any:
    """What the login makes of a GitHub that answers as told."""

    def answer(request: httpx.Request) -> httpx.Response:
        return answers[request.url.path.rpartition("/")[2]]

    async def ask() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            return await GitHub(settings_for(github, "http://localhost"), client).user_of("c", "v", email=True)

    return anyio.run(ask)


TOKEN = httpx.Response(200, json={"access_token": "not-a-real-token"})
USER = httpx.Response(200, json={"id": 1, "login": "alice"})


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"access_token": httpx.Response(200, text="<html>")}, GitHubUnavailableError),
        ({"access_token": httpx.Response(200, text="x" * 300_000)}, GitHubUnavailableError),
        ({"access_token": httpx.Response(200, json=[])}, GitHubRefusedError),
        ({"access_token": httpx.Response(302, headers={"location": "https://evil.test"})}, GitHubRefusedError),
        ({"access_token": TOKEN, "user": httpx.Response(401, json={})}, GitHubRefusedError),
        ({"access_token": TOKEN, "user": httpx.Response(200, json={"login": "alice"})}, GitHubUnavailableError),
        ({"access_token": TOKEN, "user": USER, "emails": httpx.Response(500)}, GitHubUnavailableError),
    ],
)
def test_answers_of_github_that_are_no_use(github: FakeGitHub, answers: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        ask_github(github, answers)


def test_users_without_name_or_verified_address(github: FakeGitHub) -> None:
    emails = httpx.Response(200, json=[{"email": "a@example.org", "primary": False, "verified": True}])
    user = ask_github(github, {"access_token": TOKEN, "user": USER, "emails": emails})
    assert (user.sub, user.login, user.name, user.email) == ("1", "alice", "alice", None)
