"""An authorization server and a service small enough to misbehave on demand, both on loopback.

They keep to the protocol unless told otherwise: PKCE is verified (by Authlib's
own function), codes and refresh tokens work once, tokens are for one resource.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import uvicorn
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

METHODS = ["GET", "POST", "PUT", "DELETE"]


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Serves ``app`` on a free port of 127.0.0.1; yields its origin."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


class Authority:
    """The authorization server. ``seen`` is every request but the metadata's, ``metadata`` changes its metadata."""

    def __init__(self) -> None:
        self.issuer = ""
        self.metadata: dict[str, Any] = {}
        self.answer: dict[str, str | None] = {}
        self.token_status: tuple[int, Any] | None = None
        self.lifetime = 600
        self.redirects: dict[str, str] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.clients: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.refreshable: dict[str, dict[str, str]] = {}
        self.live: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self._metadata),
                Route("/register", self._register, methods=["POST"]),
                Route("/register/{client_id}", self._manage, methods=METHODS),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/revoke", self._revoke, methods=["POST"]),
                Route("/moved", self._document),
            ]
        )

    def count(self, path: str) -> int:
        """How often ``path`` was asked."""
        return sum(1 for seen, _ in self.seen if seen == path)

    def last(self, path: str) -> dict[str, str]:
        """The parameters ``path`` was asked with last."""
        return next(parameters for seen, parameters in reversed(self.seen) if seen == path)

    def document(self) -> dict[str, Any]:
        """The metadata, with what the test changed; ``None`` takes an entry away."""
        standard = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "registration_endpoint": f"{self.issuer}/register",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return {name: value for name, value in {**standard, **self.metadata}.items() if value is not None}

    async def _metadata(self, request: Request) -> Response:
        if "metadata" in self.redirects:
            return RedirectResponse(self.redirects["metadata"])
        return JSONResponse(self.document())

    async def _document(self, request: Request) -> Response:
        return JSONResponse(self.document())

    async def _register(self, request: Request) -> Response:
        metadata = await request.json()
        self.seen.append(("/register", metadata))
        client_id = f"client_{secrets.token_hex(4)}"
        record = {
            **metadata,
            "client_id": client_id,
            "client_id_issued_at": int(time.time()),
            "registration_access_token": f"reg-{secrets.token_hex(8)}",
            "registration_client_uri": f"{self.issuer}/register/{client_id}",
        }
        self.clients[client_id] = record
        return JSONResponse(record, 201)

    async def _manage(self, request: Request) -> Response:
        self.seen.append((request.method, {}))
        record = self.clients.get(request.path_params["client_id"])
        if record is None or request.headers["authorization"] != f"Bearer {record['registration_access_token']}":
            return JSONResponse({"error": "invalid_token"}, 401)
        if request.method == "DELETE":
            del self.clients[record["client_id"]]
            return Response(status_code=204)
        if request.method == "PUT":
            metadata = await request.json()
            assert metadata["client_id"] == record["client_id"]
            if {"registration_access_token", "client_id_issued_at"} & metadata.keys():
                return JSONResponse({"error": "invalid_client_metadata"}, 400)
            issued = {name: record[name] for name in ("client_id_issued_at", "registration_client_uri")}
            record = {**metadata, **issued, "registration_access_token": f"reg-{secrets.token_hex(8)}"}
            self.clients[record["client_id"]] = record
        return JSONResponse(record)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.seen.append(("/authorize", asked))
        if asked["client_id"] not in self.clients and not asked["client_id"].startswith("https://"):
            return Response("unknown client", 400)
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer, **self.answer}
        query = urlencode({name: value for name, value in answer.items() if value is not None})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}")

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.seen.append(("/token", form))
        if "token" in self.redirects:
            return RedirectResponse(self.redirects["token"], 307)
        if self.token_status is not None:
            status, body = self.token_status
            text = body if isinstance(body, str) else json.dumps(body)
            return Response(text, status, media_type="application/json")
        grant = self._grant(form)
        if grant is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(self._issue(grant), headers={"Cache-Control": "no-store"})

    def _grant(self, form: dict[str, str]) -> dict[str, str] | None:
        if form["grant_type"] == "refresh_token":
            return self.refreshable.pop(form["refresh_token"], None)
        asked = self.codes.pop(form["code"], None)
        if asked is None or create_s256_code_challenge(form["code_verifier"]) != asked["code_challenge"]:
            return None
        assert form["redirect_uri"] == asked["redirect_uri"]
        assert form.get("resource") == asked.get("resource")
        return {"resource": asked.get("resource", ""), "client_id": form["client_id"]}

    def _issue(self, grant: dict[str, str]) -> dict[str, Any]:
        token, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.live[token] = grant
        self.refreshable[refresh] = grant
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "refresh_token": refresh,
            "scope": "mcp:read",
        }

    async def _revoke(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.seen.append(("/revoke", form))
        self.refreshable.pop(form["token"], None)
        self.live.clear()
        return Response(status_code=200)


class Service:
    """The protected service, at ``/mcp``. ``tokens`` is every Authorization it was shown."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self.origin = ""
        self.always_refuse = False
        self.resource: str | None = None
        self.servers: list[str] | None = None
        self.tokens: list[str | None] = []
        self.app = Starlette(
            routes=[
                Route("/mcp", self._mcp, methods=METHODS),
                Route("/mcp/deeper", self._mcp, methods=METHODS),
                Route("/.well-known/oauth-protected-resource/mcp", self._metadata),
                Route("/leave/{target:path}", self._leave),
            ]
        )

    @property
    def url(self) -> str:
        """The endpoint, which is also the resource."""
        return f"{self.origin}/mcp"

    async def _metadata(self, request: Request) -> Response:
        return JSONResponse(
            {
                "resource": self.resource or self.url,
                "authorization_servers": self.servers or [self._authority.issuer],
                "scopes_supported": ["mcp:read", "mcp:write"],
            }
        )

    async def _mcp(self, request: Request) -> Response:
        shown = request.headers.get("authorization")
        self.tokens.append(shown)
        grant = self._authority.live.get((shown or "").removeprefix("Bearer "))
        if grant is None or grant["resource"] != self.url or self.always_refuse:
            metadata = f"{self.origin}/.well-known/oauth-protected-resource/mcp"
            challenge = f'Bearer resource_metadata="{metadata}", scope="mcp:read"'
            return Response(status_code=401, headers={"WWW-Authenticate": challenge})
        return JSONResponse({"body": (await request.body()).decode()})

    async def _leave(self, request: Request) -> Response:
        self.tokens.append(request.headers.get("authorization"))
        return RedirectResponse(str(request.path_params["target"]))


async def browser(url: str) -> None:
    """Goes wherever the address leads, like somebody who is signed in and approves."""
    async with httpx.AsyncClient(follow_redirects=True, timeout=20) as http:
        await http.get(url)
