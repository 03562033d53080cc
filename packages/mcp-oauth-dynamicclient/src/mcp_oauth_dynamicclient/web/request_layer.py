"""Outermost layer: one log line per request, ``nosniff`` on every answer, no detail of unexpected errors on the wire.

The line never holds a query, a body, a cookie or a credential.
"""

from __future__ import annotations

import logging
import time

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..proxies import TrustedProxies
from ..service.log_output import fields
from .faults import error_response

_LONGEST_FIELD = 128
_logger = logging.getLogger(__name__)


class RequestLayer:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self.app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and logs how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self.app(scope, receive, observe)
        except Exception:
            _logger.exception(fields("unexpected_error", {"path": scope["path"][:_LONGEST_FIELD]}))
            if status is not None:
                raise
            await error_response(500, "server_error", "internal error")(scope, receive, observe)
        finally:
            if _logger.isEnabledFor(logging.INFO):
                self._write(Request(scope), status, time.perf_counter() - started)

    def _write(self, request: Request, status: int | None, seconds: float) -> None:
        pairs = {
            "method": request.method,
            "path": request.scope["path"],
            "status": "aborted" if status is None else str(status),
            "ms": f"{seconds * 1000:.1f}",
            "client": self._proxies.client_ip(request),
        }
        _logger.info(fields("request", {name: value[:_LONGEST_FIELD] for name, value in pairs.items()}))
