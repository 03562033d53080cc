"""The authorization endpoint, the consent page and the return from GitHub: one test per rule, asserting the refusal."""

from __future__ import annotations

import re
from typing import Any

import pytest
from harness import CALLBACK, RESOURCE, Browser, Flow, Server, hidden_fields, parameters_of
from mcp_oauth_dynamicclient import github


def refusal(flow: Flow) -> dict[str, str]:
    """The error a redirect carries; it must also carry ``state`` and ``iss``."""
    response = flow.authorize()
    answer = parameters_of(response)
    assert response.headers["location"].startswith(CALLBACK)
    assert answer["iss"] == flow.server.settings.issuer
    return answer


def test_whole_flow(either: Server) -> None:
    tokens = either.tokens()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 1800
    assert tokens["scope"] == "mcp:read mcp:write"
    assert either.verify(tokens["access_token"]).status_code == 200


@pytest.mark.parametrize("client_id", [None, "client_unknown", "nonsense", "", "https://client.example/"])
def test_unknown_client_gets_a_page_and_no_redirect(server: Server, client_id: str | None) -> None:
    flow = server.flow(client_id=client_id)
    response = flow.authorize()
    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.test/callback",
        "http://127.0.0.1:3456/callback/",
        "http://127.0.0.1:3456/callback?x=1",
        "http://127.0.0.1.evil.test:3456/callback",
        "http://localhost:3456/callback",
        "http://user@127.0.0.1:3456/callback",
        'http://127.0.0.1:3456/"<script>',
    ],
)
def test_unregistered_redirect_uri_gets_a_page_and_no_redirect(server: Server, redirect_uri: str) -> None:
    response = server.flow(redirect_uri=redirect_uri).authorize()
    assert response.status_code == 400
    assert "location" not in response.headers
    assert "<script>" not in response.text


def test_two_redirect_uris_get_a_page(server: Server) -> None:
    response = server.flow(redirect_uri=[CALLBACK, CALLBACK]).authorize()
    assert response.status_code == 400
    assert "location" not in response.headers


def test_redirect_uri_may_be_left_out_only_if_there_is_one(server: Server) -> None:
    assert server.flow(redirect_uri=None).authorize().status_code == 200
    two = server.register(redirect_uris=[CALLBACK, "https://app.example/cb"])
    assert server.flow(client=two, redirect_uri=None).authorize().status_code == 400


def test_only_the_port_of_a_loopback_redirect_uri_may_differ(server: Server) -> None:
    assert server.flow(redirect_uri="http://127.0.0.1:59999/callback").authorize().status_code == 200
    fixed = server.register(redirect_uris=["https://app.example/cb"])
    assert server.flow(client=fixed, redirect_uri="https://app.example:8443/cb").authorize().status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJ"}, "invalid_request"),
        ({"request_uri": "https://x.test/r"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 43 + "\n"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "mcp:read openid"}, "invalid_scope"),
        ({"resource": "https://elsewhere.test/mcp"}, "invalid_target"),
        ({"resource": f"{RESOURCE}#part"}, "invalid_target"),
        ({"resource": "not a uri"}, "invalid_target"),
        ({"resource": "/mcp"}, "invalid_target"),
        ({"resource": [RESOURCE, RESOURCE]}, "invalid_target"),
        ({"resource": "http://localhost:3510/mcp/../admin"}, "invalid_target"),
        ({"scope": ["mcp:read", "mcp:write"]}, "invalid_request"),
    ],
)
def test_everything_else_is_told_to_the_client(server: Server, changes: dict[str, Any], error: str) -> None:
    flow = server.flow(**changes)
    answer = refusal(flow)
    assert answer["error"] == error
    assert answer["state"] == flow.state


def test_pkce_is_required_of_confidential_clients_too(server: Server) -> None:
    client = server.register(token_endpoint_auth_method="client_secret_basic")
    answer = refusal(server.flow(client=client, code_challenge=None, code_challenge_method=None))
    assert answer["error"] == "invalid_request"


def test_two_states_are_refused_without_choosing_one(server: Server) -> None:
    answer = refusal(server.flow(state=["one", "two"]))
    assert answer["error"] == "invalid_request"
    assert "state" not in answer


def test_a_state_that_is_too_long_is_refused(server: Server) -> None:
    assert refusal(server.flow(state="s" * 5000))["error"] == "invalid_request"


def test_the_client_must_have_registered_the_code_grant(server: Server) -> None:
    client = server.register(grant_types=["refresh_token"])
    assert refusal(server.flow(client=client))["error"] == "unauthorized_client"


def test_scope_cannot_exceed_what_the_client_registered(server: Server) -> None:
    client = server.register(scope="mcp:read")
    assert refusal(server.flow(client=client, scope="mcp:read mcp:write"))["error"] == "invalid_scope"
    assert server.tokens(client=client)["scope"] == "mcp:read"


def test_wildcard_scope_is_the_union(server: Server) -> None:
    assert server.tokens(scope="mcp:* profile")["scope"] == "mcp:read mcp:write profile"


def test_state_and_resource_may_be_left_out(server: Server) -> None:
    flow = server.flow(state=None, resource=None)
    code = flow.code()
    tokens = flow.redeem(code).json()
    assert server.verify(tokens["access_token"]).status_code == 401, "a token for no service opens none"


def test_post_is_accepted(server: Server) -> None:
    flow = server.flow()
    response = flow.browser.client.post(f"{server.url}/authorize", data=flow.parameters)
    assert response.status_code == 200
    assert "Allow this application?" in response.text


# The page


def test_consent_page_shows_what_is_asked(server: Server) -> None:
    client = server.register(client_name="<b>Bad & Co</b>")
    page = server.flow(client=client, scope="mcp:read email").authorize()
    text = page.text
    assert "&lt;b&gt;Bad &amp; Co&lt;/b&gt;" in text
    assert "<b>Bad" not in text
    for shown in ("127.0.0.1:3456", "mcp:read, email", RESOURCE, "runs on your own computer"):
        assert shown in text


def test_consent_page_warns_only_about_loopback(server: Server) -> None:
    client = server.register(redirect_uris=["https://app.example/cb"])
    text = server.flow(client=client).authorize().text
    assert "runs on your own computer" not in text
    assert "app.example" in text


def test_consent_page_has_strict_headers(server: Server) -> None:
    headers = server.flow().authorize().headers
    policy = headers["content-security-policy"]
    nonce = re.search(r"style-src 'self' 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert f"form-action 'self' {server.github.url} http://127.0.0.1:3456;" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_no_state_cookie_before_approval(server: Server) -> None:
    flow = server.flow()
    page = flow.authorize()
    assert "mcp_auth" not in flow.browser.client.cookies
    flow.browser.decide(page, "approve")
    assert "mcp_auth" in flow.browser.client.cookies


def test_every_authorization_asks_for_consent(server: Server) -> None:
    flow = server.flow()
    flow.code()
    again = flow.authorize()
    assert again.status_code == 200
    assert "Allow this application?" in again.text


def test_cookies_of_an_https_issuer_are_bound_to_the_host(start: Any) -> None:
    secure = start(issuer_url="https://auth.example.org", base_domain="example.org", protected_resources="")
    header = secure.flow(resource="https://svc.example.org/mcp").authorize().headers["set-cookie"]
    assert header.startswith("__Host-mcp_form=")
    for attribute in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert attribute in header
    assert "Domain" not in header


# The decision


def test_denial_is_told_to_the_client(server: Server) -> None:
    flow = server.flow()
    answer = parameters_of(flow.answer("deny"))
    assert answer["error"] == "access_denied"
    assert answer["state"] == flow.state
    assert answer["iss"] == server.settings.issuer


def test_consent_needs_the_token_of_the_form(server: Server) -> None:
    flow = server.flow()
    response = flow.browser.decide(flow.authorize(), "approve", csrf_token="forged")
    assert response.status_code == 400
    assert "location" not in response.headers


def test_consent_needs_the_browser_that_was_asked(server: Server) -> None:
    page = server.flow().authorize()
    response = Browser().decide(page, "approve")
    assert response.status_code == 400
    assert "location" not in response.headers


def test_an_attacker_cannot_let_another_browser_consent_with_its_own_form(server: Server) -> None:
    theirs, own = server.flow(), server.flow()
    form, _ = theirs.authorize(), own.authorize()
    response = own.browser.decide(form, "approve")
    assert response.status_code == 400


def test_consent_from_another_origin_is_refused(server: Server) -> None:
    flow = server.flow()
    form = {**hidden_fields(flow.authorize().text), "decision": "approve"}
    response = flow.browser.client.post(f"{server.url}/consent", data=form, headers={"Origin": "https://evil.test"})
    assert response.status_code == 400


def test_a_form_is_good_for_one_decision(server: Server) -> None:
    flow = server.flow()
    page = flow.authorize()
    assert flow.browser.decide(page, "approve").status_code == 302
    assert flow.browser.decide(page, "approve").status_code == 400


@pytest.mark.parametrize("decision", ["", "maybe"])
def test_a_form_without_a_decision_decides_nothing(server: Server, decision: str) -> None:
    flow = server.flow()
    page = flow.authorize()
    assert flow.browser.decide(page, decision).status_code == 400
    assert flow.browser.decide(page, "approve").status_code == 302


# The return


def _sent_to_github(flow: Flow) -> str:
    approved = flow.browser.decide(flow.authorize(), "approve")
    location: str = flow.browser.get(approved.headers["location"]).headers["location"]
    return location


def test_github_is_asked_with_pkce_and_the_least_scope(server: Server) -> None:
    flow = server.flow()
    asked = parameters_of(flow.browser.decide(flow.authorize(), "approve"))
    assert asked["scope"] == "read:user"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{server.settings.issuer}/callback"
    flow = server.flow(scope="mcp:read email")
    assert parameters_of(flow.browser.decide(flow.authorize(), "approve"))["scope"] == "read:user user:email"


def test_callback_needs_a_known_state(server: Server) -> None:
    response = server.client.get("/callback", params={"code": "x", "state": "unknown"})
    assert response.status_code == 400
    assert server.client.get("/callback").status_code == 400


def test_callback_needs_the_browser_that_approved(server: Server) -> None:
    location = _sent_to_github(server.flow())
    response = Browser().get(location)
    assert response.status_code == 400
    assert "location" not in response.headers


def test_callback_refuses_the_cookie_of_another_browser(server: Server) -> None:
    one, other = server.flow(), server.flow()
    location = _sent_to_github(one)
    _sent_to_github(other)
    assert other.browser.get(location).status_code == 400


def test_a_state_is_good_for_one_callback(server: Server) -> None:
    flow = server.flow()
    location = _sent_to_github(flow)
    assert flow.browser.get(location).status_code == 302
    assert flow.browser.get(location).status_code == 400


def test_two_sign_ins_of_one_browser_do_not_disturb_each_other(server: Server) -> None:
    one = server.flow()
    other = server.flow()
    other.browser = one.browser
    first, second = _sent_to_github(one), _sent_to_github(other)
    assert "code" in parameters_of(one.browser.get(first))
    assert "code" in parameters_of(one.browser.get(second))


def test_client_deleted_during_sign_in(server: Server) -> None:
    flow = server.flow()
    location = _sent_to_github(flow)
    headers = {"Authorization": f"Bearer {flow.client['registration_access_token']}"}
    assert server.client.delete(f"/register/{flow.client['client_id']}", headers=headers).status_code == 204
    assert flow.browser.get(location).status_code == 400


# What GitHub does


def test_user_declines_at_github(server: Server) -> None:
    server.github.behave(deny=True)
    answer = parameters_of(server.flow().answer())
    assert answer["error"] == "access_denied"
    assert "<b>" not in answer["error_description"]


def test_user_who_is_not_on_the_list(server: Server) -> None:
    server.github.behave(user={"id": 7, "login": "mallory"})
    answer = parameters_of(server.flow().answer())
    assert answer["error"] == "access_denied"
    assert "code" not in answer


def test_list_of_users_ignores_case(server: Server) -> None:
    server.github.behave(user={"id": 1001, "login": "Alice"})
    assert "code" in parameters_of(server.flow().answer())


def test_empty_list_of_users_means_nobody(start: Any) -> None:
    nobody = start(allowed_github_users=",")
    assert parameters_of(nobody.flow().answer())["error"] == "access_denied"


def test_star_means_anybody(start: Any) -> None:
    anybody = start(allowed_github_users="*")
    anybody.github.behave(user={"id": 7, "login": "mallory"})
    assert "code" in parameters_of(anybody.flow().answer())


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_github_fails(server: Server, status: int) -> None:
    server.github.behave(status=status)
    answer = parameters_of(server.flow().answer())
    assert answer["error"] == "temporarily_unavailable"
    assert "internal detail" not in answer["error_description"]


def test_github_fails_at_the_user(server: Server) -> None:
    server.github.behave(status=500, fail_at="/api/user")
    assert parameters_of(server.flow().answer())["error"] == "temporarily_unavailable"


def test_github_is_slow(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_oauth_dynamicclient.github._SECONDS", 0.3)
    server.github.behave(delay=3.0, fail_at="/login/oauth/access_token")
    assert parameters_of(server.flow().answer())["error"] == "temporarily_unavailable"


def test_github_waits_ten_seconds_at_most() -> None:
    assert github._SECONDS == 10.0


def test_github_refuses_the_code(server: Server) -> None:
    server.github.behave(token_error="bad_verification_code")
    answer = parameters_of(server.flow().answer())
    assert answer["error"] == "access_denied"
    assert "bad_verification_code" not in str(answer)


def test_github_answers_an_error_of_its_own(server: Server) -> None:
    flow = server.flow()
    approved = flow.browser.decide(flow.authorize(), "approve")
    state = parameters_of(approved)["state"]
    query = {"state": state, "error": "<i>redirect_uri_mismatch</i>", "error_description": "internals"}
    answer = parameters_of(flow.browser.client.get(f"{server.url}/callback", params=query))
    assert answer["error"] == "temporarily_unavailable"
    assert "internals" not in str(answer)
    assert "mismatch" not in str(answer)


def test_github_forgets_the_code_in_its_answer(server: Server) -> None:
    flow = server.flow()
    state = parameters_of(flow.browser.decide(flow.authorize(), "approve"))["state"]
    answer = parameters_of(flow.browser.client.get(f"{server.url}/callback", params={"state": state}))
    assert answer["error"] == "temporarily_unavailable"


# Pages


def test_success_page_shows_and_escapes_what_to_paste(server: Server) -> None:
    response = server.client.get("/success", params={"code": "<c>", "state": "s", "iss": "i", "other": "hidden"})
    assert response.status_code == 200
    assert "&lt;c&gt;" in response.text
    assert "<c>" not in response.text
    assert "hidden" not in response.text
    assert "close this window" in server.client.get("/success").text


def test_error_page_is_static(server: Server) -> None:
    response = server.client.get("/error", params={"error": "<script>alert(1)</script>"})
    assert response.status_code == 200
    assert "alert" not in response.text


def test_paste_flow_through_the_success_page(server: Server) -> None:
    uri = f"{server.settings.issuer}/success"
    client = server.register(redirect_uris=[uri])
    flow = server.flow(client=client)
    response = flow.answer()
    assert response.headers["location"].startswith(uri)
    assert parameters_of(response)["code"] in flow.browser.get(response.headers["location"]).text
