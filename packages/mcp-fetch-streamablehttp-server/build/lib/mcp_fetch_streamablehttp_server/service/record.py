"""What the service learns about one HTTP request on its way in. Holds facts, decides nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

_SCOPE_KEY = "mcp_service.record"


@dataclass
class RequestRecord:
    """Facts about one request, filled in by the layers it passes and read by the log and the tools."""

    received_at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.perf_counter)
    peer: str | None = None
    peer_trusted: bool = False
    user_id: str | None = None
    user_name: str | None = None
    rpc_method: str | None = None
    rpc_name: str | None = None

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request reached the service."""
        return (time.perf_counter() - self.started) * 1000


def record_of(scope: Any) -> RequestRecord:
    """Returns the record of an ASGI scope, starting one when no layer has done so yet."""
    record = scope.get(_SCOPE_KEY)
    if not isinstance(record, RequestRecord):
        record = RequestRecord()
        scope[_SCOPE_KEY] = record
    return record
