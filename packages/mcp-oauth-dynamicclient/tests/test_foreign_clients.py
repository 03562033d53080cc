"""Clients by others get a token and pass ``/verify``: the official SDK, Authlib, and this package's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import httpx2
import pytest
from anyio import to_thread
from authlib.integrations.httpx_client import AsyncOAuth2Client
from harness import Browser, Server, free_port, parameters_of, running, serving
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from mcp_oauth_dynamicclient import OAuth2Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

REDIRECT = "http://127.0.0.1:3456/callback"


def edge(authority: str) -> Starlette:
    """What an edge proxy does: asks ``/verify`` about the service, passes metadata requests to the authority."""

    async def passed_on(request: Request) -> Response:
        forwarded = {
            "X-Forwarded-Method": request.method,
            "X-Forwarded-Proto": request.url.scheme,
            "X-Forwarded-Host": request.headers["host"],
            "X-Forwarded-Uri": request.url.path,
        }
        well_known = request.url.path.startswith("/.well-known/")
        if "authorization" in request.headers and not well_known:
            forwarded["Authorization"] = request.headers["authorization"]
        path = request.url.path if well_known else "/verify"
        async with httpx.AsyncClient(base_url=authority) as client:
            answer = await client.get(path, headers=forwarded)
        kept = {name: answer.headers[name] for name in ("www-authenticate", "content-type") if name in answer.headers}
        if well_known or answer.status_code != 200:
            return Response(answer.content, answer.status_code, kept)
        return JSONResponse({"user": answer.headers["x-user-name"], "scope": answer.headers["x-scope"]})

    return Starlette(routes=[Route("/{path:path}", passed_on, methods=["GET", "POST"])])


@contextmanager
def stage(github: Any) -> Iterator[tuple[Server, str]]:
    """An authority and the address of a service it protects."""
    port = free_port()
    service = f"http://127.0.0.1:{port}"
    with serving(github, protected_resources=service) as server, running(edge(server.url), port):
        yield server, f"{service}/mcp"


def approve(url: str) -> dict[str, str]:
    """Plays the user; returns what the client's redirect URI gets."""
    browser = Browser()
    decided = browser.decide(browser.get(url), "approve")
    return parameters_of(browser.to_client(decided, "", REDIRECT))


class Memory:
    """Token storage of the SDK."""

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


@pytest.mark.anyio
async def test_the_official_sdk(github: Any) -> None:
    with stage(github) as (server, resource):
        answers: list[dict[str, str]] = []
        memory = Memory()

        async def redirect(url: str) -> None:
            answers.append(await to_thread.run_sync(approve, url))

        async def callback() -> AuthorizationCodeResult:
            answer = answers.pop()
            return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer["iss"])

        metadata = OAuthClientMetadata(redirect_uris=[REDIRECT], client_name="SDK client")
        provider = OAuthClientProvider(resource, metadata, memory, redirect, callback)
        async with httpx2.AsyncClient(auth=provider, timeout=30) as client:
            response = await client.post(resource, json={})
            assert response.status_code == 200
            assert response.json() == {"user": "alice", "scope": "mcp:read mcp:write"}
        assert memory.tokens is not None
        assert memory.tokens.refresh_token
        verified = await to_thread.run_sync(server.verify, memory.tokens.access_token, resource)
        assert verified.status_code == 200
        wrong = await to_thread.run_sync(server.verify, memory.tokens.access_token, "http://127.0.0.1:1/mcp")
        assert wrong.status_code == 401


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
async def test_authlib(github: Any, method: str) -> None:
    with stage(github) as (server, resource):
        registered = server.register(token_endpoint_auth_method=method)
        metadata = server.client.get("/.well-known/oauth-authorization-server").json()
        async with AsyncOAuth2Client(
            registered["client_id"],
            registered.get("client_secret"),
            token_endpoint_auth_method=method,
            redirect_uri=REDIRECT,
            code_challenge_method="S256",
            token_endpoint=metadata["token_endpoint"],
        ) as client:
            verifier = "v" * 64
            url, state = client.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, resource=resource
            )
            answer = await to_thread.run_sync(approve, url)
            assert answer["state"] == state
            token = await client.fetch_token(code=answer["code"], code_verifier=verifier, resource=resource)
            assert (await client.post(resource)).json()["user"] == "alice"
            fresh = await client.refresh_token(refresh_token=token["refresh_token"])
            assert fresh["access_token"] != token["access_token"]
            assert (await client.post(resource)).status_code == 200


@pytest.mark.anyio
async def test_the_client_of_this_package(github: Any) -> None:
    with stage(github) as (server, resource):

        def open_browser(url: str) -> bool:
            browser = Browser()
            answer = browser.decide(browser.get(url), "approve")
            while answer.status_code == 302:
                answer = browser.get(answer.headers["location"])
            return True

        async with OAuth2Client(auth_server=server.url, client_name="own client", open_browser=open_browser) as client:
            registration = await client.register()
            assert registration["client_id"].startswith("client_")
            token = await client.authenticate(resource)
            response = await client.request("GET", resource, headers={"Authorization": f"Bearer {token}"})
            assert response.json()["user"] == "alice"
            assert await client.refresh() != token
            await client.revoke()
    await anyio.lowlevel.checkpoint()
