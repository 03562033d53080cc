"""``/verify``: what the edge proxy asks about every request (ForwardAuth). Fails closed.

Answers 200 with who is calling, 401, 403, or 503 when the store does not
answer; edge proxies turn anything else into a fault of their own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..proxies import Target
from ..resources import audience_covers
from ..scopes import ScopePolicy
from .context import Context
from .discovery import RESOURCE_PATH
from .faults import NO_STORE, error_response
from .pages import message_page

_NOBODY = {"X-User-Id": "", "X-User-Name": "", "X-Client-Id": "", "X-Scope": ""}
_SAFE_IN_HEADER = "!#$&'()*+,/:;=?@[]~ -._"


class Verify:
    """ASGI application, so that every method is answered."""

    def __init__(self, context: Context, policy: ScopePolicy) -> None:
        self._context = context
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one question."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        target = self._context.proxies.target(request)
        if target is not None and target.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Response(status_code=200, headers={**_NOBODY, **NO_STORE})
        token, in_query = _bearer(request), _token_in_query(target)
        if token is None or in_query:
            given = in_query or "authorization" in request.headers
            return self._challenge(request, target, "invalid_token" if given else None)
        claims = self._context.oauth.keys.check(token, self._context.settings.issuer)
        if claims is None or target is None or not audience_covers(claims.get("aud", ""), target.uri):
            return self._challenge(request, target, "invalid_token")
        if not await self._context.store.is_live(claims["jti"]):
            return self._challenge(request, target, "invalid_token")
        missing = self._policy.missing(target, request.headers, claims.get("scope", ""))
        if missing:
            return self._challenge(request, target, "insufficient_scope", missing)
        return self._allow(claims, token)

    def _allow(self, claims: dict[str, Any], token: str) -> Response:
        headers = {
            "X-User-Id": _header(claims["sub"]),
            "X-User-Name": _header(str(claims.get("username", ""))),
            "X-Client-Id": _header(claims.get("client_id", "")),
            "X-Scope": _header(claims.get("scope", "")),
            **NO_STORE,
        }
        if self._context.settings.forward_auth_token:
            headers["X-Auth-Token"] = token
        return Response(status_code=200, headers=headers)

    def _challenge(
        self, request: Request, target: Target | None, error: str | None, needed: tuple[str, ...] = ()
    ) -> Response:
        parts = [f'error="{error}"'] if error else []
        if target is not None and self._context.resources.allowed(target.uri) is not None:
            path = quote(target.path.rstrip("/"), safe="/-._~!$&'()*+,;=:@%")
            parts.append(f'resource_metadata="{target.origin}{RESOURCE_PATH}{path}"')
        scopes = needed or (self._policy.needed(target, request.headers) if target else ())
        parts.append(f'scope="{" ".join(scopes or self._context.settings.default_scope)}"')
        status = 403 if error == "insufficient_scope" else 401
        headers = {"WWW-Authenticate": f"Bearer {', '.join(parts)}"}
        if status == 401 and _is_browser(request):
            text = "This address is for MCP clients, which sign in through their application."
            response: Response = message_page("Sign-in required", text, 401)
            response.headers.update(headers)
            return response
        descriptions = {
            None: "an access token is required",
            "invalid_token": "the access token is not valid here",
            "insufficient_scope": "the access token lacks a scope",
        }
        return error_response(status, error or "invalid_token", descriptions[error], headers)


def _bearer(request: Request) -> str | None:
    """The token of the one ``Authorization`` header."""
    values = request.headers.getlist("authorization")
    if len(values) != 1:
        return None
    scheme, _, token = values[0].partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token else None


def _token_in_query(target: Target | None) -> bool:
    """Whether the request carries a token in its address, where logs and histories keep it."""
    query = target.query if target else ""
    return any(name.lower() == "access_token" for name, _ in parse_qsl(query, keep_blank_values=True))


def _header(value: str) -> str:
    """A value as it may stand in a header: one that is not plain ASCII is percent-encoded."""
    return value if value.isascii() and value.isprintable() else quote(value, safe=_SAFE_IN_HEADER)


def _is_browser(request: Request) -> bool:
    accept = request.headers.get("accept", "").lower()
    return "text/html" in accept and "application/json" not in accept
