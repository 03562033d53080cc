"""The modern requests that one server is working on, and which of them a message of the server belongs to.

Every client counts its requests from one, so ids, progress tokens and
subscription ids are the proxy's own towards the server and the client's own
towards the client.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.jsonrpc_dispatcher import progress_token_from_params
from mcp.shared.subscriptions import LISTEN_STREAM_METHODS, SUBSCRIPTION_ID_META_KEY
from mcp_types import ProgressToken, RequestId

from .limits import HARD_CAP
from .translation import at_least, requested_log_level

Notification = tuple[str, "dict[str, Any] | None"]
_BACKLOG = 1024


@dataclass(eq=False)
class Call:
    """A request under way. ``scope`` is cancelled when the server takes too long."""

    child_id: int
    client_id: RequestId
    progress_token: ProgressToken | None
    log_level: str | None
    timeout: float
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    hard_deadline: float = math.inf
    outgoing: MemoryObjectSendStream[Notification] = field(init=False)
    notifications: MemoryObjectReceiveStream[Notification] = field(init=False)

    def __post_init__(self) -> None:
        """Opens the queue of notifications and starts the clock."""
        self.outgoing, self.notifications = anyio.create_memory_object_stream[Notification](_BACKLOG)
        if math.isfinite(self.timeout):
            self.hard_deadline = anyio.current_time() + HARD_CAP * self.timeout
            self.extend()

    def extend(self) -> None:
        """Gives the server the whole time again, as far as the hard cap allows."""
        if math.isfinite(self.timeout):
            self.scope.deadline = min(anyio.current_time() + self.timeout, self.hard_deadline)

    def close(self) -> None:
        """Drops what was not delivered."""
        self.outgoing.close()
        self.notifications.close()


class CallTable:
    """Numbers requests and sorts the server's notifications to them, in the order they came."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._ids = itertools.count(1)
        self._calls: dict[int, Call] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def next_id(self) -> int:
        """An id never used towards this server before."""
        return next(self._ids)

    def open(self, client_id: RequestId, params: Mapping[str, Any], timeout: float) -> Call:
        """Enters a request of a client."""
        token = progress_token_from_params(params)
        call = Call(self.next_id(), client_id, token, requested_log_level(params), timeout)
        self._calls[call.child_id] = call
        return call

    def close(self, call: Call) -> None:
        """Forgets a request; what the server still says about it is dropped."""
        self._calls.pop(call.child_id, None)
        call.close()

    def deliver(self, method: str, params: Mapping[str, Any] | None) -> bool:
        """Queues a notification for the request it belongs to; returns whether there was one."""
        body = dict(params) if params is not None else None
        call = self._owner(method, body)
        if call is None:
            return False
        try:
            call.outgoing.send_nowait((method, body))
        except anyio.WouldBlock:
            self._logger.warning("a client reads too slowly: dropped %s", method)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            return False
        return True

    def _owner(self, method: str, body: dict[str, Any] | None) -> Call | None:
        """The request a notification belongs to. Rewrites the ids in ``body`` to the client's."""
        if method == "notifications/progress":
            return self._of_progress(body or {})
        if method == "notifications/message":
            return self._of_log(body or {})
        meta = (body or {}).get("_meta")
        if body is not None and isinstance(meta, Mapping) and SUBSCRIPTION_ID_META_KEY in meta:
            call = self._by_id(meta[SUBSCRIPTION_ID_META_KEY])
            if call is not None:
                body["_meta"] = {**meta, SUBSCRIPTION_ID_META_KEY: call.client_id}
            return call
        if method in LISTEN_STREAM_METHODS:
            return None
        # Anything else says nothing about whose it is: only a lone request may have it.
        return next(iter(self._calls.values())) if len(self._calls) == 1 else None

    def _of_progress(self, body: dict[str, Any]) -> Call | None:
        call = self._by_id(body.get("progressToken"))
        if call is None or call.progress_token is None:
            return None
        call.extend()
        body["progressToken"] = call.progress_token
        return call

    def _of_log(self, body: Mapping[str, Any]) -> Call | None:
        wanting = (call for call in reversed(self._calls.values()) if call.log_level is not None)
        newest = next(wanting, None)
        if newest is None or newest.log_level is None or not at_least(body.get("level"), newest.log_level):
            return None
        return newest

    def _by_id(self, number: Any) -> Call | None:
        if isinstance(number, str) and number.isdecimal():
            number = int(number)
        return self._calls.get(number) if isinstance(number, int) and not isinstance(number, bool) else None
