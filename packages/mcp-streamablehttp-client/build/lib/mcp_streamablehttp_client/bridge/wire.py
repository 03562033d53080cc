"""Helpers for raw JSON-RPC messages of both eras: what era a message is of, its headers, its envelope.

Works on plain dictionaries so that fields no model knows pass through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
)
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    LOG_LEVEL_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)

Reply: TypeAlias = JSONRPCResponse | JSONRPCError
Json: TypeAlias = dict[str, Any]

MODERN_PREFIX = "io.modelcontextprotocol/"
CACHEABLE = frozenset(
    {"server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"}
)
_SAFE_TO_REPEAT = CACHEABLE | {"prompts/get", "completion/complete"}

__all__ = [
    "CACHEABLE",
    "CLIENT_CAPABILITIES_META_KEY",
    "CLIENT_INFO_META_KEY",
    "LOG_LEVEL_META_KEY",
    "PROTOCOL_VERSION_META_KEY",
    "SERVER_INFO_META_KEY",
    "Json",
    "Reply",
    "broken",
    "failure",
    "honest",
    "meta_of",
    "modern_headers",
    "modern_version",
    "notification",
    "request",
    "safe_to_repeat",
    "success",
    "with_meta",
    "without_modern_meta",
]


def request(request_id: RequestId, method: str, params: Json | None = None) -> JSONRPCRequest:
    """A request as it goes on the wire."""
    if params is None:
        return JSONRPCRequest(jsonrpc="2.0", id=request_id, method=method)
    return JSONRPCRequest(jsonrpc="2.0", id=request_id, method=method, params=params)


def notification(method: str, params: Json | None = None) -> JSONRPCNotification:
    """A notification as it goes on the wire."""
    if params is None:
        return JSONRPCNotification(jsonrpc="2.0", method=method)
    return JSONRPCNotification(jsonrpc="2.0", method=method, params=params)


def success(request_id: RequestId, result: Json) -> JSONRPCResponse:
    """An answer."""
    return JSONRPCResponse(jsonrpc="2.0", id=request_id, result=result)


def failure(request_id: RequestId | None, code: int, message: str, data: Any = None) -> JSONRPCError:
    """An error answer; without ``data`` the field is left out."""
    error = ErrorData(code=code, message=message) if data is None else ErrorData(code=code, message=message, data=data)
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=error)


def broken(reply: Reply) -> bool:
    """Whether the SDK's transport made up this answer because a response stream ended early."""
    return (
        isinstance(reply, JSONRPCError)
        and reply.error.code == CONNECTION_CLOSED
        and reply.error.message.startswith("SSE stream")
    )


def honest(reply: Reply, status: int | None) -> Reply:
    """A stream that broke as the error this client documents: ``-32603`` with the status of the HTTP answer."""
    if isinstance(reply, JSONRPCError) and broken(reply):
        return failure(reply.id, INTERNAL_ERROR, reply.error.message, {"http_status": status})
    return reply


def meta_of(params: Mapping[str, Any] | None) -> Json:
    """The ``_meta`` of a message, empty if there is none."""
    meta = (params or {}).get("_meta")
    return meta if isinstance(meta, dict) else {}


def modern_version(params: Mapping[str, Any] | None) -> str | None:
    """The revision a modern request names in its envelope; nothing for a message of the handshake era."""
    version = meta_of(params).get(PROTOCOL_VERSION_META_KEY)
    return version if isinstance(version, str) else None


def with_meta(params: Mapping[str, Any] | None, extra: Mapping[str, Any]) -> Json:
    """The parameters with ``extra`` added to their ``_meta``."""
    return {**(params or {}), "_meta": {**meta_of(params), **extra}}


def without_modern_meta(params: Mapping[str, Any] | None) -> Json | None:
    """The parameters as a server of the handshake era knows them: no envelope, and no empty ``_meta``."""
    if params is None:
        return None
    kept = {name: value for name, value in meta_of(params).items() if not name.startswith(MODERN_PREFIX)}
    bare = {name: value for name, value in params.items() if name != "_meta"}
    return {**bare, "_meta": kept} if kept else bare


def modern_headers(method: str, params: Mapping[str, Any] | None, version: str) -> dict[str, str]:
    """The headers that repeat the routing fields of a modern message."""
    headers = {MCP_PROTOCOL_VERSION_HEADER: version, MCP_METHOD_HEADER: method}
    field = NAME_BEARING_METHODS.get(method)
    name = (params or {}).get(field) if field else None
    if isinstance(name, str):
        headers[MCP_NAME_HEADER] = encode_header_value(name)
    return headers


def safe_to_repeat(method: str) -> bool:
    """Whether a request may be sent again although the server may have worked on it."""
    return method in _SAFE_TO_REPEAT
