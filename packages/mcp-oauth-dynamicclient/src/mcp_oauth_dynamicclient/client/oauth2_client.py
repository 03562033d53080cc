"""The OAuth client people use: it ties discovery, registration, authorization and storage together.

It decides which token goes to which address and when a token is renewed; the
protocol itself is in the modules beside it.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any

import httpx

from . import callback
from .addresses import require_secure
from .authorization import Show, answer_while_showing, authorization_code, new_secret, shows_of
from .challenge import Challenge, bearer_challenge
from .discovery import ServerMetadata, resource_metadata, server_metadata
from .errors import RegistrationError, TokenError
from .registration import client_metadata, document_client, manage, register, replacement, usable
from .sending import Sending, bearer, best_token, expired, require_own_origin
from .storage import MemoryStorage, Record, Storage
from .token_endpoint import TokenEndpoint
from .wire import Wire

_KEPT_FIELDS = ("access_token", "token_type", "refresh_token", "expires_at", "scope", "client_id")
_CLIENT_GONE = frozenset({"invalid_client", "unauthorized_client"})
# The grant is over, or the client is: ask the person again (RFC 6749, section 5.2).
_ASK_AGAIN = frozenset({"invalid_grant"}) | _CLIENT_GONE


class OAuth2Client:
    """Gets tokens of one authorization server and uses them, each only where it belongs.

    Args:
        auth_server: the issuer; https, or http on this machine.
        client_name: how the consent page calls this program.
        resource: the service the tokens are for (RFC 8707), e.g. ``https://echo.example.org/mcp``.
        scope: what to ask for; the service's or the server's own choice when not given.
        client_metadata_url: https address of a client id metadata document, used instead of
            registration where the server takes such.
        redirect_port: port of the loopback callback; any free one when 0.
        storage: where registrations and tokens are kept; in memory when not given.
        open_browser: a callable that shows an address to the person, or ``False`` for none. When not
            given, the system's browser is used, unless ``on_authorize_url`` takes care of the address.
        on_authorize_url: a callable told the authorization address.
        verify: certificates: ``True``, the path of a CA file, or an SSL context.
        timeout: seconds for one HTTP request.

    The two callables may be coroutine functions. Use it as an async context manager to keep
    connections open between calls; without, each call opens its own.
    """

    def __init__(  # noqa: PLR0913 - the documented signature; all but two are keywords
        self,
        auth_server: str,
        client_name: str = "MCP Client",
        *,
        resource: str | None = None,
        scope: str | None = None,
        client_metadata_url: str | None = None,
        redirect_port: int = 0,
        storage: Storage | None = None,
        open_browser: Show | bool | None = None,
        on_authorize_url: Show | None = None,
        verify: bool | str | ssl.SSLContext = True,
        timeout: float = 30.0,
    ) -> None:
        self._auth_server = require_secure(auth_server, "the authorization server")
        self._client_name = client_name
        self._resource = require_secure(resource, "the resource") if resource else None
        self._scope = scope
        self._client_metadata_url = client_metadata_url
        self._redirect_port = redirect_port
        self._storage: Storage = storage or MemoryStorage()
        self._shows = shows_of(open_browser, on_authorize_url)
        self._verify = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._timeout = timeout
        self._http: httpx.AsyncClient | None = None
        self._stack = AsyncExitStack()
        self._server: ServerMetadata | None = None
        self._registration: Record | None = None
        self._token: Record | None = None
        self._issued: dict[bytes, str | None] = {}

    def __repr__(self) -> str:
        return f"OAuth2Client(auth_server={self._auth_server!r}, client_name={self._client_name!r})"

    async def __aenter__(self) -> OAuth2Client:  # noqa: PYI034 - typing has Self from 3.11 on
        self._http = await self._stack.enter_async_context(self._new_http())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http = None
        await self._stack.aclose()

    @property
    def token(self) -> str | None:
        """The access token that was obtained or used last."""
        return str(self._token["access_token"]) if self._token else None

    @property
    def client_id(self) -> str | None:
        """The client id at the authorization server, once there is one."""
        return str(self._registration["client_id"]) if self._registration else None

    @property
    def issuer(self) -> str | None:
        """The issuer as its metadata spells it, once it has been read."""
        return self._server.issuer if self._server else None

    async def register(self) -> dict[str, Any]:
        """Registers this client, keeps the registration and returns the server's answer (RFC 7591).

        Raises:
            OAuthClientError: the server cannot be used, or refused.
        """
        async with self._wire() as wire:
            server = await self._discovered(wire)
            return dict(await self._register(wire, server))

    async def authenticate(self, resource: str | None = None) -> str:
        """Lets the person sign in and returns an access token for ``resource``.

        Raises:
            OAuthClientError: anything on the way failed; its class says what.
        """
        wanted = require_secure(resource, "the resource") if resource else self._resource
        async with self._wire() as wire:
            return str((await self._authorize(wire, wanted, self._scope))["access_token"])

    async def refresh(self) -> str:
        """Renews the token used last and returns the new access token.

        Raises:
            TokenError: there is nothing to renew, or the server refused.
        """
        async with self._wire() as wire:
            server = await self._discovered(wire)
            resource = await self._current_resource(server)
            before = await self._storage.token(server.issuer, resource)
            async with self._storage.renewing(server.issuer):
                token = await self._storage.token(server.issuer, resource)
                if token is None or token == before:
                    token = await self._refresh(wire, server, resource, token)
                self._token = token
                return str(token["access_token"])

    async def revoke(self) -> None:
        """Ends the token used last, with everything that could renew it, here and at the server (RFC 7009).

        Raises:
            TokenError: there is none, or the server refused.
        """
        async with self._wire() as wire:
            server = await self._discovered(wire)
            resource = await self._current_resource(server)
            async with self._storage.renewing(server.issuer):
                token = await self._storage.token(server.issuer, resource)
                if token is None:
                    raise TokenError("there is no token to revoke")
                endpoint = TokenEndpoint(wire, server, await self._identity_of(server, token), None)
                if token.get("refresh_token"):
                    await endpoint.revoke(token["refresh_token"], "refresh_token")
                else:
                    await endpoint.revoke(token["access_token"], "access_token")
                await self._storage.save_token(server.issuer, resource, None)
                self._token = None

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Sends a request with the token that belongs to ``url``; takes what ``httpx.AsyncClient.request`` takes.

        A caller's own ``Authorization`` is left alone. On 401 the token is renewed, or the person asked
        once, as the service's challenge says, and the request is sent once more.

        Raises:
            UnsafeAddressError: the token would go where it does not belong.
            OAuthClientError: renewing failed.
        """
        require_secure(url, "the address of a request with a token")
        async with self._client() as http:
            wire, sending = Wire(http), await Sending.of(http, method, url, options)
            server = await self._discovered(wire)
            given = sending.authorization
            if given is None:
                held = best_token(await self._known_tokens(server), sending.url)
            else:
                held = await self._own_token(server, given, sending.url)
                if held is None:
                    return await sending.once(None)
            renewed = given is None and held is not None and expired(held)
            if renewed:
                held = await self._renewed(wire, server, held, Challenge(), sending.url)
            response = await sending.once(held)
            if response.status_code == 401 and not renewed:
                held = await self._renewed(wire, server, held, bearer_challenge(response), sending.url)
                response = await sending.once(held)
            self._token = held or self._token
            return response

    async def get_client_configuration(self) -> dict[str, Any]:
        """Reads the registration back from the server (RFC 7592, section 2.1).

        Raises:
            RegistrationError: there is none, or the server refused.
        """
        async with self._wire() as wire:
            server = await self._discovered(wire)
            record = await self._known_registration(server)
            return await self._keep(server, await manage(wire, server, record, "GET"))

    async def update_client_configuration(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Changes the given fields of the registration, leaves the others, returns the whole (RFC 7592, section 2.2).

        Raises:
            RegistrationError: there is none, or the server refused.
        """
        async with self._wire() as wire:
            server = await self._discovered(wire)
            record = await self._known_registration(server)
            current = await self._keep(server, await manage(wire, server, record, "GET"))
            whole = replacement(current, changes)
            return await self._keep(server, await manage(wire, server, current, "PUT", whole))

    async def delete_client_registration(self) -> None:
        """Deletes the registration at the server, and here with every token it got (RFC 7592, section 2.3).

        Raises:
            RegistrationError: there is none, or the server refused.
        """
        async with self._wire() as wire:
            server = await self._discovered(wire)
            await manage(wire, server, await self._known_registration(server), "DELETE")
            await self._forget_registration(server)

    # -- identity ------------------------------------------------------------

    async def _discovered(self, wire: Wire) -> ServerMetadata:
        if self._server is None:
            self._server = await server_metadata(wire, self._auth_server)
        return self._server

    async def _register(self, wire: Wire, server: ServerMetadata) -> Record:
        metadata = client_metadata(self._client_name, self._redirect_port, self._scope)
        return await self._keep(server, await register(wire, server, metadata))

    async def _identity(self, wire: Wire, server: ServerMetadata) -> Record:
        """The client to be at this issuer: the document's where such are taken, else what is stored, else a new one."""
        known = _document(self._client_metadata_url, server) or await self._storage.registration(server.issuer)
        if known is None or not usable(known, self._redirect_port):
            return await self._register(wire, server)
        self._registration = known
        return known

    async def _identity_of(self, server: ServerMetadata, token: Record) -> Record:
        """The client ``token`` was issued to: nobody else can renew or revoke it (RFC 6749, section 6)."""
        document = _document(self._client_metadata_url, server)
        for known in (document, await self._storage.registration(server.issuer)):
            if known is not None and known["client_id"] == token.get("client_id"):
                self._registration = known
                return known
        raise TokenError("token was issued to a client that is not known any more", code="invalid_grant")

    async def _known_registration(self, server: ServerMetadata) -> Record:
        record = await self._storage.registration(server.issuer)
        if record is None:
            raise RegistrationError(f"not registered: {server.issuer}")
        return record

    async def _keep(self, server: ServerMetadata, record: dict[str, Any]) -> dict[str, Any]:
        await self._storage.save_registration(server.issuer, record)
        self._registration = record
        return record

    async def _forget_registration(self, server: ServerMetadata) -> None:
        await self._storage.save_registration(server.issuer, None)
        self._registration = self._token = None

    # -- tokens --------------------------------------------------------------

    async def _authorize(self, wire: Wire, resource: str | None, scope: str | None) -> Record:
        server = await self._discovered(wire)
        identity = await self._identity(wire, server)
        state, verifier = new_secret(), new_secret()
        async with callback.listening(self._redirect_port) as listener:
            endpoint = TokenEndpoint(wire, server, identity, listener.redirect_uri)
            url = endpoint.authorization_url(state=state, verifier=verifier, scope=scope, resource=resource)
            answer = await answer_while_showing(url, self._shows, lambda: listener.wait(callback.WAIT_SECONDS))
        code = authorization_code(answer, state=state, server=server)
        try:
            token = await endpoint.redeem(code, verifier=verifier, resource=resource)
        except TokenError as error:
            if error.code in _CLIENT_GONE:
                await self._forget_registration(server)
            raise
        return await self._keep_token(server, resource, {**token, "client_id": identity["client_id"]})

    async def _renewed(
        self, wire: Wire, server: ServerMetadata, held: Record | None, challenge: Challenge, url: str
    ) -> Record:
        """The next token for ``url``; renewed by whoever comes first, used by everybody who waited."""
        resource, scope = held.get("resource") if held else None, self._scope or challenge.scope
        if resource is None:
            metadata = await resource_metadata(wire, url, server.issuer, challenge)
            resource, scope = metadata.resource, self._scope or metadata.scope
        async with self._storage.renewing(server.issuer):
            stored = await self._storage.token(server.issuer, resource)
            if stored is not None and stored != held and not expired(stored):
                return stored
            if stored is not None and stored.get("refresh_token"):
                try:
                    return await self._refresh(wire, server, resource, stored)
                except TokenError as error:
                    if error.code not in _ASK_AGAIN:
                        raise
            return await self._authorize(wire, resource, scope)

    async def _refresh(self, wire: Wire, server: ServerMetadata, resource: str | None, token: Record | None) -> Record:
        if token is None or not token.get("refresh_token"):
            raise TokenError("there is no refresh token")
        try:
            identity = await self._identity_of(server, token)
            endpoint = TokenEndpoint(wire, server, identity, None)
            fresh = await endpoint.renew(token["refresh_token"], resource=resource)
        except TokenError as error:
            if error.code in _CLIENT_GONE:
                await self._forget_registration(server)
            elif error.code == "invalid_grant":
                await self._storage.save_token(server.issuer, resource, None)
            raise
        return await self._keep_token(
            server, resource, {"scope": token.get("scope"), **fresh, "client_id": identity["client_id"]}
        )

    async def _keep_token(self, server: ServerMetadata, resource: str | None, token: dict[str, Any]) -> Record:
        kept = {name: token[name] for name in _KEPT_FIELDS if token.get(name) is not None}
        record = {**kept, "resource": resource}
        await self._storage.save_token(server.issuer, resource, record)
        self._issued[_fingerprint(record["access_token"])] = resource
        self._token = record
        return record

    async def _known_tokens(self, server: ServerMetadata) -> list[Record]:
        resources = await self._storage.resources(server.issuer)
        found = [await self._storage.token(server.issuer, resource) for resource in resources]
        return [token for token in found if token is not None and "access_token" in token]

    async def _own_token(self, server: ServerMetadata, authorization: str, url: str) -> Record | None:
        """The token a caller wrote into ``Authorization``, if it came from here, or what has replaced it since."""
        given = bearer(authorization)
        if given is None:
            return None
        for token in await self._known_tokens(server):
            if token["access_token"] == given:
                require_own_origin(token.get("resource"), url)
                return token
        if _fingerprint(given) not in self._issued:
            return None
        resource = self._issued[_fingerprint(given)]
        require_own_origin(resource, url)
        return await self._storage.token(server.issuer, resource)

    async def _current_resource(self, server: ServerMetadata) -> str | None:
        if self._token is not None:
            return self._token.get("resource")
        resources = await self._storage.resources(server.issuer)
        if self._resource is None and len(resources) == 1:
            return resources[0]
        return self._resource

    # -- connections ---------------------------------------------------------

    def _new_http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._verify, timeout=self._timeout)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        if self._http is not None:
            yield self._http
            return
        async with self._new_http() as http:
            yield http

    @asynccontextmanager
    async def _wire(self) -> AsyncIterator[Wire]:
        async with self._client() as http:
            yield Wire(http)


def _document(url: str | None, server: ServerMetadata) -> Record | None:
    return document_client(url, server) if url else None


def _fingerprint(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
