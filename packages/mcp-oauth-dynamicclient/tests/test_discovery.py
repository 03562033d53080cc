"""The documents clients start from."""

from __future__ import annotations

from typing import Any

import pytest
from harness import SERVICE, Server
from joserfc.jwk import RSAKey

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"


def forwarded(host: str = "localhost:3510", proto: str = "http") -> dict[str, str]:
    return {"X-Forwarded-Host": host, "X-Forwarded-Proto": proto}


def test_server_metadata(server: Server) -> None:
    response = server.client.get(METADATA)
    assert response.headers["access-control-allow-origin"] == "*"
    issuer = server.settings.issuer
    methods = ["none", "client_secret_basic", "client_secret_post"]
    assert response.json() == {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods[1:],
        "scopes_supported": ["mcp:read", "mcp:write", "profile", "email"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
    }


def test_server_metadata_is_the_same_on_every_host(server: Server) -> None:
    assert server.client.get(METADATA, headers=forwarded()).json() == server.client.get(METADATA).json()


def test_resource_metadata(server: Server) -> None:
    response = server.client.get(f"{RESOURCE}/mcp", headers=forwarded())
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    document = response.json()
    assert document["resource"] == f"{SERVICE}/mcp"
    assert document["authorization_servers"] == [server.settings.issuer]
    assert document["bearer_methods_supported"] == ["header"]
    assert document["scopes_supported"] == ["mcp:read", "mcp:write", "profile", "email"]
    assert document["resource_name"]
    assert server.client.get(RESOURCE, headers=forwarded()).json()["resource"] == SERVICE


def test_resource_metadata_does_not_offer_offline_access(start: Any) -> None:
    server = start(scopes_supported="mcp:read mcp:write offline_access")
    document = server.client.get(RESOURCE, headers=forwarded()).json()
    assert document["scopes_supported"] == ["mcp:read", "mcp:write"]


@pytest.mark.parametrize(
    ("host", "proto"),
    [
        ("localhost:3511", "http"),
        ("localhost:3510", "https"),
        ("evil.test", "http"),
        ("localhost:3510@evil.test", "http"),
        ("localhost:3510/x", "http"),
        ("localhost:3510", "gopher"),
    ],
)
def test_no_metadata_for_foreign_resources(server: Server, host: str, proto: str) -> None:
    assert server.client.get(f"{RESOURCE}/mcp", headers=forwarded(host, proto)).status_code == 404


def test_own_host_is_no_resource(server: Server) -> None:
    assert server.client.get(RESOURCE).status_code == 404


def test_forwarded_headers_of_strangers_are_not_believed(start: Any) -> None:
    server = start(trusted_proxies="203.0.113.0/24")
    assert server.client.get(f"{RESOURCE}/mcp", headers=forwarded()).status_code == 404


@pytest.mark.parametrize("path", [METADATA, RESOURCE, f"{RESOURCE}/mcp", "/jwks"])
def test_preflight(server: Server, path: str) -> None:
    headers = {"Origin": "https://inspector.example", "Access-Control-Request-Method": "GET"}
    response = server.client.options(path, headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/jwks", "/.well-known/jwks.json"])
def test_key_set_is_public_and_named_by_thumbprint(server: Server, path: str) -> None:
    response = server.client.get(path)
    assert response.headers["cache-control"] == "max-age=3600"
    (key,) = response.json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    assert key["kid"] == RSAKey.import_key(key).thumbprint()


def test_hs256_publishes_nothing(start: Any) -> None:
    server = start(jwt_algorithm="HS256", jwt_secret="not-a-real-secret-" * 3, jwt_private_key_b64=None)
    assert server.client.get("/jwks").json() == {"keys": []}
    assert "jwks_uri" not in server.client.get(METADATA).json()
    assert server.verify(server.tokens()["access_token"]).status_code == 200


def test_health_says_which_store(either: Server) -> None:
    document = either.client.get("/health").json()
    assert document["status"] == "healthy"
    assert document["version"]
    if either.settings.redis_url is None:
        assert document["store"] == "embedded"
    else:
        assert document["redis"] == "connected"


def test_unknown_paths_and_methods(server: Server) -> None:
    assert server.client.get("/nowhere").json()["error"] == "invalid_request"
    response = server.client.delete("/token")
    assert response.status_code == 405
    assert response.headers["x-content-type-options"] == "nosniff"
