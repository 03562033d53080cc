"""One legacy session: a client's transport, a server of its own, and the messages between them, untouched.

Ids, revisions, capabilities and instructions are the server's. The only thing
added is an address: which of the client's streams a message travels on.
"""

from __future__ import annotations

import logging
from collections import deque

import anyio
from anyio.abc import TaskGroup
from mcp.server.streamable_http import REQUEST_CANCELLED, StreamableHTTPServerTransport
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)
from starlette.types import Message, Receive, Scope, Send

from .child import Child, ChildStartError, open_child
from .child_command import ChildCommand
from .legacy_calls import LegacyCalls
from .limits import Limits
from .starts import Starts

_STANDALONE = frozenset(
    {
        "notifications/tools/list_changed",
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
    }
)
_MOST_HELD = 100
_LAST_ANSWERS_SECONDS = 5.0


class MCPSession:
    """A client's session and the server that belongs to it.

    ``owner`` is the user it was opened by; ``is_over`` says that the server has
    left: requests already under way are being answered, new ones are not taken.
    """

    def __init__(
        self,
        transport: StreamableHTTPServerTransport,
        command: ChildCommand,
        limits: Limits,
        starts: Starts,
        logger: logging.Logger,
        *,
        owner: str | None = None,
    ) -> None:
        self.owner = owner
        self.is_over = False
        self.pid: int | None = None
        self._transport = transport
        self._command = command
        self._limits = limits
        self._starts = starts
        self._logger = logger
        self._calls = LegacyCalls(limits)
        self._started = False
        self._refused = False
        self._posts = 0
        self._listening = 0
        self._held: deque[SessionMessage] = deque(maxlen=_MOST_HELD)
        self._to_client: WriteStream[SessionMessage]
        self._tasks: TaskGroup | None = None

    @property
    def is_terminated(self) -> bool:
        """Whether the client, or we, ended the session."""
        return self._transport.is_terminated

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request of the session's client."""
        if scope["method"] == "GET":
            await self._handle_listening(scope, receive, send)
            return
        self._posts += 1
        try:
            await self._transport.handle_request(scope, receive, send)
        finally:
            self._posts -= 1

    async def _handle_listening(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = False

        async def observe(message: Message) -> None:
            nonlocal opened
            await send(message)
            if message["type"] == "http.response.start" and message["status"] == 200:
                opened = True
                self._listening += 1
                # A task of its own starts after the transport's own task has registered the stream.
                if self._tasks is not None:
                    self._tasks.start_soon(self._release_held)

        try:
            await self._transport.handle_request(scope, receive, observe)
        finally:
            self._listening -= opened

    async def serve(
        self, from_client: ReadStream[SessionMessage | Exception], to_client: WriteStream[SessionMessage]
    ) -> None:
        """Starts the server when the client's handshake arrives; returns when either of them has left."""
        self._to_client = to_client
        first = await _first_request(from_client)
        if first is None:
            return
        self._calls.open(first)
        try:
            async with open_child(self._command, self._limits.max_message, self._logger) as child:
                self.pid = child.pid
                self._starts.running += 1
                try:
                    await self._relay(child, first, from_client)
                finally:
                    self._starts.running -= 1
        except ChildStartError as error:
            await self._give_up(str(error))

    async def _relay(
        self, child: Child, first: JSONRPCRequest, from_client: ReadStream[SessionMessage | Exception]
    ) -> None:
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._pass_to_child, child, first, from_client, tasks.cancel_scope)
            tasks.start_soon(self._end_overdue, child, tasks)
            try:
                async for item in child.incoming:
                    if isinstance(item, SessionMessage):
                        await self._pass_to_client(item.message)
                    if self._refused:
                        break
                await self._give_up("server refused the handshake" if self._refused else child.epitaph)
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                self._logger.debug("a session ended while its server was talking")
            finally:
                self._tasks = None
            tasks.cancel_scope.cancel()

    async def _pass_to_child(
        self,
        child: Child,
        first: JSONRPCRequest,
        from_client: ReadStream[SessionMessage | Exception],
        relay: anyio.CancelScope,
    ) -> None:
        """Passes the client's messages on until the client ends the session, then ends the relay."""
        await _send_to(child, first)
        try:
            async for item in from_client:
                if not isinstance(item, SessionMessage):
                    continue
                message = item.message
                if isinstance(message, JSONRPCRequest):
                    self._calls.open(message)
                await _send_to(child, message)
                if isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
                    await self._end_cancelled(message)
        except anyio.ClosedResourceError:
            self._logger.debug("a session was ended")
        relay.cancel()

    async def _end_cancelled(self, message: JSONRPCNotification) -> None:
        """Ends a request the client has cancelled: no answer will come, but its stream must end."""
        request_id = cancelled_request_id_from_params(message.params)
        call = self._calls.close(request_id)
        if call is not None:
            await self._answer(call.request_id, REQUEST_CANCELLED, "Request cancelled")

    async def _pass_to_client(self, message: JSONRPCMessage) -> None:
        if isinstance(message, (JSONRPCResponse, JSONRPCError)):
            call = self._calls.close(message.id)
            if call is None:
                self._logger.debug("dropped an answer nobody waits for")
                return
            if call.method == "initialize":
                self._started = True
                self._refused = isinstance(message, JSONRPCError)
                self._starts.succeeded()
            await self._to_client.send(SessionMessage(message))
            return
        if message.method == "notifications/progress":
            related = self._calls.of_progress(message.params)
            if related is None:
                self._logger.debug("dropped progress of a request that is over")
                return
        else:
            related = None if message.method in _STANDALONE else self._calls.newest()
        await self._send(message, related)

    async def _send(self, message: JSONRPCMessage, related: RequestId | None) -> None:
        """Sends on the stream of a request, or on the standalone one as soon as there is one."""
        if self._transport.is_json_response_enabled and isinstance(message, JSONRPCRequest):
            related = None  # a JSON body has no room for a question
        item = SessionMessage(message, ServerMessageMetadata(related_request_id=related))
        if related is None and (self._held or not self._listening):
            self._held.append(item)
        else:
            await self._to_client.send(item)

    async def _release_held(self) -> None:
        try:
            while self._held and self._listening:
                await self._to_client.send(self._held.popleft())
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._logger.debug("a session ended while its stream was opening")

    async def _end_overdue(self, child: Child, tasks: TaskGroup) -> None:
        """Answers requests the server has not answered in time, and tells the server."""
        while True:
            call = await self._calls.next_overdue()
            if call.method == "initialize":
                reason = f"server did not start within {call.timeout:g} s"
                await self._answer(call.request_id, INTERNAL_ERROR, reason)
                await self._give_up(reason)
                tasks.cancel_scope.cancel()
                return
            await self._answer(call.request_id, INTERNAL_ERROR, f"server did not answer within {call.timeout:g} s")
            params = {"requestId": call.request_id, "reason": "timed out"}
            cancelled = JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params=params)
            # Not awaited: a server that does not read must not hold up the clock of other requests.
            tasks.start_soon(_send_to, child, cancelled)

    async def _give_up(self, reason: str) -> None:
        """Answers everybody who waits or still comes, and gives the answers the time to leave."""
        self.is_over = True
        if not self._started:
            self._starts.failed()
        with anyio.move_on_after(_LAST_ANSWERS_SECONDS):
            while True:
                for call in self._calls.close_all():
                    await self._answer(call.request_id, INTERNAL_ERROR, reason)
                if not self._posts:
                    return
                await anyio.sleep(0.01)

    async def _answer(self, request_id: RequestId, code: int, text: str) -> None:
        error = JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=text))
        try:
            await self._to_client.send(SessionMessage(error))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._logger.debug("an answer found its session ended")


async def _send_to(child: Child, message: JSONRPCMessage) -> None:
    try:
        await child.outgoing.send(SessionMessage(message))
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        # The server does not read any more: its end is near, and whoever waits for it is told then.
        return


async def _first_request(from_client: ReadStream[SessionMessage | Exception]) -> JSONRPCRequest | None:
    """The handshake's request; the transport lets nothing else open a session."""
    async for item in from_client:
        if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCRequest):
            return item.message
    return None
