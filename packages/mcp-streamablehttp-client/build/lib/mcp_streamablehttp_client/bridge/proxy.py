"""The bridge: a host on stdin and stdout, a server on streamable HTTP.

Owns the two ends, the requests in flight and the order of shutting down. What
is done with a message is the routes' business. stdout carries JSON-RPC and
nothing else: the SDK's ``stdio_server`` points file descriptor 1 at stderr
while it serves.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import anyio.abc
from mcp.server.stdio import stdio_server
from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params
from mcp.shared.message import SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)
from typing_extensions import Self

from mcp_streamablehttp_client.about import distribution_version
from mcp_streamablehttp_client.auth.person import Person
from mcp_streamablehttp_client.auth.store import MemoryStore
from mcp_streamablehttp_client.connection import open_http
from mcp_streamablehttp_client.errors import AuthorizationRequired
from mcp_streamablehttp_client.log_output import fields
from mcp_streamablehttp_client.settings import Settings

from . import wire
from .era import Eras
from .route import Surroundings
from .upstream import Upstream, connect

logger = logging.getLogger(__name__)

_DRAIN_SECONDS = 1.0
_STOP_SECONDS = 3.0


class _InFlight:
    """A request of the host that is being answered."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.cancelled = False


class StreamableHttpToStdioProxy:
    """Bridges one host to one server. Enter it, then :meth:`run` until the host closes its end."""

    def __init__(
        self,
        settings: Settings,
        *,
        protocol: str = "auto",
        person: Person | None = None,
        store: MemoryStore | None = None,
    ) -> None:
        """``protocol`` is the era to speak to the server; ``person`` says how somebody can be asked to authorize."""
        self.settings = settings
        self._protocol = protocol
        self._person = person if person is not None else Person()
        self._store = store
        self._stack = AsyncExitStack()
        self._asked: dict[RequestId, tuple[anyio.Event, list[wire.Reply]]] = {}
        self._in_flight: dict[RequestId, _InFlight] = {}
        self._questions = itertools.count(1)
        self._idle = anyio.Event()
        self._stopping = anyio.Event()
        self._stopped = anyio.Event()
        self._write: Any = None
        self._eras: Eras | None = None
        self.authorization_missing = False
        """Whether a request failed because nobody could be asked to authorize."""

    async def __aenter__(self) -> Self:
        """Prepares the connection; nothing is sent before the host speaks."""
        self._http = await self._stack.enter_async_context(open_http(self.settings, self._person, self._store))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes the connections."""
        await self._stack.aclose()

    async def run(self, streams: Any = None) -> None:
        """Serves until the host closes stdin, or :meth:`stop`. Other ``streams`` of messages can take stdio's place."""
        async with _host_streams(streams) as (read, write):
            self._write = write
            async with read, write:
                await self._serve(read)

    async def stop(self) -> None:
        """Ends :meth:`run` as if the host had closed its end; returns when the session is deleted."""
        self._stopping.set()
        with anyio.move_on_after(_STOP_SECONDS):
            await self._stopped.wait()

    async def _serve(self, read: Any) -> None:
        try:
            async with (
                connect(self.settings.server_url, self._http, self._from_server) as upstream,
                anyio.create_task_group() as group,
            ):
                self._eras = Eras(self._surroundings(upstream), self._protocol, group)
                logger.info(fields("bridge_ready", version=distribution_version()))
                await self._until_stopped(read, group)
                await self._drain()
                upstream.close()
                group.cancel_scope.cancel()
        finally:
            self._stopped.set()
        logger.info(fields("bridge_ended"))

    def _surroundings(self, upstream: Upstream) -> Surroundings:
        client_info = {
            "name": self.settings.client_name,
            "version": self.settings.client_version or distribution_version(),
        }
        return Surroundings(upstream, self._to_host, self._ask_host, client_info)

    async def _until_stopped(self, read: Any, group: anyio.abc.TaskGroup) -> None:
        async with anyio.create_task_group() as reading:

            async def watch() -> None:
                await self._stopping.wait()
                reading.cancel_scope.cancel()

            reading.start_soon(watch)
            async for item in read:
                await self._from_host(item, group)
            reading.cancel_scope.cancel()

    async def _drain(self) -> None:
        """Gives answers that are on their way a moment; a host that closed its end may still read."""
        with anyio.move_on_after(_DRAIN_SECONDS):
            while self._in_flight:
                self._idle = anyio.Event()
                await self._idle.wait()

    # -- from the host -----------------------------------------------------------------------------

    async def _from_host(self, item: Any, group: anyio.abc.TaskGroup) -> None:
        if isinstance(item, Exception):
            await self._to_host(wire.failure(None, PARSE_ERROR, "Parse error"))
            return
        message = item.message
        if isinstance(message, JSONRPCRequest):
            if message.id in self._in_flight:
                await self._to_host(wire.failure(message.id, INVALID_REQUEST, "a request with this id is in flight"))
                return
            entry = self._in_flight[message.id] = _InFlight()
            group.start_soon(self._answer, message, entry)
        elif isinstance(message, JSONRPCNotification):
            await self._notified(message)
        else:
            await self._answered(message)

    async def _answer(self, message: JSONRPCRequest, entry: _InFlight) -> None:
        """Answers one request. It is in flight until the host has its answer: the end of stdin waits for that."""
        try:
            reply = await self._reply_to(message, entry)
            if reply is not None and not entry.cancelled:
                self._note(reply)
                await self._to_host(reply)
        finally:
            del self._in_flight[message.id]
            self._idle.set()

    async def _reply_to(self, message: JSONRPCRequest, entry: _InFlight) -> wire.Reply | None:
        assert self._eras is not None  # noqa: S101 - requests are read only while serving
        try:
            with entry.scope:
                return await self._eras.request(message)
        except Exception:
            # The host must get an answer whatever happened, and one request must not end the others.
            logger.exception(fields("request_not_answered", method=message.method))
            return wire.failure(message.id, INTERNAL_ERROR, "Internal error")
        return None

    def _note(self, reply: wire.Reply) -> None:
        if isinstance(self._http.failure, AuthorizationRequired):
            self.authorization_missing = True
        elif isinstance(reply, JSONRPCResponse):
            self.authorization_missing = False

    async def _notified(self, message: JSONRPCNotification) -> None:
        assert self._eras is not None  # noqa: S101 - see _answer
        if message.method == "notifications/cancelled":
            request_id = cancelled_request_id_from_params(message.params)
            entry = self._in_flight.get(request_id) if request_id is not None else None
            if entry is not None:
                entry.cancelled = True
                entry.scope.cancel()
            return
        modern = wire.modern_version(message.params) is not None
        route = self._eras.current if modern and self._eras.current is not None else self._eras.legacy()
        await route.notification(message)

    async def _answered(self, message: wire.Reply) -> None:
        asked = self._asked.pop(message.id, None) if message.id is not None else None
        if asked is not None:
            arrived, replies = asked
            replies.append(message)
            arrived.set()
        elif self._eras is not None and self._eras.current is not None:
            await self._eras.current.host_reply(message)

    # -- to the host -------------------------------------------------------------------------------

    async def _to_host(self, message: Any) -> None:
        await self._write.send(SessionMessage(message))

    async def _ask_host(self, method: str, params: wire.Json) -> wire.Reply:
        """Sends the host a request of the bridge's own."""
        request_id = f"bridge-asks-{next(self._questions)}"
        arrived, replies = anyio.Event(), list[wire.Reply]()
        self._asked[request_id] = (arrived, replies)
        try:
            await self._to_host(wire.request(request_id, method, params))
            await arrived.wait()
        finally:
            self._asked.pop(request_id, None)
        return replies[0]

    async def _from_server(self, message: JSONRPCRequest | JSONRPCNotification) -> None:
        if self._eras is not None and self._eras.current is not None:
            await self._eras.current.from_server(message)


@asynccontextmanager
async def _host_streams(streams: Any) -> AsyncIterator[tuple[Any, Any]]:
    if streams is not None:
        yield streams
        return
    async with stdio_server() as pair:
        yield pair
