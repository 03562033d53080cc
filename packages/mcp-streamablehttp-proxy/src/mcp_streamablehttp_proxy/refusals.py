"""HTTP answers given before any server is asked. Each is a JSON-RPC error without an id, as the SDK's own are."""

from __future__ import annotations

from mcp_types import INTERNAL_ERROR, INVALID_REQUEST
from starlette.responses import JSONResponse

RETRY_SECONDS = 10


def too_many() -> JSONResponse:
    """503: the limit of sessions or children is reached."""
    return _refusal(503, INTERNAL_ERROR, "Too many open sessions", {"Retry-After": str(RETRY_SECONDS)})


def not_found() -> JSONResponse:
    """404: no such session, or not the caller's. The client has to initialize a new one."""
    return _refusal(404, INVALID_REQUEST, "Session not found")


def _refusal(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    return JSONResponse(body, status_code=status, headers=headers)
