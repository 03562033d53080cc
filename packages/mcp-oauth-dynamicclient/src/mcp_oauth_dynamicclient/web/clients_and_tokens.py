"""The endpoints that programs call: token, revocation, introspection, registration, device authorization."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote

from anyio import to_thread
from authlib.oauth2.rfc6749 import UnsupportedGrantTypeError
from starlette.requests import Request
from starlette.responses import Response

from ..models import GRANT_CODE, GRANT_DEVICE, GRANT_REFRESH
from ..oauth.faults import describable
from ..oauth.messages import Incoming, Reply
from .bodies import document_of, form_of, respond
from .context import Context
from .faults import WebError


class BackChannel:
    """Reads bodies and limits; Authlib decides."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._grants = {GRANT_CODE, GRANT_REFRESH} | ({GRANT_DEVICE} if context.settings.enable_device_flow else set())

    async def token(self, request: Request) -> Response:
        """Tokens for a code, a refresh token or an approved device."""
        incoming = await self._single_form(request)
        await to_thread.run_sync(self._context.limit, "token", request, _client_id(incoming) or "")
        return respond(await to_thread.run_sync(self._token, incoming))

    def _token(self, incoming: Incoming) -> Reply:
        oauth = self._context.oauth
        grant_type = incoming.value("grant_type")
        if grant_type is None:
            raise WebError(400, "invalid_request", "grant_type is required")
        if grant_type not in self._grants:
            return oauth.handle_error_response(None, UnsupportedGrantTypeError(describable(grant_type)))
        scope = incoming.value("scope")
        if scope is not None:
            expanded = " ".join(self._context.oauth.catalogue.expand(scope.split()))
            parameters = [(name, expanded if name == "scope" else value) for name, value in incoming.parameters]
            incoming = Incoming(incoming.method, incoming.path, parameters, incoming.headers)
        reply: Reply = oauth.create_token_response(incoming)
        return reply

    async def revoke(self, request: Request) -> Response:
        """Ends a token."""
        return await self._endpoint("revocation", await self._single_form(request))

    async def introspect(self, request: Request) -> Response:
        """Tells about a token."""
        return await self._endpoint("introspection", await self._single_form(request))

    async def device_authorization(self, request: Request) -> Response:
        """Codes for a device."""
        incoming = await self._single_form(request)
        await to_thread.run_sync(self._context.limit, "device", request, _client_id(incoming) or "")
        return await self._endpoint("device_authorization", incoming)

    async def register(self, request: Request) -> Response:
        """A new client."""
        await to_thread.run_sync(self._context.limit, "register", request)
        return await self._endpoint("client_registration", await document_of(request))

    async def registration(self, request: Request) -> Response:
        """An existing client."""
        incoming = await document_of(request, request.path_params["client_id"])
        return await self._endpoint("client_configuration", incoming)

    async def _endpoint(self, name: str, incoming: Incoming) -> Response:
        return respond(await to_thread.run_sync(self._context.oauth.create_endpoint_response, name, incoming))

    async def _single_form(self, request: Request) -> Incoming:
        """The form, without repeated parameters, and with the document of its client at hand."""
        incoming = await form_of(request)
        repeated = incoming.repeated()
        if "resource" in repeated:
            raise WebError(400, "invalid_target", "only one resource can be granted at a time")
        if repeated:
            raise WebError(400, "invalid_request", "a parameter occurs more than once")
        await self._context.know_document(request, incoming.value("client_id"))
        return incoming


def _client_id(incoming: Incoming) -> str | None:
    """Whom the request claims to come from, for counting alone."""
    scheme, _, credentials = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return unquote(base64.b64decode(credentials).decode().partition(":")[0])
        except (binascii.Error, ValueError):
            return None
    return incoming.value("client_id")
