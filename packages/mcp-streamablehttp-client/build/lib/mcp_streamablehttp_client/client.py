"""``MCPClient``: calls tools of a server over streamable HTTP, in either era, with or without authorization.

The protocol is the SDK's ``Client``. This module owns when it is connected:
inside ``async with``, or by itself at the first call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

import mcp_types as types
from mcp import Client, MCPError
from mcp.client.session import ElicitationFnT
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult
from pydantic import ConfigDict, ValidationError
from typing_extensions import Self

from .about import distribution_version
from .auth.person import Person
from .auth.provider import OAuthOptions
from .auth.storage import GivenCredentials
from .auth.store import MemoryStore
from .connection import client_metadata_url, given_credentials, open_http
from .errors import ConfigurationError, ServerUnreachableError
from .http_client import MAX_MESSAGE_BYTES, UpstreamClient
from .settings import DEFAULT_STORE, Settings, checked_server_url

_T = TypeVar("_T")
_OAUTH_KEYS = frozenset(
    {"auth_server", "client_name", "scope", "client_id", "client_secret", "client_metadata_url", "redirect_port"}
)
_DEFAULT_NAME = "mcp-http-stdio"


class MCPClient:
    """A client of one MCP server.

    Use it in ``async with``, or just call a method: the connection is then made
    at the first call and lasts until :meth:`close` or the end of the event loop.
    It can be used from any task of the loop.
    """

    def __init__(  # noqa: PLR0913 - the documented signature
        self,
        server_url: str,
        oauth_config: Mapping[str, Any] | None = None,
        *,
        mode: str = "auto",
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        storage: MemoryStore | None = None,
        redirect_handler: Callable[[str], Awaitable[None]] | None = None,
        callback_handler: Callable[[], Awaitable[AuthorizationCodeResult]] | None = None,
        elicitation_callback: ElicitationFnT | None = None,
        person: Person | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Checks the arguments; connects to nothing yet.

        Args:
            server_url: The address of the endpoint, usually ending in ``/mcp``.
            oauth_config: ``auth_server`` (must be an issuer the server names), ``client_name``, ``scope``,
                ``client_id``, ``client_secret``, ``client_metadata_url``, ``redirect_port``.
            mode: ``auto``, ``legacy`` or a modern protocol version.
            headers: Sent with every request. An ``Authorization`` header switches OAuth off.
            timeout: Seconds to wait for each answer; the time a person needs to authorize does not count.
            storage: Where credentials are kept; ``CredentialStore("~/.mcp/credentials.json")`` by default.
            redirect_handler: Gets the authorization URL instead of the browser.
            callback_handler: Returns the authorization response instead of the loopback listener.
            elicitation_callback: Answers questions of the server; see the SDK.
            person: How somebody can be reached to authorize; used by the command line.
            settings: Settings read elsewhere; the other arguments win.

        Raises:
            ConfigurationError: an argument cannot work.
        """
        try:
            checked_server_url(server_url)
        except ValueError as error:
            raise ConfigurationError(
                f"`server_url` cannot be used: {error}", hint="give the address of an MCP endpoint"
            ) from None
        config = _checked_oauth_config(oauth_config)
        base = settings if settings is not None else Settings.model_construct(credential_storage_path=DEFAULT_STORE)
        self._settings = base.model_copy(update={"mcp_server_url": server_url, "request_timeout": timeout})
        self._options = _options(config, base, redirect_handler, callback_handler)
        self._mode = mode
        self._headers = headers
        self._timeout = timeout
        self._storage = storage
        self._person = person if person is not None else Person()
        self._elicitation_callback = elicitation_callback
        self._http: UpstreamClient | None = None
        self._owner: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[Client] | None = None
        self._closing = asyncio.Event()

    # -- the connection ----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Connects."""
        await self._connected()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        """Closes the connection."""
        await self.close()

    async def close(self) -> None:
        """Ends the session and closes the connection. The next call would open a new one."""
        owner, self._owner, self._ready = self._owner, None, None
        if owner is None:
            return
        self._closing.set()
        await asyncio.wait([owner])

    @property
    def protocol_version(self) -> str | None:
        """The version agreed on, or nothing while not connected."""
        if self._ready is None or not self._ready.done() or self._ready.exception() is not None:
            return None
        return self._ready.result().protocol_version

    async def _connected(self) -> Client:
        """The SDK's client, connected. Every caller waits for the same attempt; a failed one is not remembered."""
        if self._owner is None or self._owner.done() or self._ready is None:
            loop = asyncio.get_running_loop()
            self._closing = asyncio.Event()
            self._ready = loop.create_future()
            # The SDK's scopes must be left by the task that entered them, so one task owns the connection.
            self._owner = loop.create_task(self._own(self._ready, self._closing), name=f"{type(self).__name__} owner")
        return await asyncio.shield(self._ready)

    async def _own(self, ready: asyncio.Future[Client], closing: asyncio.Event) -> None:
        try:
            async with open_http(
                self._settings, self._person, self._storage, self._options, self._headers
            ) as self._http:
                transport = streamable_http_client(
                    self._settings.server_url, http_client=self._http, max_sse_event_size=MAX_MESSAGE_BYTES
                )
                async with self._sdk_client(transport) as client:
                    ready.set_result(client)
                    await closing.wait()
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(self._explained(_single(error)))
            ready.exception()  # somebody awaits it, or nobody does any more: either way it is taken
        finally:
            ready.cancel()

    def _sdk_client(self, transport: Any) -> Client:
        try:
            return Client(
                transport,
                mode=self._mode,
                read_timeout_seconds=self._timeout,
                elicitation_callback=self._elicitation_callback,
                client_info=types.Implementation(
                    name=self._options.client_name, version=self._options.client_version or distribution_version()
                ),
            )
        except ValueError as error:
            raise ConfigurationError(f"`mode` cannot be used: {error}", hint="use auto, legacy or 2026-07-28") from None

    async def _call(self, method: Callable[[Client], Awaitable[_T]]) -> _T:
        client = await self._connected()
        try:
            return await method(client)
        except (MCPError, ValidationError) as error:
            explained = self._explained(error)
            if explained is error:
                raise
            raise explained from error

    def _explained(self, error: Exception) -> Exception:
        """The cause behind an error the transport could only hint at."""
        if isinstance(error, ValidationError):
            return ServerUnreachableError(
                f"{self._settings.server_url} answered with something that is not MCP",
                hint="check the address; MCP endpoints usually end in /mcp",
            )
        data = error.data if isinstance(error, MCPError) else None
        if not isinstance(data, dict) or "http_status" not in data:
            return error
        if "reason" in data and self._http is not None and self._http.failure is not None:
            return self._http.failure
        if data["http_status"] is None:
            return ServerUnreachableError(
                f"{self._settings.server_url}: {error}", hint="check the address and that the server is up"
            )
        return error

    # -- what can be asked ---------------------------------------------------------------------------

    async def call_tool(self, name: str, arguments: dict[str, Any] | None = None) -> types.CallToolResult:
        """Calls a tool. A failure of the tool itself is a result with ``is_error``."""
        return await self._call(lambda client: client.call_tool(name, arguments))

    async def list_tools(self, cursor: str | None = None) -> types.ListToolsResult:
        """One page of the tools."""
        return await self._call(lambda client: client.list_tools(cursor=cursor))

    async def list_resources(self, cursor: str | None = None) -> types.ListResourcesResult:
        """One page of the resources."""
        return await self._call(lambda client: client.list_resources(cursor=cursor))

    async def list_prompts(self, cursor: str | None = None) -> types.ListPromptsResult:
        """One page of the prompts."""
        return await self._call(lambda client: client.list_prompts(cursor=cursor))

    async def read_resource(self, uri: str) -> types.ReadResourceResult:
        """Reads a resource."""
        return await self._call(lambda client: client.read_resource(uri))

    async def get_prompt(self, name: str, arguments: dict[str, str] | None = None) -> types.GetPromptResult:
        """Fills in a prompt."""
        return await self._call(lambda client: client.get_prompt(name, arguments))

    async def discover(self) -> types.DiscoverResult:
        """What the server says about itself; for a server of the handshake era, what its handshake said."""
        return await self._call(_discovered)

    async def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Sends any request and returns its result as it came."""
        raw = types.Request[Any, str](method=method, params=params)
        result = await self._call(lambda client: client.session.send_request(raw, _RawResult))
        return result.model_dump(by_alias=True, exclude_unset=True)


class _RawResult(types.Result):
    model_config = ConfigDict(extra="allow")


async def _discovered(client: Client) -> types.DiscoverResult:
    known = client.session.discover_result
    if known is not None:
        return known
    return types.DiscoverResult(
        supported_versions=[client.protocol_version],
        capabilities=client.server_capabilities,
        instructions=client.instructions,
        ttl_ms=0,
        cache_scope="private",
    )


def _checked_oauth_config(config: Mapping[str, Any] | None) -> dict[str, Any]:
    found = dict(config or {})
    unknown = sorted(set(found) - _OAUTH_KEYS)
    if unknown:
        raise ConfigurationError(
            f"`oauth_config` has unknown keys: {', '.join(unknown)}",
            hint=f"known keys: {', '.join(sorted(_OAUTH_KEYS))}",
        )
    if found.get("client_secret") and not found.get("client_id"):
        raise ConfigurationError("`client_secret` is given without `client_id`", hint="give both, or neither")
    port = found.get("redirect_port", 0)
    if not isinstance(port, int) or not 0 <= port <= 65535:
        raise ConfigurationError("`redirect_port` is no port", hint="give a number from 0 (any free one) to 65535")
    url = found.get("client_metadata_url")
    if url is not None and (not url.startswith("https://") or url.count("/") < 3):
        raise ConfigurationError(
            "`client_metadata_url` is no https address with a path", hint="see Client ID Metadata Documents"
        )
    return found


def _options(
    config: dict[str, Any],
    settings: Settings,
    redirect_handler: Callable[[str], Awaitable[None]] | None,
    callback_handler: Callable[[], Awaitable[AuthorizationCodeResult]] | None,
) -> OAuthOptions:
    given = given_credentials(settings)
    if config.get("client_id"):
        given = GivenCredentials(
            client_id=config["client_id"],
            client_secret=config.get("client_secret"),
            access_token=given.access_token,
            refresh_token=given.refresh_token,
        )
    return OAuthOptions(
        client_name=config.get("client_name") or settings.client_name or _DEFAULT_NAME,
        client_version=settings.client_version,
        auth_server=config.get("auth_server"),
        scope=config.get("scope"),
        client_metadata_url=config.get("client_metadata_url") or client_metadata_url(settings),
        redirect_port=config.get("redirect_port", 0),
        given=given,
        redirect_handler=redirect_handler,
        callback_handler=callback_handler,
    )


def _single(error: BaseException) -> Exception:
    """The one error in a group of task groups, which is what the caller can do something about."""
    while isinstance(getattr(error, "exceptions", None), tuple) and len(error.exceptions) == 1:  # type: ignore[attr-defined] # groups have no common base on 3.10
        error = error.exceptions[0]  # type: ignore[attr-defined] # see above
    return error if isinstance(error, Exception) else ServerUnreachableError(str(error), hint="try again")
