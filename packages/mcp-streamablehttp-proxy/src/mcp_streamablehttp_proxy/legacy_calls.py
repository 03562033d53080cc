"""The requests under way in one legacy session: who waits, until when, and which one a message belongs to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from mcp.shared.jsonrpc_dispatcher import progress_token_from_params
from mcp_types import JSONRPCRequest, ProgressToken, RequestId

from .limits import HARD_CAP, Limits


@dataclass(eq=False)
class LegacyCall:
    """A client's request that the server has not answered."""

    request_id: RequestId
    method: str
    progress_token: ProgressToken | None
    timeout: float
    deadline: float
    hard_deadline: float


class LegacyCalls:
    """Requests in the order they came."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls: dict[RequestId, LegacyCall] = {}
        self._nearest = math.inf
        self._nearer = anyio.Event()

    def open(self, request: JSONRPCRequest) -> None:
        """Enters a request; the handshake has the time of a start, everything else that of a request."""
        opening = request.method == "initialize"
        timeout = self._limits.startup_timeout if opening else self._limits.request_timeout
        now = anyio.current_time()
        self._calls.pop(request.id, None)
        self._calls[request.id] = LegacyCall(
            request_id=request.id,
            method=request.method,
            progress_token=progress_token_from_params(request.params),
            timeout=timeout,
            deadline=now + timeout,
            hard_deadline=now + HARD_CAP * timeout,
        )
        if now + timeout < self._nearest:
            self._nearer.set()

    def close(self, request_id: RequestId | None) -> LegacyCall | None:
        """Takes a request out: it is answered, or will not be."""
        return self._calls.pop(request_id, None) if request_id is not None else None

    def close_all(self) -> list[LegacyCall]:
        """Takes out every request."""
        calls = list(self._calls.values())
        self._calls.clear()
        return calls

    def newest(self) -> RequestId | None:
        """The request that came last: a question without an address is most likely its doing."""
        return next(reversed(self._calls), None)

    def of_progress(self, params: Mapping[str, Any] | None) -> RequestId | None:
        """The request a progress notification is about, which has the whole time again."""
        token = (params or {}).get("progressToken")
        for call in reversed(self._calls.values()):
            if token is not None and call.progress_token == token and type(call.progress_token) is type(token):
                call.deadline = min(anyio.current_time() + call.timeout, call.hard_deadline)
                return call.request_id
        return None

    async def next_overdue(self) -> LegacyCall:
        """Waits for a request to run out of time and takes it out."""
        while True:
            now = anyio.current_time()
            overdue = next((call for call in self._calls.values() if call.deadline <= now), None)
            if overdue is not None:
                return self._calls.pop(overdue.request_id)
            # Deadlines only ever move away; only a new request can bring a nearer one.
            self._nearest = min((call.deadline for call in self._calls.values()), default=math.inf)
            self._nearer = anyio.Event()
            with anyio.move_on_after(self._nearest - now):
                await self._nearer.wait()
