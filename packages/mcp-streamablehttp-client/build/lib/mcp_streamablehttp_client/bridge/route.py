"""A route takes the messages of a host of one era to a server of one era. Here: the common parts, and same to same.

``LegacyRoute`` passes messages on as they are. ``ModernRoute`` adds the
headers of the modern wire and keeps what a modern client must.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from mcp_types.version import LATEST_MODERN_VERSION

from mcp_streamablehttp_client.log_output import fields

from . import wire
from .catalogue import Catalogue
from .upstream import Upstream

logger = logging.getLogger(__name__)

_LIST_PAGES = 100
_KNOWN_RESULT_TYPES = frozenset({"complete", "input_required"})
ToHost = Callable[[Any], Awaitable[None]]
AskHost = Callable[[str, wire.Json], Awaitable[wire.Reply]]


@dataclass
class Surroundings:
    """What every route works with."""

    upstream: Upstream
    to_host: ToHost
    """Writes a message to the host."""
    ask_host: AskHost
    """Sends the host a request of the bridge's own and waits for the answer."""
    client_info: wire.Json
    """What to call this client when the host does not say."""
    catalogue: Catalogue = field(default_factory=Catalogue)


class LegacyRoute:
    """Host and server both of the handshake era: everything passes, in both directions."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._version: str | None = None

    async def request(self, message: JSONRPCRequest) -> wire.Reply:
        """Answers a request of the host."""
        reply = await self.around.upstream.request(message, self._headers(message.method))
        if message.method == "initialize" and isinstance(reply, JSONRPCResponse):
            version = reply.result.get("protocolVersion")
            self._version = version if isinstance(version, str) else None
        return reply

    async def notification(self, message: JSONRPCNotification) -> None:
        """Passes a notification of the host on."""
        await self.around.upstream.notify(message, self._headers(message.method))

    async def host_reply(self, message: wire.Reply) -> None:
        """Passes on the answer of the host to a request of the server."""
        await self.around.upstream.respond(message)

    async def from_server(self, message: JSONRPCRequest | JSONRPCNotification) -> None:
        """Passes a request or notification of the server on."""
        await self.around.to_host(message)

    async def close(self) -> None:
        """Ends what the route keeps open besides requests of the host."""

    def _headers(self, method: str) -> dict[str, str]:
        if self._version is None or method == "initialize":
            return {}
        return {MCP_PROTOCOL_VERSION_HEADER: self._version}


class ModernRoute:
    """Host and server both modern."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around

    async def request(self, message: JSONRPCRequest) -> wire.Reply:
        """Answers a request of the host."""
        return await exchange(self.around, message)

    async def notification(self, message: JSONRPCNotification) -> None:
        """Passes a notification of the host on."""
        version = wire.modern_version(message.params) or LATEST_MODERN_VERSION
        await self.around.upstream.notify(message, wire.modern_headers(message.method, message.params, version))

    async def host_reply(self, message: wire.Reply) -> None:
        """Drops an answer: a modern server asks nothing by requests of its own."""
        logger.debug(fields("unexpected_host_answer", id=message.id))

    async def from_server(self, message: JSONRPCRequest | JSONRPCNotification) -> None:
        """Passes notifications of the response streams on."""
        if isinstance(message, JSONRPCRequest):
            logger.warning(fields("request_of_modern_server_dropped", method=message.method))
            return
        await self.around.to_host(message)

    async def close(self) -> None:
        """Ends what the route keeps open besides requests of the host."""


async def exchange(around: Surroundings, message: JSONRPCRequest) -> wire.Reply:
    """Sends a modern request with its headers, and again where a modern client should send it again."""
    reply = await _send(around, message, fresh=False)
    if isinstance(reply, JSONRPCError):
        repeat = False
        if reply.error.code == HEADER_MISMATCH and message.method == "tools/call":
            repeat = await _relist(around, message)
        elif _stream_broke(reply):
            repeat = wire.safe_to_repeat(message.method) or (
                message.method == "tools/call" and around.catalogue.repeatable(message.params)
            )
        if repeat:
            reply = await _send(around, message, fresh=True)
    return _checked(around, message, reply)


async def _send(around: Surroundings, message: JSONRPCRequest, *, fresh: bool) -> wire.Reply:
    version = wire.modern_version(message.params) or LATEST_MODERN_VERSION
    headers = wire.modern_headers(message.method, message.params, version)
    if message.method == "tools/call":
        headers.update(around.catalogue.headers(message.params))
    return await around.upstream.request(message, headers, fresh=fresh)


def _stream_broke(reply: JSONRPCError) -> bool:
    data = reply.error.data
    return reply.error.message.startswith("SSE stream") and isinstance(data, dict) and data.get("http_status") == 200


async def _relist(around: Surroundings, message: JSONRPCRequest) -> bool:
    """Learns the tools anew after a header mismatch; whether that worked."""
    envelope = {key: value for key, value in wire.meta_of(message.params).items() if key.startswith(wire.MODERN_PREFIX)}
    cursor: Any = None
    for _ in range(_LIST_PAGES):
        params: wire.Json = {"_meta": envelope} if cursor is None else {"_meta": envelope, "cursor": cursor}
        reply = await _send(around, wire.request(around.upstream.fresh_id(), "tools/list", params), fresh=False)
        if isinstance(reply, JSONRPCError):
            return False
        around.catalogue.learn(reply.result)
        cursor = reply.result.get("nextCursor")
        if not isinstance(cursor, str):
            break
    return True


def _checked(around: Surroundings, message: JSONRPCRequest, reply: wire.Reply) -> wire.Reply:
    """The rules for results: an absent ``resultType`` means complete, an unknown one is an error."""
    if isinstance(reply, JSONRPCError):
        return reply
    result = dict(reply.result)
    kind = result.setdefault("resultType", "complete")
    if kind not in _KNOWN_RESULT_TYPES and not _extended(message.params):
        return wire.failure(message.id, INTERNAL_ERROR, "the MCP server answered with an unknown resultType")
    if message.method == "tools/list" and kind == "complete":
        result = around.catalogue.learn(result)
    return wire.success(message.id, result)


def _extended(params: Mapping[str, Any] | None) -> bool:
    """Whether the host declared extensions, which may bring result types only it knows."""
    capabilities = wire.meta_of(params).get(wire.CLIENT_CAPABILITIES_META_KEY)
    return isinstance(capabilities, dict) and bool(capabilities.get("extensions"))
