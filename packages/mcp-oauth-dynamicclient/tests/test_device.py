"""The device flow, from the codes to the tokens."""

from __future__ import annotations

import time
from typing import Any

import pytest
from harness import RESOURCE, Browser, Server, hidden_fields, wait_for
from mcp_oauth_dynamicclient.oauth import device

GRANT = device.GRANT_DEVICE


@pytest.fixture
def devices(start: Any) -> Server:
    server: Server = start(enable_device_flow=True)
    return server


def codes(server: Server, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    client = server.register(grant_types=[GRANT, "refresh_token"], redirect_uris=[])
    response = server.authenticated("/device_authorization", client, {"resource": RESOURCE, **more})
    assert response.status_code == 200, response.text
    return client, response.json()


def poll(server: Server, client: dict[str, Any], given: dict[str, Any]) -> Any:
    form = {"grant_type": GRANT, "device_code": given["device_code"]}
    return server.authenticated("/token", client, form)


def decide(server: Server, user_code: str, decision: str) -> Any:
    browser = Browser()
    form = browser.get(f"{server.url}/device")
    page = browser.client.post(
        f"{server.url}/device", data={**hidden_fields(form.text), "user_code": user_code.lower().replace("-", " ")}
    )
    answer = browser.decide(page, decision)
    while answer.status_code == 302:
        answer = browser.get(answer.headers["location"])
    return answer


def test_whole_device_flow(devices: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client, given = codes(devices)
    assert given["expires_in"] == 600
    assert given["interval"] == 5
    assert len(given["user_code"].replace("-", "")) == 8
    assert given["verification_uri"] == f"{devices.settings.issuer}/device"
    assert poll(devices, client, given).json()["error"] == "authorization_pending"
    assert "connected" in decide(devices, given["user_code"], "approve").text
    tokens = poll(devices, client, given).json()
    assert devices.verify(tokens["access_token"]).status_code == 200
    assert devices.refresh(tokens["refresh_token"], client).status_code == 200
    assert poll(devices, client, given).json()["error"] == "invalid_grant", "a code is good once"


def test_the_page_asks_for_consent_and_names_the_client(devices: Server) -> None:
    _, given = codes(devices)
    browser = Browser()
    form = browser.get(given["verification_uri_complete"])
    assert given["user_code"] in form.text
    page = browser.client.post(
        f"{devices.url}/device", data={**hidden_fields(form.text), "user_code": given["user_code"]}
    )
    assert "Allow this application?" in page.text
    assert "test client" in page.text
    assert RESOURCE in page.text


def test_denial_is_told_to_the_device(devices: Server) -> None:
    client, given = codes(devices)
    assert decide(devices, given["user_code"], "deny").status_code == 403
    assert poll(devices, client, given).json()["error"] == "access_denied"


def test_foreign_users_are_refused(devices: Server) -> None:
    devices.github.behave(user={"id": 7, "login": "mallory"})
    client, given = codes(devices)
    assert decide(devices, given["user_code"], "approve").status_code == 403
    assert poll(devices, client, given).json()["error"] == "access_denied"


def test_github_trouble_leaves_the_code_undecided(devices: Server) -> None:
    devices.github.behave(status=502)
    client, given = codes(devices)
    assert decide(devices, given["user_code"], "approve").status_code == 403
    devices.github.behave()
    decide(devices, given["user_code"], "approve")
    assert poll(devices, client, given).status_code == 200


def test_polling_too_fast_slows_down(devices: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "INTERVAL", 1)
    client, given = codes(devices)
    assert poll(devices, client, given).json()["error"] == "authorization_pending"
    wait_for(lambda: poll(devices, client, given).json()["error"] == "slow_down", "two polls within the interval")
    wait_for(lambda: poll(devices, client, given).json()["error"] == "authorization_pending", "the interval is over")


def test_device_codes_expire(devices: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "LIFETIME", 1)
    client, given = codes(devices)
    time.sleep(2.1)
    assert poll(devices, client, given).json()["error"] == "expired_token"
    browser = Browser()
    form = browser.get(f"{devices.url}/device")
    page = browser.client.post(
        f"{devices.url}/device", data={**hidden_fields(form.text), "user_code": given["user_code"]}
    )
    assert page.status_code == 400


def test_device_codes_belong_to_their_client(devices: Server) -> None:
    client, given = codes(devices)
    stranger, _ = codes(devices)
    decide(devices, given["user_code"], "approve")
    assert poll(devices, stranger, given).status_code == 400
    assert poll(devices, client, given).status_code == 200


def test_refusals_of_the_device_endpoint(devices: Server) -> None:
    client, given = codes(devices)

    def ask(who: dict[str, Any], **form: str) -> str:
        return str(devices.authenticated("/device_authorization", who, form).json()["error"])

    assert ask(devices.register()) == "unauthorized_client"
    assert ask(client, scope="admin") == "invalid_scope"
    assert ask(client, resource="https://elsewhere.test") == "invalid_target"
    assert devices.client.post("/device_authorization", data={"scope": "mcp:read"}).status_code == 401
    assert devices.authenticated("/token", client, {"grant_type": GRANT}).json()["error"] == "invalid_request"
    unknown = {"device_code": "unknown"}
    assert poll(devices, client, unknown).json()["error"] == "invalid_grant"
    wrong = {"grant_type": GRANT, "device_code": given["device_code"], "resource": "http://localhost:3510/x"}
    assert devices.authenticated("/token", client, wrong).json()["error"] == "invalid_target"


def test_the_page_needs_its_form_and_a_known_code(devices: Server) -> None:
    browser = Browser()
    form = browser.get(f"{devices.url}/device")
    fields = hidden_fields(form.text)
    assert browser.client.post(f"{devices.url}/device", data={**fields, "user_code": "BBBB-BBBB"}).status_code == 400
    assert Browser().client.post(f"{devices.url}/device", data={**fields, "user_code": "x"}).status_code == 400
    forged = {"csrf_token": "forged", "user_code": "x"}
    assert browser.client.post(f"{devices.url}/device", data=forged).status_code == 400


def test_guessing_user_codes_is_limited(start: Any) -> None:
    server = start(enable_device_flow=True, token_rate="2/min")
    browser = Browser()
    fields = {**hidden_fields(browser.get(f"{server.url}/device").text), "user_code": "BBBB-BBBB"}
    statuses = [browser.client.post(f"{server.url}/device", data=fields).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


def test_the_device_flow_is_off_by_default(server: Server) -> None:
    assert server.client.get("/device").status_code == 404
    assert server.client.post("/device_authorization", data={"client_id": "x"}).status_code == 404


def test_metadata_of_the_device_flow(devices: Server) -> None:
    document = devices.client.get("/.well-known/oauth-authorization-server").json()
    assert document["device_authorization_endpoint"] == f"{devices.settings.issuer}/device_authorization"
    assert GRANT in document["grant_types_supported"]
