"""The connection to the server: sends raw messages through the SDK's transport and matches the answers by id.

Every request waits in a task of its own, so any number can be in flight.
Answers nobody waits for are dropped; everything else the server says goes to
``incoming``. Knows nothing of eras.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.abc
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    RequestId,
)

from mcp_streamablehttp_client.http_client import MAX_MESSAGE_BYTES, Exchange, UpstreamClient, current_exchange
from mcp_streamablehttp_client.log_output import fields

from . import wire

logger = logging.getLogger(__name__)

Incoming = Callable[[JSONRPCRequest | JSONRPCNotification], Awaitable[None]]
_ABANDON_SECONDS = 1.0


class _Waiting:
    """A request in flight."""

    def __init__(self) -> None:
        self.arrived = anyio.Event()
        self.reply: wire.Reply | None = None


class Upstream:
    """One open connection. Made by :func:`connect`."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._waiting: dict[RequestId, _Waiting] = {}
        self._ids = itertools.count(1)
        self._closing = False

    def fresh_id(self) -> str:
        """An id no host uses."""
        return f"bridge-{next(self._ids)}"

    async def request(self, message: JSONRPCRequest, headers: dict[str, str], *, fresh: bool = False) -> wire.Reply:
        """Sends a request and waits for its answer, which carries the id of ``message``.

        Ending the wait from outside tells the server that nobody waits any more. ``fresh`` sends the request
        under a new id, as a repeated request must be.
        """
        sent_id = self.fresh_id() if fresh or message.id in self._waiting else message.id
        waiting = self._waiting[sent_id] = _Waiting()
        sent = message if sent_id == message.id else message.model_copy(update={"id": sent_id})
        exchange = Exchange()
        token = current_exchange.set(exchange)
        try:
            await self._send(sent, headers)
            await waiting.arrived.wait()
        finally:
            current_exchange.reset(token)
            del self._waiting[sent_id]
            if waiting.reply is None and not self._closing:
                await self._abandon(sent_id)
        return _addressed(wire.honest(waiting.reply, exchange.status), message.id) if waiting.reply else _lost(message)

    async def notify(self, message: JSONRPCNotification, headers: dict[str, str]) -> None:
        """Sends a notification."""
        await self._send(message, headers)

    async def respond(self, message: wire.Reply) -> None:
        """Answers a request of the server."""
        await self._send(message, None)

    async def _abandon(self, request_id: RequestId) -> None:
        """The SDK's transport closes the response stream of a modern request, and posts this for a legacy one."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(_ABANDON_SECONDS):
            await self._send(wire.notification("notifications/cancelled", {"requestId": request_id}), None)

    async def _send(self, message: Any, headers: dict[str, str] | None) -> None:
        metadata = ClientMessageMetadata(headers=headers) if headers is not None else None
        await self._write.send(SessionMessage(message, metadata=metadata))

    async def pump(self, read: Any, incoming: Incoming) -> None:
        """Sorts what arrives until the connection ends, then answers what still waits."""
        async for item in read:
            if isinstance(item, Exception):
                logger.warning(fields("unreadable_message", cause=type(item).__name__))
                continue
            message = item.message
            if isinstance(message, (JSONRPCRequest, JSONRPCNotification)):
                await incoming(message)
                continue
            waiting = self._waiting.get(message.id) if message.id is not None else None
            if waiting is None or waiting.reply is not None:
                logger.debug(fields("unexpected_answer"))
                continue
            waiting.reply = message
            waiting.arrived.set()
        self.close()
        for waiting in self._waiting.values():
            waiting.arrived.set()

    def close(self) -> None:
        """From now on nothing is told to the server about requests that end unanswered: the session ends anyway."""
        self._closing = True


@asynccontextmanager
async def connect(url: str, http: UpstreamClient, incoming: Incoming) -> AsyncIterator[Upstream]:
    """Opens the transport; leaving the block ends the session with DELETE."""
    async with streamable_http_client(url, http_client=http, max_sse_event_size=MAX_MESSAGE_BYTES) as (read, write):
        upstream = Upstream(write)
        async with anyio.create_task_group() as group:
            group.start_soon(upstream.pump, read, incoming)
            try:
                yield upstream
            finally:
                upstream.close()
                group.cancel_scope.cancel()


def _addressed(reply: wire.Reply, request_id: RequestId) -> wire.Reply:
    return reply if reply.id == request_id else reply.model_copy(update={"id": request_id})


def _lost(message: JSONRPCRequest) -> JSONRPCError:
    return wire.failure(message.id, INTERNAL_ERROR, "the connection to the MCP server has ended", {"http_status": None})
