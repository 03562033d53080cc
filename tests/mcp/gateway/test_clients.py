"""Clients of other people, and ours, get a token and call a tool through the edge."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import foreign_tools
import httpx2
import pytest
from anyio import to_thread
from authlib.integrations.httpx_client import AsyncOAuth2Client
from mcp import Client, StdioServerParameters
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp_oauth_dynamicclient import OAuth2Client
from mcp_oauth_dynamicclient.client import FileStorage
from stack import REDIRECT, Gateway
from wire import modern_call

HERE = Path(__file__).resolve().parent
pytestmark = pytest.mark.anyio


class Memory:
    """The SDK's storage, kept in memory."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def landing(gateway: Gateway, address: str) -> str:
    """Where the browser is sent to once the person has agreed."""
    return gateway.stack.person.decide(address, last=False).headers["location"]


def sdk_provider(gateway: Gateway, url: str) -> OAuthClientProvider:
    """The SDK's OAuth client, with the person as its browser."""
    landed: list[str] = []

    async def show(address: str) -> None:
        landed.append(await to_thread.run_sync(landing, gateway, address))

    async def answered() -> AuthorizationCodeResult:
        query = {name: values[0] for name, values in parse_qs(urlsplit(landed.pop()).query).items()}
        return AuthorizationCodeResult(code=query["code"], state=query["state"], iss=query["iss"])

    metadata = OAuthClientMetadata(client_name="sdk", redirect_uris=[REDIRECT], token_endpoint_auth_method="none")
    return OAuthClientProvider(url, metadata, Memory(), show, answered)


@pytest.mark.parametrize("service", ["echo-stateless", "echo-stateful"])
async def test_sdk_client(gateway: Gateway, service: str):
    url = gateway.url(service)
    async with (
        httpx2.AsyncClient(auth=sdk_provider(gateway, url), verify=gateway.context, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        assert client.protocol_version == "2026-07-28"
        result = await client.call_tool("echo", {"message": "from the SDK"})
    assert "from the SDK" in result.content[0].text


async def test_sdk_client_in_legacy_mode(gateway: Gateway):
    url = gateway.url("echo-stateful")
    async with (
        httpx2.AsyncClient(auth=sdk_provider(gateway, url), verify=gateway.context, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode="legacy") as client,
    ):
        result = await client.call_tool("echo", {"message": "from the past"})
    assert "from the past" in result.content[0].text


@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
def test_typescript_client(gateway: Gateway, mode: str, version: str):
    foreign_tools.ensure_installed()
    process = subprocess.Popen(
        [
            foreign_tools.node(),
            "--import",
            str(HERE / "loopback_names.mjs"),
            str(HERE / "foreign_client.mjs"),
            gateway.url("echo-stateless"),
            mode,
            "from TypeScript",
        ],
        cwd=foreign_tools.NODE_DIRECTORY,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(gateway.stack.ca)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        word, _, address = process.stdout.readline().strip().partition(" ")
        assert word == "authorize", process.communicate(timeout=30)
        output, errors = process.communicate(f"{landing(gateway, address)}\n", timeout=60)
    finally:
        process.kill()
        process.wait(timeout=20)
    assert process.returncode == 0, errors
    assert output.splitlines() == [f"version {version}", "answer from TypeScript"]


async def test_authlib_client(gateway: Gateway):
    url = gateway.url("echo-stateless")
    async with httpx2.AsyncClient(verify=gateway.context, timeout=60) as http:
        metadata = (await http.get(f"{gateway.issuer}/.well-known/oauth-authorization-server")).json()
        sent = {
            "redirect_uris": [REDIRECT],
            "client_name": "authlib",
            "token_endpoint_auth_method": "client_secret_basic",
        }
        registered = (await http.post(metadata["registration_endpoint"], json=sent)).json()
    async with AsyncOAuth2Client(
        client_id=registered["client_id"],
        client_secret=registered["client_secret"],
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        verify=gateway.context,
        timeout=60,
    ) as client:
        verifier = "v" * 48
        address, state = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, resource=url, scope="mcp:read"
        )
        landed = await to_thread.run_sync(landing, gateway, address)
        token = await client.fetch_token(
            metadata["token_endpoint"], authorization_response=landed, state=state, code_verifier=verifier, resource=url
        )
        assert token["scope"] == "mcp:read"
        headers, body = modern_call("echo", {"message": "from Authlib"})
        response = await client.post(url, content=body, headers=headers)
    assert response.json()["result"]["content"][0]["text"] == "from Authlib"


async def test_our_oauth_client(gateway: Gateway, tmp_path: Path):
    """The example of its documentation: the first token is for no service, the challenge leads to one that is."""
    storage = FileStorage(tmp_path / "own" / "credentials.json")
    client = OAuth2Client(
        gateway.issuer,
        "Gateway test",
        storage=storage,
        open_browser=gateway.stack.person.decide,
        verify=str(gateway.stack.ca),
    )
    registration = await client.register()
    token = await client.authenticate()
    headers, body = modern_call("echo", {"message": "from us"})
    url = gateway.url("echo-stateless")
    response = await client.request("POST", url, content=body, headers={**headers, "Authorization": f"Bearer {token}"})
    assert response.json()["result"]["content"][0]["text"] == "from us"
    first = client.token
    assert await client.refresh() != first
    assert (await client.request("POST", url, content=body, headers=headers)).status_code == 200
    assert (await client.get_client_configuration())["client_id"] == registration["client_id"]
    assert (await client.update_client_configuration({"client_name": "Renamed"}))["client_name"] == "Renamed"
    await client.revoke()
    assert client.token is None
    await client.delete_client_registration()
    assert await storage.registration(gateway.issuer) is None


@pytest.mark.skipif(
    importlib.util.find_spec("mcp_streamablehttp_client") is None, reason="package 3 is not installed here"
)
async def test_bridge_between_a_stdio_host_and_the_edge(gateway: Gateway, tmp_path: Path):
    ca = str(gateway.stack.ca)
    browser = shlex.join([sys.executable, str(HERE / "browser.py"), "%s"])
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(HERE / "loopback_names"),
        "SSL_CERT_FILE": ca,
        "BROWSER": browser,
        "CREDENTIAL_STORAGE_PATH": str(tmp_path / "own" / "credentials.json"),
    }
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mcp_streamablehttp_client", "--server-url", gateway.url("echo-stateful")],
        env=environment,
        cwd=tmp_path,
    )
    for message in ("first", "second, without a browser"):
        async with Client(server, read_timeout_seconds=60) as client:
            result = await client.call_tool("echo", {"message": message})
            assert message in result.content[0].text
        environment["BROWSER"] = "false"
