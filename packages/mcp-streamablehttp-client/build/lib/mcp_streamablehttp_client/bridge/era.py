"""Finds out which era the server is of, by the first message of the host, and picks the route.

Nothing is asked that the host does not ask itself, unless its first message
leaves the question open.
"""

from __future__ import annotations

import anyio
import anyio.abc
from mcp_types import (
    HEADER_MISMATCH,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    UNSUPPORTED_PROTOCOL_VERSION,
    JSONRPCError,
    JSONRPCRequest,
)
from mcp_types.version import LATEST_MODERN_VERSION, MODERN_PROTOCOL_VERSIONS

from . import wire
from .legacy_host import LegacyHostRoute
from .modern_host import ModernHostRoute
from .route import LegacyRoute, ModernRoute, Surroundings, exchange

Route = LegacyRoute | ModernRoute | LegacyHostRoute | ModernHostRoute


class Eras:
    """The routes for the two kinds of host. ``protocol`` is ``auto`` or the era the server is known to be of."""

    def __init__(self, around: Surroundings, protocol: str, group: anyio.abc.TaskGroup) -> None:
        self._around = around
        self._protocol = protocol
        self._group = group
        self._legacy: Route | None = None
        self._modern: Route | None = None
        self._deciding = anyio.Lock()
        self.current: Route | None = None
        """The route chosen last: what the server says by itself goes there."""

    async def request(self, message: JSONRPCRequest) -> wire.Reply:
        """Answers a request of the host, deciding on the way if nothing is decided yet."""
        if wire.modern_version(message.params) is not None:
            if self._modern is not None:
                return await self._modern.request(message)
            async with self._deciding:
                if self._modern is None:
                    return await self._first_modern(message)
            return await self._modern.request(message)
        if message.method == "initialize":
            async with self._deciding:
                return await self._handshake(message)
        return await self.legacy().request(message)

    def legacy(self) -> Route:
        """The route of a host of the handshake era; one that skips the handshake is passed on to the server."""
        if self._legacy is None:
            self._legacy = self.current = LegacyRoute(self._around)
        return self._legacy

    async def close(self) -> None:
        """Ends what the routes keep open."""
        for route in (self._legacy, self._modern):
            if route is not None:
                await route.close()

    async def _handshake(self, message: JSONRPCRequest) -> wire.Reply:
        await self.close()
        if self._protocol not in MODERN_PROTOCOL_VERSIONS:
            route = LegacyRoute(self._around)
            self._legacy = self.current = route
            reply = await route.request(message)
            if not isinstance(reply, JSONRPCError) or self._protocol == "legacy" or _no_answer(reply):
                return reply
        else:
            reply = None
        params = message.params or {}
        envelope = _envelope(params.get("capabilities"), params.get("clientInfo") or self._around.client_info)
        discovered = await self._discover(envelope)
        if isinstance(discovered, JSONRPCError):
            refused = reply if isinstance(reply, JSONRPCError) else discovered
            return refused.model_copy(update={"id": message.id})
        translating = LegacyHostRoute(self._around, message, discovered, self._group)
        self._legacy = self.current = translating
        return translating.handshake(message)

    async def _first_modern(self, message: JSONRPCRequest) -> wire.Reply:
        modern = ModernRoute(self._around)
        if self._protocol in MODERN_PROTOCOL_VERSIONS:
            self._modern = self.current = modern
            return await modern.request(message)
        refusal: JSONRPCError | None = None
        if self._protocol == "auto":
            reply: wire.Reply | None = None
            self.current = modern
            if message.method == "server/discover":
                reply = await modern.request(message)
                found = reply if isinstance(reply, JSONRPCError) else reply.result
            else:
                meta = wire.meta_of(message.params)
                client_info = meta.get(wire.CLIENT_INFO_META_KEY) or self._around.client_info
                found = await self._discover(_envelope(meta.get(wire.CLIENT_CAPABILITIES_META_KEY), client_info))
            if _names_modern(found):
                self._modern = modern
                return reply if reply is not None else await modern.request(message)
            if isinstance(found, JSONRPCError) and _no_answer(found):
                return found.model_copy(update={"id": message.id})
            refusal = found if isinstance(found, JSONRPCError) else None
        return await self._behind(message, refusal)

    async def _behind(self, message: JSONRPCRequest, refusal: JSONRPCError | None) -> wire.Reply:
        """Puts a session of the handshake era behind a modern host."""
        client_info = wire.meta_of(message.params).get(wire.CLIENT_INFO_META_KEY) or self._around.client_info
        translating = ModernHostRoute(self._around, client_info)
        self.current = translating
        refused = await translating.start()
        if refused is not None:
            return (refusal or refused).model_copy(update={"id": message.id})
        self._modern = translating
        return await translating.request(message)

    async def _discover(self, envelope: wire.Json) -> wire.Json | JSONRPCError:
        request = wire.request(self._around.upstream.fresh_id(), "server/discover", {"_meta": envelope})
        reply = await exchange(self._around, request)
        if isinstance(reply, JSONRPCError):
            return reply
        if not _speaks_modern(reply.result):
            return wire.failure(
                reply.id, UNSUPPORTED_PROTOCOL_VERSION, "the MCP server names no protocol version this client speaks"
            )
        return reply.result


def _envelope(capabilities: object, client_info: object) -> wire.Json:
    return {
        wire.PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
        wire.CLIENT_CAPABILITIES_META_KEY: capabilities or {},
        wire.CLIENT_INFO_META_KEY: client_info,
    }


def _names_modern(found: wire.Json | JSONRPCError) -> bool:
    """Whether the answer to ``server/discover`` is one only a modern server gives; some of its errors are."""
    if not isinstance(found, JSONRPCError):
        return _speaks_modern(found)
    if found.error.code == UNSUPPORTED_PROTOCOL_VERSION:
        data = found.error.data
        return isinstance(data, dict) and _speaks_modern({"supportedVersions": data.get("supported")})
    return found.error.code in (HEADER_MISMATCH, MISSING_REQUIRED_CLIENT_CAPABILITY)


def _speaks_modern(discovered: wire.Json) -> bool:
    versions = discovered.get("supportedVersions")
    return isinstance(versions, list) and any(version in versions for version in MODERN_PROTOCOL_VERSIONS)


def _no_answer(reply: JSONRPCError) -> bool:
    """Whether the server did not answer at all, or wants an authorization first: neither tells its era."""
    data = reply.error.data
    if not isinstance(data, dict) or "http_status" not in data:
        return False
    status = data["http_status"]
    return status is None or status in (401, 403) or status >= 500
