"""The token endpoint: codes, refresh tokens, client authentication. One test per rule, asserting the refusal."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from harness import RESOURCE, SERVICE, Server
from joserfc import jwt
from joserfc.jwk import KeySet
from mcp_oauth_dynamicclient.secrets_at_rest import digest
from mcp_oauth_dynamicclient.store.contract import refresh_key
from mcp_oauth_dynamicclient.store.embedded import EmbeddedStore


def refused(response: httpx.Response, error: str, status: int = 400) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    document: dict[str, Any] = response.json()
    assert document["error"] == error, document
    assert set(document) <= {"error", "error_description"}
    return document


def together(count: int, call: Any) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: call(), range(count)))


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def test_claims_of_an_access_token(server: Server) -> None:
    tokens = server.tokens(scope="mcp:read email")
    keys = KeySet.import_key_set(server.client.get("/jwks").json())
    decoded = jwt.decode(tokens["access_token"], keys, algorithms=["RS256"])
    assert decoded.header["typ"] == "at+jwt"
    assert decoded.header["kid"] == keys.keys[0].kid
    claims = decoded.claims
    assert claims["iss"] == server.settings.issuer
    assert claims["sub"] == "1001"
    assert claims["aud"] == RESOURCE
    assert claims["scope"] == "mcp:read email"
    assert claims["client_id"] == tokens["flow"].client["client_id"]
    assert (claims["username"], claims["name"], claims["email"]) == ("alice", "Alice Example", "alice@example.org")
    assert claims["exp"] - claims["iat"] == 1800
    assert claims["jti"]


def test_the_address_is_told_only_with_the_scope_for_it(server: Server) -> None:
    assert "email" not in claims_of(server.tokens()["access_token"])


def test_an_unverified_address_is_not_told(server: Server) -> None:
    server.github.behave(emails=[{"email": "a@example.org", "primary": True, "verified": False}])
    assert "email" not in claims_of(server.tokens(scope="mcp:read email")["access_token"])


def test_tokens_may_not_be_cached(server: Server) -> None:
    flow = server.flow()
    response = flow.redeem(flow.code())
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"


# Codes


def test_a_code_is_good_once_and_its_replay_ends_the_tokens(either: Server) -> None:
    flow = either.flow()
    code = flow.code()
    tokens = flow.redeem(code).json()
    assert either.verify(tokens["access_token"]).status_code == 200
    refused(flow.redeem(code), "invalid_grant")
    assert either.verify(tokens["access_token"]).status_code == 401
    refused(either.refresh(tokens["refresh_token"], flow.client), "invalid_grant")


def test_of_fifty_redemptions_of_one_code_one_succeeds(either: Server) -> None:
    flow = either.flow()
    code = flow.code()
    responses = together(50, lambda: flow.redeem(code))
    assert sorted({response.status_code for response in responses}) == [200, 400]
    won = [response for response in responses if response.status_code == 200]
    assert len(won) == 1
    assert either.verify(won[0].json()["access_token"]).status_code == 401, "the replays revoked it"


def test_a_code_belongs_to_its_client(server: Server) -> None:
    flow = server.flow()
    code = flow.code()
    own = flow.client
    flow.client = server.register()
    refused(flow.redeem(code), "invalid_grant")
    flow.client = own
    refused(flow.redeem(code), "invalid_grant")


@pytest.mark.parametrize("redirect_uri", [None, "http://127.0.0.1:3456/other", "http://127.0.0.1:1/callback"])
def test_a_code_belongs_to_its_redirect_uri(server: Server, redirect_uri: str | None) -> None:
    flow = server.flow()
    refused(flow.redeem(flow.code(), redirect_uri=redirect_uri), "invalid_grant")


@pytest.mark.parametrize(
    ("verifier", "error"),
    [
        (None, "invalid_request"),
        ("short", "invalid_request"),
        ("v" * 129, "invalid_request"),
        ("v" * 50 + "!", "invalid_request"),
        ("v" * 50 + "\n", "invalid_request"),
        ("v" * 50, "invalid_grant"),
    ],
)
def test_a_code_needs_its_verifier(server: Server, verifier: str | None, error: str) -> None:
    flow = server.flow()
    code = flow.code()
    refused(flow.redeem(code, code_verifier=verifier), error)
    refused(flow.redeem(code), "invalid_grant")


def test_confidential_clients_need_the_verifier_too(server: Server) -> None:
    client = server.register(token_endpoint_auth_method="client_secret_basic")
    flow = server.flow(client=client)
    refused(flow.redeem(flow.code(), code_verifier=None), "invalid_request")


def test_the_challenge_is_no_verifier(server: Server) -> None:
    flow = server.flow()
    refused(flow.redeem(flow.code(), code_verifier=flow.parameters["code_challenge"]), "invalid_grant")


@pytest.mark.parametrize("resource", [SERVICE, f"{SERVICE}/other", "nonsense"])
def test_a_code_belongs_to_its_resource(server: Server, resource: str) -> None:
    flow = server.flow()
    refused(flow.redeem(flow.code(), resource=resource), "invalid_target")


def test_two_resources_are_refused(server: Server) -> None:
    flow = server.flow()
    refused(flow.redeem(flow.code(), resource=[RESOURCE, RESOURCE]), "invalid_target")


def test_the_resource_may_be_left_out_or_written_differently(server: Server) -> None:
    flow = server.flow()
    assert flow.redeem(flow.code(), resource=None).status_code == 200
    flow = server.flow()
    assert flow.redeem(flow.code(), resource="HTTP://LOCALHOST:3510/mcp/").status_code == 200


def test_a_resource_cannot_be_added_at_the_token_endpoint(server: Server) -> None:
    flow = server.flow(resource=None)
    refused(flow.redeem(flow.code(), resource=RESOURCE), "invalid_target")


def test_default_resource_is_the_audience_of_clients_that_name_none(start: Any) -> None:
    server = start(default_resource=RESOURCE)
    flow = server.flow(resource=None)
    tokens = flow.redeem(flow.code()).json()
    assert claims_of(tokens["access_token"])["aud"] == RESOURCE
    assert server.verify(tokens["access_token"]).status_code == 200
    assert claims_of(start().tokens(resource=None)["access_token"])["aud"] != RESOURCE


def test_codes_expire(start: Any) -> None:
    server = start(auth_code_lifetime=1)
    flow = server.flow()
    code = flow.code()
    time.sleep(1.1)
    refused(flow.redeem(code), "invalid_grant")


def test_an_unknown_code(server: Server) -> None:
    refused(server.flow().redeem("unknown"), "invalid_grant")


# The request


def test_the_token_endpoint_takes_forms_only(server: Server) -> None:
    refused(server.client.post("/token", json={"grant_type": "authorization_code"}), "invalid_request")
    refused(server.client.post("/token", content=b"\xff", headers=_FORM), "invalid_request")
    refused(server.client.post("/token", content=b"&".join([b"a=1"] * 200), headers=_FORM), "invalid_request")
    refused(server.client.post("/token", content=b"a=%ff", headers=_FORM), "invalid_request")
    assert server.client.get("/token").status_code == 405


def test_a_form_may_not_be_large(server: Server) -> None:
    refused(server.client.post("/token", content=b"a=" + b"x" * 70_000, headers=_FORM), "invalid_request", 413)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": 'x"\\\u20ac'}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": ["authorization_code", "authorization_code"]}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": ["a", "b"]}, "invalid_request"),
    ],
)
def test_malformed_token_requests(server: Server, form: dict[str, Any], error: str) -> None:
    refused(server.client.post("/token", data={"client_id": _client(server)["client_id"], **form}), error)


_FORM = {"content-type": "application/x-www-form-urlencoded"}
_clients: dict[str, dict[str, Any]] = {}


def _client(server: Server) -> dict[str, Any]:
    return _clients.setdefault(server.url, server.register())


def test_the_client_must_have_registered_the_grant(server: Server) -> None:
    client = server.register(grant_types=["authorization_code"])
    flow = server.flow(client=client)
    tokens = flow.redeem(flow.code()).json()
    assert "refresh_token" not in tokens
    refused(server.refresh("x", client), "unauthorized_client")
    other = server.register(grant_types=["refresh_token"])
    refused(
        server.authenticated("/token", other, {"grant_type": "authorization_code", "code": "x"}), "unauthorized_client"
    )


# Client authentication


def _challenged(response: httpx.Response) -> None:
    refused(response, "invalid_client", 401)
    assert response.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_confidential_clients_authenticate_as_registered(server: Server, method: str) -> None:
    client = server.register(token_endpoint_auth_method=method)
    flow = server.flow(client=client)
    assert flow.redeem(flow.code()).status_code == 200
    form = {"grant_type": "authorization_code", "code": "x"}
    own = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    _challenged(server.client.post("/token", data={**form, "client_id": client["client_id"]}))
    if method == "client_secret_basic":
        _challenged(server.client.post("/token", data={**form, **own}))
    else:
        _challenged(server.client.post("/token", data=form, auth=(own["client_id"], own["client_secret"])))
    _challenged(server.client.post("/token", data=form, auth=(client["client_id"], "wrong")))
    _challenged(server.client.post("/token", data={**form, **own, "client_secret": "wrong"}))


def test_public_clients_have_no_secret_to_send(server: Server) -> None:
    client = server.register()
    form = {"grant_type": "authorization_code", "code": "x", "client_id": client["client_id"]}
    _challenged(server.client.post("/token", data={**form, "client_secret": "any"}))
    _challenged(server.client.post("/token", data=form | {"client_id": ""}, auth=(client["client_id"], "any")))


@pytest.mark.parametrize("authorization", ["Basic ####", "Basic /w==", "Basic", "Bearer x", "Basic Og=="])
def test_unreadable_credentials(server: Server, authorization: str) -> None:
    form = {"grant_type": "authorization_code", "code": "x"}
    _challenged(server.client.post("/token", data=form, headers={"Authorization": authorization}))


def test_an_unknown_client(server: Server) -> None:
    _challenged(server.client.post("/token", data={"grant_type": "authorization_code", "code": "x"}))
    _challenged(server.client.post("/token", data={"grant_type": "authorization_code", "code": "x", "client_id": "y"}))


def test_basic_credentials_are_url_decoded(server: Server) -> None:
    client = server.register(token_endpoint_auth_method="client_secret_basic")
    encoded = "".join(f"%{ord(char):02X}" for char in client["client_secret"])
    credentials = base64.b64encode(f"{client['client_id']}:{encoded}".encode()).decode()
    response = server.client.post(
        "/token",
        data={"grant_type": "authorization_code", "code": "x"},
        headers={"Authorization": f"Basic {credentials}"},
    )
    refused(response, "invalid_grant")


# Refresh tokens


@pytest.mark.parametrize("method", ["none", "client_secret_basic"])
def test_refresh_tokens_rotate_and_reuse_ends_the_family(either: Server, method: str) -> None:
    tokens = either.tokens(client=either.register(token_endpoint_auth_method=method))
    client = tokens["flow"].client
    second = either.refresh(tokens["refresh_token"], client).json()
    assert second["refresh_token"] != tokens["refresh_token"]
    assert either.verify(second["access_token"]).status_code == 200
    third = either.refresh(second["refresh_token"], client).json()
    refused(either.refresh(tokens["refresh_token"], client), "invalid_grant")
    refused(either.refresh(third["refresh_token"], client), "invalid_grant")
    for dead in (tokens, second, third):
        assert either.verify(dead["access_token"]).status_code == 401


def test_of_fifty_uses_of_one_refresh_token_one_succeeds_and_the_family_is_dead(either: Server) -> None:
    tokens = either.tokens()
    client = tokens["flow"].client
    responses = together(50, lambda: either.refresh(tokens["refresh_token"], client))
    won = [response.json() for response in responses if response.status_code == 200]
    assert len(won) == 1
    assert {response.status_code for response in responses} == {200, 400}
    assert either.verify(won[0]["access_token"]).status_code == 401
    refused(either.refresh(won[0]["refresh_token"], client), "invalid_grant")


def test_a_refresh_token_belongs_to_its_client(server: Server) -> None:
    tokens = server.tokens()
    refused(server.refresh(tokens["refresh_token"], server.register()), "invalid_grant")
    assert server.refresh(tokens["refresh_token"], tokens["flow"].client).status_code == 200


def test_scope_may_shrink_but_not_grow(server: Server) -> None:
    tokens = server.tokens(scope="mcp:read mcp:write")
    client = tokens["flow"].client
    refused(server.refresh(tokens["refresh_token"], client, scope="mcp:read profile"), "invalid_scope")
    narrow = server.refresh(tokens["refresh_token"], client, scope="mcp:read").json()
    assert narrow["scope"] == "mcp:read"
    assert server.refresh(narrow["refresh_token"], client).json()["scope"] == "mcp:read mcp:write"


def test_resource_of_a_refresh_is_the_granted_one(server: Server) -> None:
    tokens = server.tokens()
    client = tokens["flow"].client
    refused(server.refresh(tokens["refresh_token"], client, resource=f"{SERVICE}/other"), "invalid_target")
    fresh = server.refresh(tokens["refresh_token"], client, resource=RESOURCE).json()
    assert claims_of(fresh["access_token"])["aud"] == RESOURCE


def test_an_unknown_refresh_token(server: Server) -> None:
    refused(server.refresh("unknown", server.register()), "invalid_grant")


def test_refresh_of_a_client_that_may_no_longer_have_the_scope(server: Server) -> None:
    client = server.register(scope="mcp:read mcp:write")
    tokens = server.tokens(client=client)
    document = {
        "client_id": client["client_id"],
        "redirect_uris": client["redirect_uris"],
        "scope": "profile",
        "token_endpoint_auth_method": "none",
    }
    headers = {"Authorization": f"Bearer {client['registration_access_token']}"}
    assert server.client.put(f"/register/{client['client_id']}", json=document, headers=headers).status_code == 200
    refused(server.refresh(tokens["refresh_token"], client), "invalid_scope")


def test_refresh_of_a_user_who_left_the_list(start: Any, redis_server: Any) -> None:
    before = start(redis_url=redis_server.url)
    tokens = before.tokens()
    after = start(redis_url=redis_server.url, issuer_url=before.settings.issuer, allowed_github_users="bob")
    refused(after.refresh(tokens["refresh_token"], tokens["flow"].client), "invalid_grant")
    assert before.verify(tokens["access_token"]).status_code == 401


def test_refresh_lifetime_slides_up_to_the_cap(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EmbeddedStore()
    server = start({"store": store}, refresh_token_lifetime=1000, refresh_family_lifetime=1500)

    def life(refresh_token: str) -> float:
        return store._values[refresh_key(digest(refresh_token))][1] - time.time()

    def later(seconds: int) -> None:
        clock = SimpleNamespace(time=lambda: time.time() + seconds)
        monkeypatch.setattr("mcp_oauth_dynamicclient.oauth.server.time", clock)

    tokens = server.tokens()
    client = tokens["flow"].client
    assert life(tokens["refresh_token"]) == pytest.approx(1000, abs=60)
    later(300)
    tokens = server.refresh(tokens["refresh_token"], client).json()
    assert life(tokens["refresh_token"]) == pytest.approx(1000, abs=60), "1000 s since the last use"
    later(1200)
    tokens = server.refresh(tokens["refresh_token"], client).json()
    assert life(tokens["refresh_token"]) == pytest.approx(300, abs=60), "1500 s since the sign-in"


# Limits


def test_token_rate_per_client_and_address(start: Any) -> None:
    server = start(token_rate="2/min")
    client, other = server.register(), server.register()
    assert [server.refresh("x", client).status_code for _ in range(3)] == [400, 400, 429]
    limited = server.refresh("x", client)
    assert int(limited.headers["retry-after"]) in range(1, 61)
    assert server.refresh("x", other).status_code == 400
    basic = {"grant_type": "refresh_token", "refresh_token": "x"}
    auth = (other["client_id"], "wrong")
    assert server.client.post("/token", data=basic, auth=auth).status_code == 401
    assert server.client.post("/token", data=basic, auth=auth).status_code == 429
