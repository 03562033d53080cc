"""Revocation and introspection: whose business a token is."""

from __future__ import annotations

from typing import Any

import pytest
from harness import RESOURCE, SERVICE, Server


def confidential(server: Server) -> dict[str, Any]:
    return server.register(token_endpoint_auth_method="client_secret_basic")


def test_revoking_an_access_token_ends_it_alone(either: Server) -> None:
    tokens = either.tokens()
    client = tokens["flow"].client
    response = either.authenticated("/revoke", client, {"token": tokens["access_token"]})
    assert (response.status_code, response.content) == (200, b"")
    assert either.verify(tokens["access_token"]).status_code == 401
    assert either.refresh(tokens["refresh_token"], client).status_code == 200


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "nonsense"])
def test_revoking_a_refresh_token_ends_the_family(server: Server, hint: str | None) -> None:
    tokens = server.tokens()
    client = tokens["flow"].client
    form = {"token": tokens["refresh_token"], **({"token_type_hint": hint} if hint else {})}
    assert server.authenticated("/revoke", client, form).status_code == 200
    assert server.verify(tokens["access_token"]).status_code == 401
    assert server.refresh(tokens["refresh_token"], client).json()["error"] == "invalid_grant"


def test_revoking_what_belongs_to_others_changes_nothing(server: Server) -> None:
    tokens = server.tokens()
    stranger = server.register()
    for token in (tokens["access_token"], tokens["refresh_token"], "unknown"):
        response = server.authenticated("/revoke", stranger, {"token": token})
        assert (response.status_code, response.content) == (200, b"")
    assert server.verify(tokens["access_token"]).status_code == 200
    assert server.refresh(tokens["refresh_token"], tokens["flow"].client).status_code == 200


@pytest.mark.parametrize("path", ["/revoke", "/introspect"])
def test_clients_must_authenticate(server: Server, path: str) -> None:
    client = confidential(server)
    for form in ({"token": "x"}, {"token": "x", "client_id": client["client_id"]}, {"token": "x", "client_id": "who"}):
        response = server.client.post(path, data=form)
        assert response.status_code == 401
        assert response.json()["error"] == "invalid_client"
        assert response.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("path", ["/revoke", "/introspect"])
def test_a_token_is_required(server: Server, path: str) -> None:
    response = server.authenticated(path, confidential(server), {})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_public_clients_cannot_introspect(server: Server) -> None:
    tokens = server.tokens()
    response = server.authenticated("/introspect", tokens["flow"].client, {"token": tokens["access_token"]})
    assert response.status_code == 401


def test_introspecting_an_own_token(either: Server) -> None:
    client = confidential(either)
    tokens = either.tokens(client=client)
    document = either.authenticated("/introspect", client, {"token": tokens["access_token"]}).json()
    assert set(document) == {
        "active", "token_type", "aud", "iss", "sub", "username", "jti", "exp", "iat", "client_id", "scope",
    }  # fmt: skip
    assert document["active"] is True
    assert (document["aud"], document["sub"], document["username"]) == (RESOURCE, "1001", "alice")
    refresh = either.authenticated("/introspect", client, {"token": tokens["refresh_token"]}).json()
    assert refresh["active"] is True
    assert refresh["client_id"] == client["client_id"]


def test_introspecting_what_is_dead_or_belongs_to_others(server: Server) -> None:
    client, stranger = confidential(server), confidential(server)
    tokens = server.tokens(client=client)
    for token in (tokens["access_token"], tokens["refresh_token"], "unknown"):
        assert server.authenticated("/introspect", stranger, {"token": token}).json() == {"active": False}
    server.authenticated("/revoke", client, {"token": tokens["refresh_token"]})
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert server.authenticated("/introspect", client, {"token": token}).json() == {"active": False}


def test_the_owner_of_a_resource_may_know_tokens_for_it(start: Any, redis_server: Any) -> None:
    first = start(redis_url=redis_server.url)
    owner = confidential(first)
    owners = f"{owner['client_id']}={SERVICE}"
    server = start(redis_url=redis_server.url, issuer_url=first.settings.issuer, resource_owners=owners)
    tokens = first.tokens()
    other = first.tokens(resource=None)
    assert server.authenticated("/introspect", owner, {"token": tokens["access_token"]}).json()["active"] is True
    assert server.authenticated("/introspect", owner, {"token": other["access_token"]}).json() == {"active": False}
