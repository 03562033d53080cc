"""Dynamic registration and its management: what is accepted, what is refused, what is handed out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from harness import CALLBACK, Server


def post(server: Server, **metadata: Any) -> httpx.Response:
    return server.client.post("/register", json={"redirect_uris": [CALLBACK], **metadata})


def manage(server: Server, method: str, client: dict[str, Any], **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {more.pop('token', client['registration_access_token'])}"}
    return server.client.request(method, f"/register/{client['client_id']}", headers=headers, **more)


def replacement(client: dict[str, Any], **changes: Any) -> dict[str, Any]:
    issued = {
        "registration_access_token",
        "registration_client_uri",
        "client_secret",
        "client_secret_expires_at",
        "client_id_issued_at",
    }
    return {**{name: value for name, value in client.items() if name not in issued}, **changes}


def test_registration_answers_everything_that_was_registered(either: Server) -> None:
    metadata = {
        "client_name": "Näme",
        "client_uri": "https://app.example/",
        "scope": "mcp:read",
        "contacts": ["ops@example.org"],
        "software_id": "s",
    }
    response = post(either, **metadata)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    client = response.json()
    assert {name: client[name] for name in metadata} == metadata
    assert client["client_id"].startswith("client_")
    assert client["registration_access_token"].startswith("reg-")
    assert client["registration_client_uri"] == f"{either.settings.issuer}/register/{client['client_id']}"
    assert client["token_endpoint_auth_method"] == "client_secret_basic"
    assert client["client_secret_expires_at"] == client["client_id_issued_at"] + 7_776_000
    assert client["grant_types"] == ["authorization_code", "refresh_token"]
    assert client["response_types"] == ["code"]
    assert client["application_type"] == "native"


def test_public_clients_get_no_secret(server: Server) -> None:
    client = server.register()
    assert "client_secret" not in client
    assert "client_secret_expires_at" not in client


def test_clients_that_never_end(start: Any) -> None:
    assert post(start(client_lifetime=0)).json()["client_secret_expires_at"] == 0


def test_unknown_metadata_is_ignored(server: Server) -> None:
    assert "favourite" not in post(server, favourite="colour").json()


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost.evil.test/cb",
        "http://127.0.0.1.evil.test/cb",
        "http://app.example/cb",
        "http://127.0.0.1@evil.test/cb",
        "https://user:pw@app.example/cb",
        "https://app.example/cb#part",
        "https://*.app.example/cb",
        "https:///cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "urn:ietf:wg:oauth:2.0:oob",
        "myapp:/cb",
        "https://app.example/ cb",
        "https://app.example:99999/cb",
        "https://app.example/ä",
        "https://[::1/cb",
        "/cb",
        "",
        "https://app.example/" + "x" * 2100,
    ],
)
def test_redirect_uris_that_are_refused(server: Server, uri: str) -> None:
    response = post(server, redirect_uris=[uri])
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb?x=1",
        "http://localhost/cb",
        "http://[::1]:9/cb",
        "http://127.0.0.1:80/",
        "com.example.app:/cb",
        "com.example.app://cb",
    ],
)
def test_redirect_uris_that_are_accepted(server: Server, uri: str) -> None:
    assert post(server, redirect_uris=[uri]).status_code == 201


def test_redirect_uris_are_required(server: Server) -> None:
    assert post(server, redirect_uris=[]).json()["error"] == "invalid_redirect_uri"
    assert server.client.post("/register", json={"client_name": "x"}).json()["error"] == "invalid_redirect_uri"


def test_web_clients_have_https_redirects(server: Server) -> None:
    assert post(server, application_type="web").json()["error"] == "invalid_redirect_uri"
    native = post(server, application_type="native", redirect_uris=["https://app.example/cb"])
    assert native.json()["application_type"] == "native"
    assert post(server, redirect_uris=["https://app.example/cb"]).json()["application_type"] == "web"


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": "https://app.example/cb", "expected": "invalid_redirect_uri"},
        {"redirect_uris": [1], "expected": "invalid_redirect_uri"},
        {"redirect_uris": [CALLBACK] * 21, "expected": "invalid_redirect_uri"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": None},
        {"grant_types": ["implicit"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]},
        {"grant_types": "authorization_code"},
        {"grant_types": [[]]},
        {"response_types": ["token"]},
        {"scope": "admin"},
        {"scope": ["mcp:read"]},
        {"client_name": 7},
        {"client_name": "two\nlines"},
        {"client_name": "right\u202eleft"},
        {"client_name": "x" * 201},
        {"client_uri": "javascript:alert(1)"},
        {"logo_uri": "nonsense"},
        {"application_type": "desktop"},
        {"contacts": "me"},
    ],
)
def test_metadata_that_is_refused(server: Server, metadata: dict[str, Any]) -> None:
    expected = metadata.pop("expected", "invalid_client_metadata")
    response = post(server, **metadata)
    assert response.status_code == 400, response.text
    assert response.json()["error"] == expected
    metadata["expected"] = expected


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b'"x"', b"null", b"[" * 5000, b"\xff", b'{"client_name": "\\ud800"}']
)
def test_bodies_that_are_no_metadata(server: Server, body: bytes) -> None:
    response = server.client.post("/register", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_client_metadata"


def test_registration_takes_json_only(server: Server) -> None:
    assert server.client.post("/register", data={"client_name": "x"}).status_code == 400


def test_large_registrations_are_refused(server: Server) -> None:
    response = post(server, padding="x" * 70_000)
    assert response.status_code == 413


def test_registration_rate_per_address(start: Any) -> None:
    server = start(registration_rate="2/hour")
    assert [post(server).status_code for _ in range(3)] == [201, 201, 429]
    limited = post(server)
    assert 0 < int(limited.headers["retry-after"]) <= 3600
    other = server.client.post(
        "/register", json={"redirect_uris": [CALLBACK]}, headers={"X-Forwarded-For": "203.0.113.9"}
    )
    assert other.status_code == 201, "a trusted proxy tells whose request it is"


def test_registration_can_be_switched_off(start: Any) -> None:
    server = start(enable_dcr=False)
    assert post(server).status_code == 404
    assert "registration_endpoint" not in server.client.get("/.well-known/oauth-authorization-server").json()


# Management


def test_reading_a_registration(either: Server) -> None:
    client = post(either, client_name="mine").json()
    read = manage(either, "GET", client)
    assert read.status_code == 200
    assert read.headers["cache-control"] == "no-store"
    assert "client_secret" not in read.json(), "only its digest is kept"
    assert read.json() == {name: value for name, value in client.items() if name != "client_secret"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_client_and_wrong_token_look_the_same(server: Server, method: str) -> None:
    client = server.register()
    stranger = {**client, "client_id": "client_" + "0" * 32}
    body = {"json": replacement(client)} if method == "PUT" else {}
    answers = [
        manage(server, method, client, token="reg-wrong", **body),
        manage(server, method, client, token=server.register()["registration_access_token"], **body),
        manage(server, method, stranger, **body),
        server.client.request(method, f"/register/{client['client_id']}", **body),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_token"
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert len({answer.text for answer in answers}) == 1
    assert manage(server, "GET", client).status_code == 200


def test_put_replaces_and_changes_the_token(either: Server) -> None:
    client = post(either, client_name="old", software_id="gone").json()
    changed = replacement(client, client_name="new")
    del changed["software_id"]
    response = manage(either, "PUT", client, json=changed)
    assert response.status_code == 200, response.text
    updated = response.json()
    assert updated["client_name"] == "new"
    assert "software_id" not in updated
    assert updated["registration_access_token"] != client["registration_access_token"]
    assert manage(either, "GET", client).status_code == 401
    assert manage(either, "GET", updated).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "client_other"},
        {"registration_access_token": "x"},
        {"registration_client_uri": "x"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 0},
        {"client_secret": "wrong"},
        {"client_secret": 7},
    ],
)
def test_put_must_name_the_client_and_nothing_the_server_issues(server: Server, changes: dict[str, Any]) -> None:
    client = post(server).json()
    document = {name: value for name, value in replacement(client, **changes).items() if value is not None}
    response = manage(server, "PUT", client, json=document)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert manage(server, "GET", client).status_code == 200, "the token is still good"


def test_put_checks_metadata_as_registration_does(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    client = server.register()
    bad = manage(server, "PUT", client, json=replacement(client, redirect_uris=["http://evil.test/"]))
    assert bad.json()["error"] == "invalid_redirect_uri"
    bad = manage(server, "PUT", client, json=replacement(client, scope="admin"))
    assert bad.json()["error"] == "invalid_client_metadata"
    assert manage(server, "PUT", client, json=[]).status_code == 400
    assert capfd.readouterr().out == ""


def test_of_two_puts_at_once_one_wins(either: Server) -> None:
    client = either.register()
    with ThreadPoolExecutor(8) as pool:
        document = replacement(client)
        answers = list(pool.map(lambda _: manage(either, "PUT", client, json=document).status_code, range(8)))
    assert sorted(answers) == [200] + [401] * 7


def test_changing_the_authentication_method_makes_or_drops_the_secret(server: Server) -> None:
    client = server.register()
    confidential = manage(
        server, "PUT", client, json=replacement(client, token_endpoint_auth_method="client_secret_post")
    ).json()
    assert confidential["client_secret"]
    assert server.tokens(client=confidential)["access_token"]
    public = manage(
        server, "PUT", confidential, json=replacement(confidential, token_endpoint_auth_method="none")
    ).json()
    assert "client_secret_expires_at" not in public
    assert server.tokens(client=public)["access_token"]


def test_deleting_ends_every_token_of_the_client_and_of_no_other(either: Server) -> None:
    tokens, others = either.tokens(), either.tokens()
    client = tokens["flow"].client
    second = either.tokens(client=client)
    assert manage(either, "DELETE", client).status_code == 204
    assert manage(either, "GET", client).status_code == 401
    for dead in (tokens, second):
        assert either.verify(dead["access_token"]).status_code == 401
    assert either.refresh(tokens["refresh_token"], client).status_code == 401
    assert either.verify(others["access_token"]).status_code == 200
