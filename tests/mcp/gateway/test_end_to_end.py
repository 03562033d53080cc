"""The whole life of a grant through the edge, with everything in place."""

from __future__ import annotations

from stack import Gateway
from wire import tool_text


def test_register_consent_token_call_refresh_reuse_revoke(gateway: Gateway):
    service = "echo-stateless"
    resource = gateway.url(service)

    def call(access: str):
        return gateway.call(service, "echo", {"message": "hello"}, {"Authorization": f"Bearer {access}"})

    # Nothing without a token.
    assert gateway.call(service, "echo", {"message": "hello"}, {}).status_code == 401

    # Register, consent, sign in: the code becomes a token, once.
    client_id = gateway.register()
    with gateway.stack.signed_in("alice"):
        redemption = gateway.approve(client_id, resource)
    first = gateway.token(**redemption)
    assert first.status_code == 200, first.text
    assert first.headers["cache-control"] == "no-store"
    assert tool_text(call(first.json()["access_token"])) == "hello"

    # Refresh: both tokens are new.
    def refresh(token: str):
        return gateway.token(grant_type="refresh_token", refresh_token=token, client_id=client_id)

    second = refresh(first.json()["refresh_token"])
    assert second.status_code == 200, second.text
    assert second.json()["refresh_token"] != first.json()["refresh_token"]
    assert tool_text(call(second.json()["access_token"])) == "hello"

    # The old refresh token again: somebody has a copy, so the family ends.
    reused = refresh(first.json()["refresh_token"])
    assert reused.status_code == 400
    assert reused.json()["error"] == "invalid_grant"
    assert refresh(second.json()["refresh_token"]).json()["error"] == "invalid_grant"
    assert call(second.json()["access_token"]).status_code == 401

    # A new grant, revoked by its owner.
    tokens = gateway.sign_in(service)
    assert tool_text(call(tokens.access)) == "hello"
    with gateway.http() as http:
        revoked = http.post(f"{gateway.issuer}/revoke", data={"token": tokens.refresh, "client_id": tokens.client_id})
    assert revoked.status_code == 200
    refused = call(tokens.access)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_denied_consent_gives_no_code(gateway: Gateway):
    address, _, state = gateway.authorization(gateway.register(), gateway.url("echo-stateless"))
    landed = gateway.stack.person.decide(address, "deny", last=False).headers["location"]
    assert "error=access_denied" in landed
    assert f"state={state}" in landed
    assert "code=" not in landed


def test_person_who_is_not_on_the_list(gateway: Gateway):
    address, _, _ = gateway.authorization(gateway.register(), gateway.url("echo-stateless"))
    with gateway.stack.signed_in("mallory"):
        landed = gateway.stack.person.decide(address, last=False).headers["location"]
    assert "error=access_denied" in landed


def test_fetch_behind_the_edge(gateway: Gateway):
    headers = gateway.tokens("fetch").header
    refused = gateway.call("fetch", "fetch", {"url": "http://127.0.0.1/"}, headers)
    # The service is reached, and keeps to its own rules.
    assert refused.status_code == 200
    assert refused.json()["result"]["isError"] is True


def test_every_service_answers_its_own_token(gateway: Gateway):
    for service, tool in (("echo-stateful", "echo"), ("echo-stateless", "echo"), ("proxy", "whoami")):
        arguments = {"message": "x"} if tool == "echo" else {}
        response = gateway.call(service, tool, arguments, gateway.tokens(service).header)
        assert tool_text(response), service
