"""``subscriptions/listen`` in front of a legacy server, which has no such method but sends the same notifications.

The SDK's listen handler owns the stream: acknowledgement first, its id on every
frame, a final result when it ends. This module feeds it with the server's
notifications and subscribes at the server to the resources somebody listens to.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ServerEvent, event_from_wire
from mcp_types import INVALID_PARAMS, SubscriptionFilter, SubscriptionsListenRequestParams
from pydantic import ValidationError

from .era import ChildFacts
from .translation import modern_result

Ask = Callable[[str, Mapping[str, Any]], Awaitable[Any]]


class _Bus:
    """The SDK's ``SubscriptionBus``, filled synchronously in the order the server wrote."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[ServerEvent], None]] = {}

    async def publish(self, event: ServerEvent) -> None:
        self.emit(event)

    def emit(self, event: ServerEvent) -> None:
        for listener in list(self._listeners.values()):
            listener(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        token = object()
        self._listeners[token] = listener
        return lambda: self._listeners.pop(token, None) and None


class LegacyListening:
    """The listen streams in front of one legacy server."""

    def __init__(self, facts: ChildFacts, ask: Ask, logger: logging.Logger) -> None:
        self._facts = facts
        self._ask = ask
        self._logger = logger
        self._bus = _Bus()
        self._handler = ListenHandler(self._bus)
        self._resources: Counter[str] = Counter()
        self._lock = anyio.Lock()
        self.open = 0

    def emit(self, method: str, params: Mapping[str, Any] | None) -> bool:
        """Hands a notification of the server to the streams that want it; returns whether it was of that kind."""
        event = event_from_wire(method, params)
        if event is None:
            return False
        self._bus.emit(event)
        return True

    def end(self) -> None:
        """Ends every stream with its final result."""
        self._handler.close()

    async def serve(self, ctx: ServerRequestContext[Any, Any]) -> dict[str, Any]:
        """Serves one stream until the client leaves or the service ends.

        Raises:
            MCPError: the params make no sense, or the server refuses a subscription.
        """
        try:
            params = SubscriptionsListenRequestParams.model_validate(ctx.params or {}, by_name=False)
        except ValidationError as error:
            raise MCPError(INVALID_PARAMS, "Invalid request parameters") from error
        granted = self._granted(params.notifications)
        uris = tuple(dict.fromkeys(granted.resource_subscriptions or ()))
        self.open += 1
        held: list[str] = []
        try:
            for uri in uris:
                await self._hold(uri)
                held.append(uri)
            result = await self._handler(ctx, params.model_copy(update={"notifications": granted}))
        finally:
            self.open -= 1
            with anyio.CancelScope(shield=True):
                for uri in held:
                    await self._release(uri)
        dumped = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        return modern_result("subscriptions/listen", dumped, self._facts)

    def _granted(self, wanted: SubscriptionFilter) -> SubscriptionFilter:
        """What the server behind can deliver of what is asked for."""

        def changes(capability: str) -> bool:
            return self._facts.declares(capability, "listChanged")

        resources = self._facts.declares("resources", "subscribe")
        return SubscriptionFilter(
            tools_list_changed=wanted.tools_list_changed if changes("tools") else None,
            prompts_list_changed=wanted.prompts_list_changed if changes("prompts") else None,
            resources_list_changed=wanted.resources_list_changed if changes("resources") else None,
            resource_subscriptions=wanted.resource_subscriptions if resources else None,
        )

    async def _hold(self, uri: str) -> None:
        async with self._lock:
            if self._resources[uri] == 0:
                await self._ask("resources/subscribe", {"uri": uri})
            self._resources[uri] += 1

    async def _release(self, uri: str) -> None:
        async with self._lock:
            self._resources[uri] -= 1
            if self._resources[uri] > 0:
                return
            del self._resources[uri]
            try:
                await self._ask("resources/unsubscribe", {"uri": uri})
            except MCPError as error:
                self._logger.warning("the server kept a resource subscription: %s", error.code)
