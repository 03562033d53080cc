"""The documents clients start from: RFC 8414, RFC 9728, the key set. Public, and readable from any origin."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .context import Context
from .faults import WebError

_CORS = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = {
    **_CORS,
    "Access-Control-Allow-Methods": "GET, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
RESOURCE_PATH = "/.well-known/oauth-protected-resource"


class Discovery:
    """Answers from settings and the forwarded address alone."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def preflight(self, request: Request) -> Response:
        """Lets scripts of any origin read the documents."""
        return Response(status_code=204, headers=_PREFLIGHT)

    async def server_metadata(self, request: Request) -> Response:
        """RFC 8414. The same on every host: revision 2025-03-26 of MCP asks the service's own."""
        return JSONResponse(self._context.oauth.metadata(), headers=_CORS)

    async def resource_metadata(self, request: Request) -> Response:
        """RFC 9728 about the service at the forwarded address."""
        target = self._context.proxies.target(request)
        path = target.path.removeprefix(RESOURCE_PATH) if target else ""
        resource = f"{target.origin}{path}" if target else ""
        known = self._context.resources.allowed(resource)
        if known is None:
            raise WebError(404, "invalid_target", "no such protected resource", headers=_CORS)
        settings = self._context.settings
        document: dict[str, Any] = {
            "resource": str(known),
            "authorization_servers": [settings.issuer],
            "scopes_supported": [scope for scope in settings.scopes_supported if scope != "offline_access"],
            "bearer_methods_supported": ["header"],
            "resource_name": f"MCP service {known.host}{known.path}",
        }
        return JSONResponse(document, headers=_CORS)

    async def keys(self, request: Request) -> Response:
        """The public keys."""
        headers = {**_CORS, "Cache-Control": "max-age=3600"}
        return JSONResponse(self._context.oauth.keys.public_set(), headers=headers)
