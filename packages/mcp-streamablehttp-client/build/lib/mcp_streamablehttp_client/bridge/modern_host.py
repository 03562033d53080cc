"""A modern host in front of a server of the handshake era: the bridge keeps an initialized session behind it.

``server/discover`` is answered from the handshake; results get the fields a
modern host requires; ``subscriptions/listen`` is served from the session's own
notifications. Nothing is declared to the server that needs questions back, so
sampling, elicitation and roots are not offered.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import anyio
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp.shared.subscriptions import LISTEN_STREAM_METHODS, SUBSCRIPTION_ID_META_KEY
from mcp_types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    UNSUPPORTED_PROTOCOL_VERSION,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    RequestId,
)
from mcp_types.version import LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS

from mcp_streamablehttp_client.log_output import fields

from . import wire
from .legacy_host import RESOURCE_NOT_FOUND
from .route import Surroundings

logger = logging.getLogger(__name__)

_REMOVED = frozenset({"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"})
_FILTER_OF = {
    "notifications/tools/list_changed": "toolsListChanged",
    "notifications/prompts/list_changed": "promptsListChanged",
    "notifications/resources/list_changed": "resourcesListChanged",
}


class ModernHostRoute:
    """Serves one modern host from one session."""

    def __init__(self, around: Surroundings, client_info: wire.Json) -> None:
        self.around = around
        self._client_info = client_info
        self._headers: dict[str, str] = {}
        self._initialized: wire.Json = {}
        self._listens: dict[RequestId, wire.Json] = {}
        self._subscribed: Counter[str] = Counter()
        self._level: str | None = None
        self._wants_log = 0

    async def start(self) -> JSONRPCError | None:
        """Makes the session; returns the server's refusal if there was one."""
        params = {
            "protocolVersion": LATEST_HANDSHAKE_VERSION,
            "capabilities": {},
            "clientInfo": self._client_info,
        }
        reply = await self.around.upstream.request(
            wire.request(self.around.upstream.fresh_id(), "initialize", params), {}
        )
        if isinstance(reply, JSONRPCError):
            return reply
        self._initialized = reply.result
        version = reply.result.get("protocolVersion")
        self._headers = {MCP_PROTOCOL_VERSION_HEADER: version} if isinstance(version, str) else {}
        await self.around.upstream.notify(wire.notification("notifications/initialized"), self._headers)
        return None

    async def request(self, message: JSONRPCRequest) -> wire.Reply:
        """Answers a request of the host."""
        version = wire.modern_version(message.params)
        if version not in MODERN_PROTOCOL_VERSIONS:
            return wire.failure(
                message.id,
                UNSUPPORTED_PROTOCOL_VERSION,
                "Unsupported protocol version",
                {"supported": list(MODERN_PROTOCOL_VERSIONS), "requested": version},
            )
        if message.method in _REMOVED:
            return wire.failure(message.id, METHOD_NOT_FOUND, f"Method not found: {message.method}")
        if message.method == "server/discover":
            return wire.success(message.id, self._complete("server/discover", self._discovered()))
        if message.method == "subscriptions/listen":
            return await self._listen(message)
        return await self._pass_on(message)

    async def notification(self, message: JSONRPCNotification) -> None:
        """Passes a notification on without its envelope."""
        bare = wire.notification(message.method, wire.without_modern_meta(message.params))
        await self.around.upstream.notify(bare, self._headers)

    async def host_reply(self, message: wire.Reply) -> None:
        """Drops an answer: a modern host is asked nothing by request."""
        logger.debug(fields("unexpected_host_answer", id=message.id))

    async def from_server(self, message: JSONRPCRequest | JSONRPCNotification) -> None:
        """Answers pings, refuses other questions, and hands notifications to who asked for them."""
        if isinstance(message, JSONRPCRequest):
            if message.method == "ping":
                await self.around.upstream.respond(wire.success(message.id, {}))
            else:
                refusal = wire.failure(message.id, METHOD_NOT_FOUND, f"Method not found: {message.method}")
                await self.around.upstream.respond(refusal)
            return
        if message.method in LISTEN_STREAM_METHODS:
            await self._tell_listeners(message)
        elif message.method != "notifications/message" or self._wants_log:
            await self.around.to_host(message)

    async def close(self) -> None:
        """Ends what the route keeps open besides requests of the host."""

    async def _pass_on(self, message: JSONRPCRequest) -> wire.Reply:
        level = wire.meta_of(message.params).get(wire.LOG_LEVEL_META_KEY)
        if isinstance(level, str):
            await self._set_level(level)
        bare = wire.without_modern_meta(message.params)
        sent = wire.request(message.id, message.method, bare)
        self._wants_log += isinstance(level, str)
        try:
            reply = await self.around.upstream.request(sent, self._headers)
        finally:
            self._wants_log -= isinstance(level, str)
        if isinstance(reply, JSONRPCError):
            if reply.error.code == RESOURCE_NOT_FOUND:
                return wire.failure(message.id, INVALID_PARAMS, reply.error.message, reply.error.data)
            return reply
        return wire.success(message.id, self._complete(message.method, reply.result))

    async def _set_level(self, level: str) -> None:
        """Legacy servers log by session, modern hosts by request: the last level asked for holds."""
        if level == self._level or "logging" not in (self._initialized.get("capabilities") or {}):
            return
        self._level = level
        await self._own_request("logging/setLevel", {"level": level})

    async def _own_request(self, method: str, params: wire.Json) -> None:
        reply = await self.around.upstream.request(
            wire.request(self.around.upstream.fresh_id(), method, params), self._headers
        )
        if isinstance(reply, JSONRPCError):
            logger.warning(fields("server_refused", method=method, code=reply.error.code))

    def _discovered(self) -> wire.Json:
        result: wire.Json = {
            "supportedVersions": list(MODERN_PROTOCOL_VERSIONS),
            "capabilities": self._initialized.get("capabilities") or {},
        }
        if isinstance(self._initialized.get("instructions"), str):
            result["instructions"] = self._initialized["instructions"]
        return result

    def _complete(self, method: str, result: wire.Json) -> wire.Json:
        """A legacy result with what modern ones always carry."""
        full: dict[str, Any] = {**result, "resultType": "complete"}
        if method in wire.CACHEABLE:
            full.setdefault("ttlMs", 0)
            full.setdefault("cacheScope", "private")
        server_info = self._initialized.get("serverInfo")
        if isinstance(server_info, dict):
            full = wire.with_meta(full, {wire.SERVER_INFO_META_KEY: server_info})
        return full

    # -- subscriptions -----------------------------------------------------------------------------

    async def _listen(self, message: JSONRPCRequest) -> wire.Reply:
        """Acknowledges what the server can deliver, and then lasts until the host cancels."""
        asked = (message.params or {}).get("notifications")
        if not isinstance(asked, dict):
            return wire.failure(message.id, INVALID_PARAMS, "notifications is missing")
        honored = self._honored(asked)
        uris = honored.get("resourceSubscriptions", [])
        self._listens[message.id] = honored
        try:
            for uri in uris:
                self._subscribed[uri] += 1
                if self._subscribed[uri] == 1:
                    await self._own_request("resources/subscribe", {"uri": uri})
            stamped = wire.with_meta({"notifications": honored}, {SUBSCRIPTION_ID_META_KEY: message.id})
            await self.around.to_host(wire.notification("notifications/subscriptions/acknowledged", stamped))
            await anyio.sleep_forever()
        finally:
            del self._listens[message.id]
            with anyio.CancelScope(shield=True), anyio.move_on_after(1):
                await self._unsubscribe(uris)
        raise AssertionError("sleeping for ever has ended")  # pragma: no cover - unreachable

    async def _unsubscribe(self, uris: list[str]) -> None:
        for uri in uris:
            self._subscribed[uri] -= 1
            if self._subscribed[uri] == 0:
                await self._own_request("resources/unsubscribe", {"uri": uri})

    def _honored(self, asked: wire.Json) -> wire.Json:
        capabilities = self._initialized.get("capabilities") or {}
        honored: wire.Json = {}
        for part in ("tools", "prompts", "resources"):
            declared = capabilities.get(part)
            if asked.get(f"{part}ListChanged") and isinstance(declared, dict) and declared.get("listChanged"):
                honored[f"{part}ListChanged"] = True
        resources = capabilities.get("resources")
        uris = asked.get("resourceSubscriptions")
        if isinstance(uris, list) and isinstance(resources, dict) and resources.get("subscribe"):
            honored["resourceSubscriptions"] = [uri for uri in uris if isinstance(uri, str)]
        return honored

    async def _tell_listeners(self, message: JSONRPCNotification) -> None:
        uri = (message.params or {}).get("uri")
        for request_id, honored in list(self._listens.items()):
            wanted = honored.get(_FILTER_OF.get(message.method, "")) or uri in honored.get("resourceSubscriptions", ())
            if wanted:
                stamped = wire.with_meta(message.params, {SUBSCRIPTION_ID_META_KEY: request_id})
                await self.around.to_host(wire.notification(message.method, stamped))
