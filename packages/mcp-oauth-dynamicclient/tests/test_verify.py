"""What the edge proxy asks: every reason to say no, and what yes carries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from harness import KEY, RESOURCE, SERVICE, Server
from joserfc import jwt
from joserfc.jwk import OctKey
from mcp_oauth_dynamicclient.keys import SigningKeys, create_private_key, read_private_key

MODERN = {"MCP-Protocol-Version": "2026-07-28"}


@pytest.fixture(scope="module")
def tokens(shared: Server) -> dict[str, Any]:
    shared.github.behave()
    return shared.tokens()


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    parts = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, claims))
    return next(parts), next(parts)


def signed(claims: dict[str, Any], header: dict[str, Any] | None = None, key: str = KEY) -> str:
    rsa = read_private_key(key, "KEY")
    return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": rsa.kid, **(header or {})}, claims, rsa)


def encoded(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def unauthorized(response: Any, error: str | None = "invalid_token") -> None:
    assert response.status_code == 401, response.text
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert ("error=" in challenge) is (error is not None)
    if error:
        assert f'error="{error}"' in challenge
    assert "x-user-id" not in response.headers


def test_yes_says_who_is_calling(either: Server) -> None:
    tokens = either.tokens()
    response = either.verify(tokens["access_token"])
    assert response.status_code == 200
    assert response.headers["x-user-id"] == "1001"
    assert response.headers["x-user-name"] == "alice"
    assert response.headers["x-client-id"] == tokens["flow"].client["client_id"]
    assert response.headers["x-scope"] == "mcp:read mcp:write"
    assert "x-auth-token" not in response.headers
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "REPORT"])
def test_every_method_is_answered(server: Server, tokens: dict[str, Any], method: str) -> None:
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "X-Forwarded-Host": "localhost:3510"}
    headers.update({"X-Forwarded-Uri": "/mcp", "X-Forwarded-Proto": "http"})
    assert server.client.request(method, "/verify", headers=headers).status_code == 200


def test_the_token_is_passed_on_only_when_told_so(start: Any) -> None:
    server = start(forward_auth_token=True)
    token = server.tokens()["access_token"]
    assert server.verify(token).headers["x-auth-token"] == token


def test_no_token_gets_a_challenge_without_error(server: Server) -> None:
    response = server.verify(None)
    unauthorized(response, None)
    metadata = f'resource_metadata="{SERVICE}/.well-known/oauth-protected-resource/mcp"'
    assert metadata in response.headers["www-authenticate"]
    assert 'scope="mcp:read mcp:write"' in response.headers["www-authenticate"]


def test_the_challenge_of_a_foreign_host_names_no_metadata(server: Server) -> None:
    response = server.verify(None, "https://elsewhere.test/mcp")
    assert "resource_metadata" not in response.headers["www-authenticate"]


@pytest.mark.parametrize("authorization", ["Bearer", "Basic YTpi", "Bearer a.b.c", "Bearer \u00e9", "token x"])
def test_nonsense_in_the_header(server: Server, authorization: str) -> None:
    unauthorized(server.verify(None, Authorization=authorization.encode("latin-1")))


def test_two_authorization_headers(server: Server, tokens: dict[str, Any]) -> None:
    bearer = ("Authorization", f"Bearer {tokens['access_token']}")
    headers = [bearer, bearer, ("X-Forwarded-Host", "localhost:3510"), ("X-Forwarded-Uri", "/mcp")]
    unauthorized(server.client.get("/verify", headers=headers))


def test_a_token_in_the_query_is_refused_even_beside_a_good_one(server: Server, tokens: dict[str, Any]) -> None:
    token = tokens["access_token"]
    unauthorized(server.verify(None, f"{RESOURCE}?access_token={token}"))
    unauthorized(server.verify(token, f"{RESOURCE}?a=1&access_token="))


@pytest.mark.parametrize(
    "uri",
    [
        SERVICE,
        f"{SERVICE}/",
        f"{SERVICE}/mcpx",
        f"{SERVICE}/mcp/../admin",
        f"{SERVICE}/mcp/%2e%2e/admin",
        f"{SERVICE}/mcp/%2E./admin",
        f"{SERVICE}/mcp%2fx",
        f"{SERVICE}/mcp//x",
        f"{SERVICE}/mcp\\..\\admin",
        f"{SERVICE}/MCP",
        "http://localhost:3511/mcp",
        "https://localhost:3510/mcp",
        "http://elsewhere.test/mcp",
        "http://localhost/mcp",
    ],
)
def test_a_token_opens_its_own_service_only(server: Server, tokens: dict[str, Any], uri: str) -> None:
    unauthorized(server.verify(tokens["access_token"], uri))


@pytest.mark.parametrize(
    "uri", [f"{SERVICE}/mcp/", f"{SERVICE}/mcp/sub", "http://LOCALHOST:3510/mcp", f"{RESOURCE}?a=1"]
)
def test_a_token_opens_what_lies_below_its_audience(server: Server, tokens: dict[str, Any], uri: str) -> None:
    assert server.verify(tokens["access_token"], uri).status_code == 200


def test_audience_may_be_a_list(server: Server, tokens: dict[str, Any]) -> None:
    _, claims = decoded(tokens["access_token"])
    assert server.verify(signed({**claims, "aud": ["https://x.test", RESOURCE]})).status_code == 200
    unauthorized(server.verify(signed({**claims, "aud": [7, "https://x.test"]})))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"iss": None},
        {"exp": 1},
        {"exp": "later"},
        {"exp": True},
        {"exp": None},
        {"jti": "unknown"},
        {"jti": None},
        {"jti": 7},
        {"sub": None},
        {"aud": None},
        {"scope": 7},
    ],
)
def test_claims_that_are_wrong(server: Server, tokens: dict[str, Any], changes: dict[str, Any]) -> None:
    _, claims = decoded(tokens["access_token"])
    changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    unauthorized(server.verify(signed(changed)))


def test_a_correctly_signed_copy_is_accepted(server: Server, tokens: dict[str, Any]) -> None:
    assert server.verify(signed(decoded(tokens["access_token"])[1])).status_code == 200, (
        "the tests above mean something"
    )


@pytest.mark.parametrize("typ", ["JWT", "jwt", ""])
def test_other_types_of_token(server: Server, tokens: dict[str, Any], typ: str) -> None:
    unauthorized(server.verify(signed(decoded(tokens["access_token"])[1], {"typ": typ})))


def test_signature_of_another_key(server: Server, tokens: dict[str, Any]) -> None:
    header, claims = decoded(tokens["access_token"])
    unauthorized(server.verify(signed(claims, {"kid": header["kid"]}, create_private_key())))
    unauthorized(server.verify(signed(claims, {"kid": "unknown"})))
    unauthorized(server.verify(tokens["access_token"][:-4] + "AAAA"))


def test_no_algorithm_of_the_tokens_choice(server: Server, tokens: dict[str, Any]) -> None:
    header, claims = decoded(tokens["access_token"])
    unauthorized(server.verify(f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}."))
    public = json.dumps(server.client.get("/jwks").json()["keys"][0]).encode()
    signing_input = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
    mac = base64.urlsafe_b64encode(hmac.new(public, signing_input.encode(), hashlib.sha256).digest()).rstrip(b"=")
    unauthorized(server.verify(f"{signing_input}.{mac.decode()}"))


def test_rs256_tokens_are_not_accepted_with_hs256(start: Any) -> None:
    secret = "not-a-real-secret-" * 3
    server = start(jwt_algorithm="HS256", jwt_secret=secret)
    _, claims = decoded(server.tokens()["access_token"])
    unauthorized(server.verify(signed(claims)))
    key = OctKey.import_key(secret)
    assert server.verify(jwt.encode({"alg": "HS256", "typ": "at+jwt"}, claims, key)).status_code == 200


def test_expired_tokens(start: Any) -> None:
    server = start(access_token_lifetime=1)
    token = server.tokens()["access_token"]
    time.sleep(1.1)
    unauthorized(server.verify(token))


def test_tokens_signed_with_a_previous_key_stay_good(start: Any) -> None:
    fresh = create_private_key()
    server = start(jwt_private_key_b64=fresh, jwt_previous_keys_b64=KEY)
    kids = [key["kid"] for key in server.client.get("/jwks").json()["keys"]]
    assert kids == [read_private_key(fresh, "X").kid, read_private_key(KEY, "X").kid]
    header, claims = decoded(server.tokens()["access_token"])
    assert header["kid"] == kids[0]
    assert server.verify(signed(claims)).status_code == 200
    keys = SigningKeys.asymmetric(read_private_key(fresh, "X"), [])
    assert keys.check(signed(claims), server.settings.issuer) is None


def test_browsers_get_a_page(server: Server) -> None:
    response = server.verify(None, Accept="text/html,*/*")
    assert response.status_code == 401
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["www-authenticate"].startswith("Bearer ")
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    both = server.verify(None, Accept="application/json, text/html")
    assert both.headers["content-type"] == "application/json"


def test_preflight_passes_as_nobody(server: Server) -> None:
    headers = {"X-Forwarded-Method": "OPTIONS", "Access-Control-Request-Method": "POST"}
    response = server.verify(None, **headers)
    assert response.status_code == 200
    for name in ("x-user-id", "x-user-name", "x-client-id", "x-scope"):
        assert response.headers[name] == ""


def test_options_without_preflight_needs_a_token(server: Server) -> None:
    unauthorized(server.verify(None, **{"X-Forwarded-Method": "OPTIONS"}), None)
    unauthorized(server.verify(None, **{"Access-Control-Request-Method": "POST"}), None)


def test_forwarded_headers_of_strangers_are_not_believed(start: Any, github: Any) -> None:
    server = start(trusted_proxies="203.0.113.0/24")
    token = server.tokens()["access_token"]
    unauthorized(server.verify(token))
    headers = {"X-Forwarded-Method": "OPTIONS", "Access-Control-Request-Method": "POST"}
    unauthorized(server.verify(None, **headers), None)


@pytest.mark.parametrize("host", ["", "a b", 'x"y', "a/b", "localhost:3510,evil.test"])
def test_hosts_that_make_no_sense(server: Server, tokens: dict[str, Any], host: str) -> None:
    unauthorized(server.verify(tokens["access_token"], **{"X-Forwarded-Host": host}))


def test_a_token_without_any_default_scope_is_insufficient(server: Server) -> None:
    response = server.verify(server.tokens(scope="profile")["access_token"])
    assert response.status_code == 403
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="mcp:read mcp:write"' in challenge
    assert "resource_metadata=" in challenge
    assert server.verify(server.tokens(scope="mcp:read")["access_token"]).status_code == 200


POLICY = [
    {"host": "localhost", "method": "tools/list", "scope": "mcp:read"},
    {"host": "localhost:*", "method": "tools/call", "name": "write_*", "scope": "mcp:write"},
    {"host": "other.test", "scope": "profile"},
]


def test_scope_policy(start: Any) -> None:
    server = start(scope_policy=json.dumps(POLICY))
    reader = server.tokens(scope="mcp:read")["access_token"]
    writer = server.tokens(scope="mcp:read mcp:write")["access_token"]

    def ask(token: str, **headers: str) -> int:
        return int(server.verify(token, **headers).status_code)

    call = {**MODERN, "Mcp-Method": "tools/call"}
    assert ask(reader, **MODERN, **{"Mcp-Method": "tools/list"}) == 200
    assert ask(reader, **call, **{"Mcp-Name": "read_file"}) == 200, "no rule matches, any default scope will do"
    assert ask(reader, **call, **{"Mcp-Name": "write_file"}) == 403
    assert ask(writer, **call, **{"Mcp-Name": "write_file"}) == 200
    hidden = f"=?base64?{base64.b64encode(b'write_file').decode()}?="
    assert ask(reader, **call, **{"Mcp-Name": hidden}) == 403, "encoded names are decoded first"
    assert ask(reader, **{"MCP-Protocol-Version": "2025-11-25"}, **{"Mcp-Method": "tools/list"}) == 403
    assert ask(reader) == 403, "of older requests nobody knows what they do: every rule for the host applies"
    assert ask(writer) == 200
    assert ask(reader, **{"MCP-Protocol-Version": "zzzz"}, **{"Mcp-Method": "tools/list"}) == 403


def test_insufficient_scope_names_all_that_is_needed(start: Any) -> None:
    rules = [{"scope": "mcp:read"}, {"scope": "profile mcp:write"}]
    server = start(scope_policy=json.dumps(rules))
    response = server.verify(server.tokens(scope="mcp:read")["access_token"])
    assert response.status_code == 403
    assert 'scope="mcp:read profile mcp:write"' in response.headers["www-authenticate"]
    assert 'scope="mcp:read profile mcp:write"' in server.verify(None).headers["www-authenticate"]


def test_names_that_do_not_fit_a_header_are_encoded(server: Server) -> None:
    server.github.behave(user={"id": 5, "login": "alice", "name": "Zoë\r\nX-User-Id: 1"})
    response = server.verify(server.tokens()["access_token"])
    assert response.status_code == 200
    assert response.headers["x-user-id"] == "5"
