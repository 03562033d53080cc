"""Signs MCP requests: the SDK's OAuth provider, with the rules of this client around it.

The protocol is the SDK's. Added here: requests run in parallel while a token
is good, one refresh or authorization at a time when it is not, discovery
before a refresh after a restart, refusal of metadata the rules forbid, and
OAuth requests that go out through :class:`OAuthHttp` alone.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError, OAuthRegistrationError
from mcp.client.auth.utils import (
    create_client_registration_request,
    extract_field_from_www_auth,
    handle_registration_response,
    union_scopes,
)
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from mcp.shared.auth_utils import resource_url_from_server_url
from pydantic import AnyUrl

from mcp_streamablehttp_client.errors import AuthorizationError, AuthorizationRequired, ClientError
from mcp_streamablehttp_client.log_output import fields
from mcp_streamablehttp_client.masking import without_secrets

from . import device
from .discovery import find_metadata, find_resource
from .http import OAuthHttp
from .listener import RedirectListener, result_of
from .person import Person, Way, pasted_answer
from .storage import GivenCredentials, ServerStorage
from .store import MemoryStore, ServerBinding

logger = logging.getLogger(__name__)

_FAILURE_SECONDS = 10
_PLACEHOLDER_REDIRECT = "http://127.0.0.1/callback"


@dataclass(repr=False)
class OAuthOptions:
    """What a person may configure about the authorization."""

    client_name: str = "mcp-http-stdio"
    client_version: str | None = None
    auth_server: str | None = None
    scope: str | None = None
    client_metadata_url: str | None = None
    redirect_port: int = 0
    given: GivenCredentials = field(default_factory=GivenCredentials)
    redirect_handler: Callable[[str], Awaitable[None]] | None = None
    callback_handler: Callable[[], Awaitable[AuthorizationCodeResult]] | None = None


class AuthorizingProvider(OAuthClientProvider):
    """The ``auth`` of the HTTP client that talks to one MCP server."""

    def __init__(
        self, server_url: str, http: OAuthHttp, store: MemoryStore, options: OAuthOptions, person: Person
    ) -> None:
        self.http = http
        self.options = options
        self.storage = ServerStorage(store, server_url, options.given, self._binding)
        self.interactions = 0
        """How many times a person was asked."""
        self._person = person
        self._gate = anyio.Lock()
        self._failure: tuple[float, ClientError] | None = None
        self._raw_metadata: dict[str, Any] = {}
        self._listener: RedirectListener | None = None
        self._way: Way | None = None
        self._device: device.DeviceFlow | None = None
        self._authorization_url = ""
        self._stepping_up = False
        metadata = OAuthClientMetadata(
            client_name=options.client_name,
            software_version=options.client_version,
            redirect_uris=[AnyUrl(_PLACEHOLDER_REDIRECT)],
        )
        super().__init__(
            server_url,
            metadata,
            self.storage,
            redirect_handler=self._send_person,
            callback_handler=self._await_person,
            client_metadata_url=options.client_metadata_url,
        )

    # -- the flow of one MCP request ---------------------------------------------------------------

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Signs a request and, if the server wants more, refreshes or authorizes once and sends it again."""
        await self.load()
        used = self._usable_token()
        challenge: httpx2.Response | None = None
        if used is not None or not self.context.can_refresh_token():
            self._sign(request)
            challenge = yield request
            if not self._is_challenge(challenge):
                return
        arrived = time.monotonic()
        async with self._gate:
            if self._usable_token() not in (None, used) or await self._adopt_stored(used):
                self._sign(request)  # another request, or another process, was faster and got a new token
                challenge = yield request
                if not self._is_challenge(challenge):
                    return
            self._raise_recent_failure(arrived)
            flow = self._guarded(request, challenge)
            try:
                outgoing = await flow.__anext__()
                while True:
                    outgoing = await flow.asend((yield outgoing))
            except StopAsyncIteration:
                return
            finally:
                await flow.aclose()

    async def _guarded(
        self, request: httpx2.Request, challenge: httpx2.Response | None
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Runs the SDK's flow; yields only the MCP request itself and sends the rest by the rules."""
        try:
            async with AsyncExitStack() as stack, AsyncExitStack() as held:
                refreshing = await self._prepare_refresh(challenge, held)
                if refreshing and self._usable_token() is not None:
                    await held.aclose()
                    self._sign(request)  # another process refreshed
                    yield request
                    return
                if challenge is not None:
                    await self.http.policy.check_server()
                self._stepping_up = challenge is not None and challenge.status_code == 403
                flow = super().async_auth_flow(request)
                stack.push_async_callback(flow.aclose)
                outgoing = await flow.__anext__()
                while True:
                    if outgoing is not request:
                        response = await self._exchange(outgoing)
                    elif challenge is not None and not refreshing:
                        response, challenge = challenge, None  # the SDK sends it first; it has been sent already
                    else:
                        await held.aclose()  # the answer to the request may take long, the refresh is done
                        self._sign(request)
                        response = yield request
                    outgoing = await flow.asend(response)
        except StopAsyncIteration:
            self._failure = None
        except ClientError as error:
            self._fail(error)
            raise
        except (OAuthFlowError, ValueError) as error:
            failure = AuthorizationError(
                without_secrets(str(error)), hint="start again; if it goes on, ask the operator of the server"
            )
            self._fail(failure)
            raise failure from None
        finally:
            self._close_listener()

    async def load(self) -> None:
        """Loads what is stored for the server, once."""
        if self._initialized:
            return
        async with self.context.lock:
            if not self._initialized:
                await self._initialize()

    async def _initialize(self) -> None:
        await super()._initialize()
        tokens = self.context.current_tokens
        left = tokens.expires_in if tokens is not None else None
        self.context.token_expiry_time = None if left is None else time.time() + left
        binding = self.storage.bound()
        if binding is not None and self.context.auth_server_url is None:
            self.context.auth_server_url = binding.issuer

    async def _adopt_stored(self, used: str | None) -> bool:
        """Takes up a token that another process has stored since; whether there is one to try."""
        stored = self.storage.token()
        if stored is None or stored.access_token == used:
            return False
        if stored.expires_at is not None and stored.expires_at <= time.time():
            return False
        await self._initialize()
        return self._usable_token() is not None

    def _usable_token(self) -> str | None:
        tokens = self.context.current_tokens
        return tokens.access_token if tokens is not None and self.context.is_token_valid() else None

    def _sign(self, request: httpx2.Request) -> None:
        token = self._usable_token()
        request.headers.pop("authorization", None)
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"

    @staticmethod
    def _is_challenge(response: httpx2.Response) -> bool:
        if response.status_code == 403:
            return extract_field_from_www_auth(response, "error") == "insufficient_scope"
        return response.status_code == 401

    def _fail(self, error: ClientError) -> None:
        self._failure = (time.monotonic(), error)
        logger.warning(fields("authorization_failed", reason=error))

    def _raise_recent_failure(self, arrived: float) -> None:
        """Spares the person a second page when requests that waited, or come at once, would fail alike."""
        if self._failure is None:
            return
        moment, error = self._failure
        if moment >= arrived or time.monotonic() - moment < _FAILURE_SECONDS:
            raise type(error)(str(error), hint=error.hint)

    # -- refresh -----------------------------------------------------------------------------------

    async def _prepare_refresh(self, challenge: httpx2.Response | None, stack: AsyncExitStack) -> bool:
        """Makes the SDK's flow begin with a refresh when that can help; whether it does."""
        if not self.context.can_refresh_token() or (challenge is not None and challenge.status_code == 403):
            return False
        await stack.enter_async_context(self.storage.store.refreshing())
        tokens = self.context.current_tokens
        stored = self.storage.token()
        if stored is not None and tokens is not None and stored.access_token != tokens.access_token:
            await self._initialize()
            if self._usable_token() is not None:
                return True
        self.context.token_expiry_time = 1.0  # long past: a token the server refuses is as good as expired
        if self.context.oauth_metadata is None:
            await self.discover(challenge)
        return self.context.can_refresh_token()

    async def discover(self, challenge: httpx2.Response | None = None) -> dict[str, Any]:
        """Finds and checks the metadata of the authorization server; returns it as published."""
        resource = await find_resource(self.http, self.context.server_url, challenge)
        if resource is not None:
            await self._validate_resource_match(resource)
            self.context.protected_resource_metadata = resource
            issuer = self._select_authorization_server([str(url) for url in resource.authorization_servers])
        else:
            issuer = self._expected_issuer()
        self.context.auth_server_url = issuer
        bound = self.storage.bound()
        if bound is not None and bound.issuer != issuer:
            self._change_issuer(issuer)
        self.context.oauth_metadata, response = await find_metadata(self.http, issuer)
        self._raw_metadata = json.loads(response.content)
        await self._refuse_unusable_metadata()
        return dict(self._raw_metadata)

    async def refresh(self) -> str:
        """Trades the refresh token for new tokens now.

        Raises:
            AuthorizationError: there is no refresh token, or the server refuses it.
        """
        await self.load()
        async with self._gate, self.storage.store.refreshing():
            await self._initialize()
            if self.context.current_tokens is None or not self.context.current_tokens.refresh_token:
                raise AuthorizationError("there is no refresh token", hint="authorize again with `--test-auth`")
            if self.context.oauth_metadata is None:
                await self.discover()
            if not self.context.can_refresh_token():
                raise AuthorizationError(
                    "the client that got the refresh token is not known any more",
                    hint="set `MCP_CLIENT_ID`, or authorize again with `--reset-auth --test-auth`",
                )
            response = await self._exchange(await self._refresh_token())
            if not await self._handle_refresh_response(response):
                self._initialized = False
                raise AuthorizationError(
                    f"the authorization server refused the refresh token: {_oauth_error(response)}",
                    hint="authorize again with `--test-auth`",
                )
            return str(self.context.current_tokens.access_token)

    async def register(self) -> dict[str, Any]:
        """Registers this client anew with the discovered server; returns the answer of the endpoint.

        Raises:
            AuthorizationError: the server registers no clients, or refuses this one.
        """
        issuer = self._binding().issuer
        self.context.client_info = None
        try:
            self._choose_way(issuer)
        finally:
            self._close_listener()
        request = create_client_registration_request(self.context.oauth_metadata, self.context.client_metadata, issuer)
        response = await self._register(request)
        try:
            info = await handle_registration_response(response)
        except OAuthRegistrationError as error:
            raise AuthorizationError(without_secrets(str(error)), hint="ask the operator of the server") from None
        info.issuer = issuer
        self.context.client_info = info
        await self.storage.set_client_info(info)
        return dict(self.storage.registration)

    # -- rules around the SDK's steps --------------------------------------------------------------

    async def _exchange(self, outgoing: httpx2.Request) -> httpx2.Response:
        """Sends one request of the SDK's flow, after checking that it may be sent."""
        if outgoing.method == "GET":
            response = await self.http.send(outgoing, "authorization metadata")
            await self._learn_metadata(response)
            return response
        if self.context.oauth_metadata is None:
            raise AuthorizationError(
                "the MCP server wants an authorization but no authorization server publishes metadata for it",
                hint="the operator has to publish RFC 9728 and RFC 8414 metadata; endpoints are never guessed",
            )
        await self._refuse_unusable_metadata()
        form = parse_qs(outgoing.content.decode("utf-8", "replace"))
        if self._device is not None and outgoing is self._device.request:
            return await self._device.poll()
        if "grant_type" in form:
            return await self.http.send(outgoing, "token endpoint")
        return await self._register(outgoing)

    async def _register(self, outgoing: httpx2.Request) -> httpx2.Response:
        metadata = self.context.oauth_metadata
        if metadata is None or metadata.registration_endpoint is None:
            raise AuthorizationError(
                "the authorization server registers no clients by itself",
                hint="register this client with its operator and set `MCP_CLIENT_ID` (and `MCP_CLIENT_SECRET`)",
            )
        if self.options.scope is not None:
            body = {**json.loads(outgoing.content), "scope": self.options.scope}
            outgoing = httpx2.Request("POST", outgoing.url, json=body)
        response = await self.http.send(outgoing, "registration endpoint")
        if response.status_code in (200, 201):
            self.storage.registration = _json_object(response)
        return response

    async def _learn_metadata(self, response: httpx2.Response) -> None:
        """Gets ready for the rest of the flow once the metadata of the right issuer is there."""
        document = _json_object(response) if response.status_code == 200 else {}
        issuer = document.get("issuer")
        if not isinstance(issuer, str) or "token_endpoint" not in document:
            return
        if issuer.rstrip("/") != self._expected_issuer().rstrip("/"):
            return  # the SDK refuses it with a message of its own
        self._raw_metadata = document
        self._require_configured_issuer(issuer)
        if self.context.client_info is None:
            self.context.client_info = self.storage.client_of(issuer)
        self._bind_preregistered(issuer)
        self._choose_way(issuer)
        self._drop_registration_for_other_redirects()

    def _select_authorization_server(self, advertised: list[str]) -> str:
        wanted = self.options.auth_server
        if wanted is None:
            chosen = advertised[0]
        else:
            matching = [issuer for issuer in advertised if issuer.rstrip("/") == wanted.rstrip("/")]
            if not matching:
                raise _other_issuer(wanted, advertised)
            chosen = matching[0]
        known = self.context.client_info
        if known is not None and known.issuer is not None and known.issuer != chosen:
            self._change_issuer(chosen)
        return chosen

    def _change_issuer(self, issuer: str) -> None:
        """Leaves the credentials of another issuer behind and takes up those of this one, if there are any."""
        if self.options.given.client_id is not None:
            raise AuthorizationError(
                f"the configured client id belongs to another authorization server than {issuer}",
                hint="set the client id that was registered there, or unset `MCP_CLIENT_ID` to register anew",
            )
        logger.info(fields("issuer_changed", issuer=issuer))
        info = self.context.client_info
        if info is None or info.client_id != self.options.client_metadata_url:
            self.context.client_info = self.storage.client_of(issuer)
        self.context.clear_tokens()
        self.context.oauth_metadata = None

    def _bind_preregistered(self, issuer: str) -> None:
        info = self.context.client_info
        if info is None or self.options.given.client_id is None:
            return
        if info.issuer is None:
            info.issuer = issuer
            self.storage.bind_preregistered(issuer)

    def _require_configured_issuer(self, issuer: str) -> None:
        wanted = self.options.auth_server
        if wanted is not None and wanted.rstrip("/") != issuer.rstrip("/"):
            raise _other_issuer(wanted, [issuer])

    async def _refuse_unusable_metadata(self) -> None:
        """The rules a published configuration must meet before anything secret is sent.

        PKCE support must be stated (MCP authorization, "Authorization Code Protection"); every endpoint must be
        an address the policy accepts.
        """
        metadata = self.context.oauth_metadata
        if metadata is None:
            return
        if "S256" not in (metadata.code_challenge_methods_supported or ()):
            raise AuthorizationError(
                f"the authorization server does not state support for PKCE with S256: {metadata.issuer}",
                hint="its metadata lacks `code_challenge_methods_supported`; the operator has to add it",
            )
        endpoints = {
            "issuer": metadata.issuer,
            "authorization endpoint": metadata.authorization_endpoint,
            "token endpoint": metadata.token_endpoint,
            "registration endpoint": metadata.registration_endpoint,
        }
        for what, url in endpoints.items():
            if url is not None:
                await self.http.policy.check(str(url), what)

    def _binding(self) -> ServerBinding:
        if self.context.oauth_metadata is not None:
            issuer = str(self.context.oauth_metadata.issuer)
        else:
            issuer = self._expected_issuer()
        resource = self.context.get_resource_url() or resource_url_from_server_url(self.context.server_url)
        return ServerBinding(issuer=issuer, resource=resource)

    # -- the person --------------------------------------------------------------------------------

    def _choose_way(self, issuer: str) -> None:
        """Decides how to reach the person before anything is registered, and prepares the redirect address."""
        metadata = self.context.client_metadata
        if self.options.callback_handler is not None:
            self._way = "browser"
            metadata.redirect_uris = [AnyUrl(f"http://127.0.0.1:{self.options.redirect_port or 3030}/callback")]
            return
        if self.options.redirect_handler is not None:
            self._way = "browser"
        else:
            self._way = self._person.way(device_offered=device.offered(self._raw_metadata))
        if self._way is None:
            raise AuthorizationRequired(
                f"{self.context.server_url} needs an authorization, and there is no browser here",
                hint="run `mcp-streamablehttp-client --test-auth` once in a terminal, or set `MCP_CLIENT_ACCESS_TOKEN`",
            )
        if self._way == "device":
            if device.GRANT not in metadata.grant_types:
                metadata.grant_types = [*metadata.grant_types, device.GRANT]
        elif self._way == "paste":
            metadata.redirect_uris = [AnyUrl(f"{issuer.rstrip('/')}/success")]
        else:
            self._listen()

    def _listen(self) -> None:
        if self._listener is not None:
            return
        for port in (self.options.redirect_port or self._registered_port(), 0):
            try:
                self._listener = RedirectListener(port)
            except OSError as error:
                if self.options.redirect_port or port == 0:
                    raise AuthorizationError(
                        f"cannot listen for the redirect on 127.0.0.1:{port} ({error.strerror})",
                        hint="choose another `redirect_port`, or 0 for any free one",
                    ) from error
            else:
                break
        if self._listener is not None:
            self.context.client_metadata.redirect_uris = [AnyUrl(self._listener.redirect_uri)]

    def _registered_port(self) -> int:
        """The port of the stored registration: not every server follows RFC 8252 and ignores it."""
        info = self.context.client_info
        for uri in (info.redirect_uris or []) if info is not None else []:
            parts = urlsplit(str(uri))
            if parts.hostname == "127.0.0.1" and parts.port is not None:
                return parts.port
        return 0

    def _drop_registration_for_other_redirects(self) -> None:
        """Registers anew when the stored registration does not cover how the person will be reached."""
        info = self.context.client_info
        if info is None or self.options.given.client_id is not None or self.options.callback_handler is not None:
            return
        if info.client_id == self.options.client_metadata_url:
            return
        uris = self.context.client_metadata.redirect_uris or []
        registered = {str(uri) for uri in info.redirect_uris or []}
        device_missing = self._way == "device" and device.GRANT not in info.grant_types
        if device_missing or (self._way != "device" and not {str(uri) for uri in uris} <= registered):
            self.context.client_info = None

    async def _perform_authorization(self) -> httpx2.Request:
        metadata = self.context.client_metadata
        if self.options.scope is not None:
            challenged = metadata.scope if self._stepping_up else None
            metadata.scope = union_scopes(self.options.scope, challenged)
        if self._way is None or (self._way == "browser" and self._listener is None):
            self._choose_way(self._binding().issuer)
        await self._refuse_unusable_metadata()
        self.interactions += 1
        if self._way == "device":
            self._device = await device.DeviceFlow.start(self.http, self.context, self._raw_metadata, self._person.show)
            return self._device.request
        return await super()._perform_authorization()

    async def _send_person(self, authorization_url: str) -> None:
        await self.http.policy.check(authorization_url, "authorization endpoint")
        self._authorization_url = authorization_url
        if self.options.redirect_handler is not None:
            await self.options.redirect_handler(authorization_url)

    async def _await_person(self) -> AuthorizationCodeResult:
        state = parse_qs(urlsplit(self._authorization_url).query)["state"][0]
        if self.options.callback_handler is not None:
            return _with_state(await self.options.callback_handler(), state)
        if self._listener is None:
            return await self._paste(state)
        outcome: AuthorizationCodeResult | AuthorizationError
        async with anyio.create_task_group() as group:
            if self.options.redirect_handler is None:
                group.start_soon(self._person.open, self._authorization_url)
            try:
                outcome = await self._listener.wait(state)
            except AuthorizationError as error:
                outcome = error  # raised in here it would arrive as a group of errors
            group.cancel_scope.cancel()
        if isinstance(outcome, AuthorizationError):
            raise outcome
        return outcome

    async def _paste(self, state: str) -> AuthorizationCodeResult:
        prompt = self._person.prompt
        if prompt is None:
            raise AuthorizationRequired("nobody can paste a code here", hint="run the command in a terminal")
        text = await prompt(
            f"Open this address and approve the request:\n{self._authorization_url}\n"
            "Then paste the address of the last page, or the code, state and iss it shows, in one line:"
        )
        return _with_state(result_of(pasted_answer(text)), state)

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._way = None
        self._device = None


def _with_state(result: AuthorizationCodeResult, state: str) -> AuthorizationCodeResult:
    """The answer, if it belongs to the request that was sent. The SDK checks too, but quotes both values."""
    if result.state != state:
        raise AuthorizationError(
            "the authorization response does not belong to the request that was sent (state differs)",
            hint="start again, and finish the page that was opened last",
        )
    return result


def _other_issuer(wanted: str, published: list[str]) -> AuthorizationError:
    return AuthorizationError(
        f"the MCP server does not name {wanted} as its authorization server, but {', '.join(published)}",
        hint="correct `auth_server`, or leave it out to use the one the server names",
    )


def _json_object(response: httpx2.Response) -> dict[str, Any]:
    try:
        document = json.loads(response.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _oauth_error(response: httpx2.Response) -> str:
    return without_secrets(str(_json_object(response).get("error", f"HTTP {response.status_code}")))
