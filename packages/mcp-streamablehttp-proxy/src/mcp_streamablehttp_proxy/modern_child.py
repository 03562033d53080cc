"""One running server as modern clients use it: forwards their requests, whatever era the server speaks.

Raw dicts go through: typed models would drop the fields they do not know.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import anyio
from anyio.abc import TaskStatus
from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.shared.dispatcher import DispatchContext
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp.shared.transport_context import TransportContext
from mcp_types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    METHOD_NOT_FOUND,
    JSONRPCNotification,
    RequestId,
    ServerNotification,
)

from .calls import Call, CallTable
from .child import Child, ChildStartError, open_child
from .child_command import ChildCommand
from .era import ChildFacts, DiedOnProbeError, Era, Negotiation, own_meta
from .legacy_listen import LegacyListening
from .limits import Limits
from .tool_schemas import ToolSchemas, list_tools
from .translation import LOG_LEVELS, discovery, legacy_params, modern_error, modern_result

LISTEN = "subscriptions/listen"
_UNWATCHED_LIST_SECONDS = 10.0


class ModernChild:
    """Forwards requests to a server and what the server says about them back. :attr:`gone` is set at its end."""

    def __init__(self, child: Child, limits: Limits, versions: tuple[str, ...], logger: logging.Logger) -> None:
        self.gone = anyio.Event()
        self.used_at = anyio.current_time()
        self.facts: ChildFacts
        self.schemas = ToolSchemas(self._tools_page, logger)
        self._child = child
        self._limits = limits
        self._versions = versions
        self._logger = logger
        self._table = CallTable(logger)
        self._listeners: set[Call] = set()
        self._listening: LegacyListening | None = None
        self._log_level: str | None = None
        self._dispatcher: JSONRPCDispatcher[TransportContext] = JSONRPCDispatcher(child.incoming, child.outgoing)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._child.pid

    @property
    def busy(self) -> bool:
        """Whether a client is waiting for the server or listening to it."""
        return len(self._table) > 0 or (self._listening is not None and self._listening.open > 0)

    async def drive(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Reads what the server sends until it ends."""
        try:
            await self._dispatcher.run(_answer, _ignore, self._sort, task_status=task_status)
        finally:
            if self._listening is not None:
                self._listening.end()
            self.gone.set()

    async def settle(self, known: Era | None) -> None:
        """Finds out the server's era.

        Raises:
            ChildStartError: the server cannot be used.
        """
        try:
            with anyio.fail_after(self._limits.startup_timeout):
                self.facts = await Negotiation(self._own_request, self._tell, known).settle()
        except TimeoutError:
            raise ChildStartError(f"server did not start within {self._limits.startup_timeout:g} s") from None
        except MCPError as error:
            reason = self._child.epitaph if self._lost(error) else f"server refused the handshake ({error.code})"
            raise ChildStartError(reason) from error
        if self.facts.era == "legacy":
            self._listening = LegacyListening(self.facts, self._own_request, self._logger)

    async def watch_tools(self) -> None:
        """Listens, where a modern server only tells listeners, for changes of its list of tools."""
        if self.facts.era == "legacy" or not self.facts.declares("tools", "listChanged"):
            return
        params = {"_meta": own_meta(self.facts.version), "notifications": {"toolsListChanged": True}}
        try:
            await self._own_request(LISTEN, params)
        except MCPError as error:
            self._logger.debug("the server does not tell about its tools (%d)", error.code)
        self.schemas.lifetime = _UNWATCHED_LIST_SECONDS

    async def request(self, ctx: ServerRequestContext[Any, Any]) -> dict[str, Any]:
        """Has the server answer a modern client's request.

        Raises:
            MCPError: the server's own error, or ours when it gives no answer.
        """
        params = ctx.params or {}
        legacy = self.facts.era == "legacy"
        self.used_at = anyio.current_time()
        try:
            if legacy and ctx.method == "server/discover":
                return discovery(self.facts, self._versions)
            if self._listening is not None and ctx.method == LISTEN:
                return await self._listening.serve(ctx)
            outcome = await self._forward(ctx, params)
        finally:
            self.used_at = anyio.current_time()
        if isinstance(outcome, MCPError):
            raise modern_error(outcome)
        if legacy:
            return modern_result(ctx.method, outcome, self.facts)
        if ctx.method == "server/discover":
            outcome["supportedVersions"] = [v for v in outcome.get("supportedVersions", ()) if v in self._versions]
        return outcome

    async def _forward(
        self, ctx: ServerRequestContext[Any, Any], params: Mapping[str, Any]
    ) -> dict[str, Any] | MCPError:
        if ctx.request_id is None:
            raise RuntimeError("only requests are forwarded")
        call = self._table.open(
            ctx.request_id, params, math.inf if ctx.method == LISTEN else self._limits.request_timeout
        )
        if ctx.method == LISTEN:
            self._listeners.add(call)
        try:
            if call.log_level is not None:
                await self._lower_log_level(call.log_level)
            return await self._exchange(call, ctx, self._for_child(call, params))
        finally:
            self._listeners.discard(call)
            self._table.close(call)

    def _for_child(self, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        """The params as the server is to see them: in its era, with a progress token of our own."""
        sent = legacy_params(params) if self.facts.era == "legacy" else dict(params)
        if call.progress_token is not None:
            sent["_meta"] = {**sent.get("_meta", {}), "progressToken": call.child_id}
        return sent

    async def _exchange(
        self, call: Call, ctx: ServerRequestContext[Any, Any], params: Mapping[str, Any]
    ) -> dict[str, Any] | MCPError:
        """Sends the request; passes notifications on meanwhile, and all of them before the answer."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_pass_on, call, ctx.session, ctx.request_id)
            outcome = await self._answer_to(call, ctx.method, params)
            call.outgoing.close()
        return outcome

    async def _answer_to(self, call: Call, method: str, params: Mapping[str, Any]) -> dict[str, Any] | MCPError:
        with call.scope:
            try:
                result = await self._dispatcher.send_raw_request(method, params, {"request_id": call.child_id})
            except MCPError as error:
                return self._in_our_words(error)
            return _with_client_id(result, call)
        if method == LISTEN:
            # The service ends: the specification's graceful closure of a listen stream.
            return {"resultType": "complete", "_meta": {SUBSCRIPTION_ID_META_KEY: call.client_id}}
        return MCPError(INTERNAL_ERROR, f"server did not answer within {self._limits.request_timeout:g} s")

    async def tools(self) -> list[Any]:
        """Every page of the server's list of tools.

        Raises:
            MCPError: the server refuses it.
        """
        return await list_tools(self._tools_page)

    def end_listening(self) -> None:
        """Ends every listen stream with its final result."""
        if self._listening is not None:
            self._listening.end()
        for call in self._listeners:
            call.scope.cancel()

    async def _own_request(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """A request that no client sent."""
        return await self._dispatcher.send_raw_request(method, params, {"request_id": self._table.next_id()})

    async def _tell(self, method: str) -> None:
        await self._dispatcher.notify(method, None)

    async def _tools_page(self, cursor: str | None) -> Mapping[str, Any]:
        if not self.facts.declares("tools"):
            return {}
        params: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        if self.facts.era == "modern":
            params["_meta"] = own_meta(self.facts.version)
        with anyio.move_on_after(self._limits.request_timeout):
            return await self._own_request("tools/list", params)
        raise MCPError(INTERNAL_ERROR, "server does not list its tools")

    async def _lower_log_level(self, wanted: str) -> None:
        """Has a legacy server log as much as its most curious client asks for; each gets its own share of it."""
        if self.facts.era == "modern" or not self.facts.declares("logging"):
            return
        if self._log_level is not None and LOG_LEVELS.index(self._log_level) <= LOG_LEVELS.index(wanted):
            return
        self._log_level = wanted
        try:
            with anyio.move_on_after(self._limits.request_timeout):
                await self._own_request("logging/setLevel", {"level": wanted})
        except MCPError as error:
            self._logger.debug("the server keeps its log level (%d)", error.code)

    def _sort(self, method: str, params: Mapping[str, Any] | None) -> bool:
        """Takes every notification in the order the server wrote them."""
        if method == "notifications/tools/list_changed":
            self.schemas.invalidate()
        if self._listening is None or not self._listening.emit(method, params):
            self._table.deliver(method, params)
        return True

    def _lost(self, error: MCPError) -> bool:
        return error.code == CONNECTION_CLOSED and self._child.exit_code is not None

    def _in_our_words(self, error: MCPError) -> MCPError:
        return MCPError(INTERNAL_ERROR, self._child.epitaph) if self._lost(error) else error


async def run_modern_child(
    command: ChildCommand,
    limits: Limits,
    versions: tuple[str, ...],
    logger: logging.Logger,
    *,
    known: Era | None,
    settled: Callable[[ModernChild | ChildStartError], None],
) -> None:
    """Starts a server and returns at its end; ``settled`` is told, before, that it is usable or why it is not."""
    failure: ChildStartError | None = None
    try:
        async with open_child(command, limits.max_message, logger) as child, anyio.create_task_group() as tasks:
            modern = ModernChild(child, limits, versions, logger)
            await tasks.start(modern.drive)
            try:
                await modern.settle(known)
            except ChildStartError as error:
                failure = error
                if not isinstance(failure, DiedOnProbeError):
                    settled(failure)
            else:
                tasks.start_soon(modern.watch_tools)
                settled(modern)
                await modern.gone.wait()
            tasks.cancel_scope.cancel()
    except ChildStartError as error:
        settled(error)
    if isinstance(failure, DiedOnProbeError):
        logger.info("the server ended at the probe: starting it again with the handshake")
        await run_modern_child(command, limits, versions, logger, known="legacy", settled=settled)


async def _pass_on(call: Call, session: ServerSession, request_id: RequestId | None) -> None:
    async for method, params in call.notifications:
        notification = JSONRPCNotification(jsonrpc="2.0", method=method, params=params)
        # The session writes `method` and `params` of whatever it is given; only its annotation is narrower.
        await session.send_notification(cast("ServerNotification", notification), related_request_id=request_id)


def _with_client_id(result: dict[str, Any], call: Call) -> dict[str, Any]:
    """The result with the client's subscription id in place of ours."""
    meta = result.get("_meta")
    if isinstance(meta, Mapping) and SUBSCRIPTION_ID_META_KEY in meta:
        return {**result, "_meta": {**meta, SUBSCRIPTION_ID_META_KEY: call.client_id}}
    return result


async def _answer(
    dctx: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Answers a legacy server's request: nobody behind a modern client can."""
    if method == "ping":
        return {}
    raise MCPError(METHOD_NOT_FOUND, "Method not found", data=method)


async def _ignore(dctx: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None) -> None:
    """Never reached: every notification is taken in order by ``_sort``."""
