"""A host of the handshake era in front of a modern server: the bridge plays the server's part of the handshake.

``initialize`` is answered from ``server/discover``; later requests get the
modern envelope. What a modern server asks with ``input_required`` is asked of
the host by requests, as it knows them, and list changes come through one
``subscriptions/listen`` of the bridge's own.
"""

from __future__ import annotations

import logging
from typing import Any

import anyio
import anyio.abc
from mcp.shared.subscriptions import LISTEN_STREAM_METHODS, SUBSCRIPTION_ID_META_KEY
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

from mcp_streamablehttp_client.log_output import fields

from . import wire
from .route import Surroundings, exchange

logger = logging.getLogger(__name__)

RESOURCE_NOT_FOUND = -32002
_ROUNDS = 10
_MODERN_RESULT_FIELDS = ("resultType", "ttlMs", "cacheScope")
_SWALLOWED = frozenset({"notifications/initialized", "notifications/roots/list_changed"})
_FILTERS = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}


class LegacyHostRoute:
    """Answers one host from the ``server/discover`` result of a modern server."""

    def __init__(
        self, around: Surroundings, initialize: JSONRPCRequest, discovered: wire.Json, group: anyio.abc.TaskGroup
    ) -> None:
        self.around = around
        self._group = group
        self._discovered = discovered
        self._listening: anyio.CancelScope | None = None
        self._resources: set[str] = set()
        params = initialize.params or {}
        self._envelope: wire.Json = {
            wire.PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
            wire.CLIENT_CAPABILITIES_META_KEY: params.get("capabilities") or {},
            wire.CLIENT_INFO_META_KEY: params.get("clientInfo") or around.client_info,
        }

    def handshake(self, message: JSONRPCRequest) -> wire.Reply:
        """The answer to ``initialize``, with the version the host asked for if it is one of its era."""
        asked = (message.params or {}).get("protocolVersion")
        server_info = wire.meta_of(self._discovered).get(wire.SERVER_INFO_META_KEY)
        result: wire.Json = {
            "protocolVersion": asked if asked in HANDSHAKE_PROTOCOL_VERSIONS else LATEST_HANDSHAKE_VERSION,
            "capabilities": self._discovered.get("capabilities") or {},
            "serverInfo": server_info if isinstance(server_info, dict) else {"name": "unnamed", "version": "unknown"},
        }
        if isinstance(self._discovered.get("instructions"), str):
            result["instructions"] = self._discovered["instructions"]
        return wire.success(message.id, result)

    async def request(self, message: JSONRPCRequest) -> wire.Reply:
        """Answers a request of the host."""
        local = await self._local(message)
        if local is not None:
            return local
        sent = message.model_copy(update={"params": wire.with_meta(message.params, self._envelope)})
        reply = await exchange(self.around, sent)
        for _ in range(_ROUNDS):
            if isinstance(reply, JSONRPCError) or reply.result.get("resultType") != "input_required":
                return _as_legacy(message, reply)
            reply = await self._with_answers(sent, reply.result)
        return wire.failure(message.id, INTERNAL_ERROR, f"the MCP server asked for input more than {_ROUNDS} times")

    async def notification(self, message: JSONRPCNotification) -> None:
        """Begins to listen when the host is ready; the other notifications of its era mean nothing to the server."""
        if message.method == "notifications/initialized":
            self._listen()
        elif message.method not in _SWALLOWED:
            logger.debug(fields("host_notification_dropped", method=message.method))

    async def host_reply(self, message: wire.Reply) -> None:
        """Drops an answer nobody waits for."""
        logger.debug(fields("unexpected_host_answer", id=message.id))

    async def from_server(self, message: JSONRPCRequest | JSONRPCNotification) -> None:
        """Passes notifications on, without what only a modern host understands."""
        if isinstance(message, JSONRPCRequest) or message.method == "notifications/subscriptions/acknowledged":
            return
        if message.method in LISTEN_STREAM_METHODS:
            given = wire.meta_of(message.params)
            meta = {key: value for key, value in given.items() if key != SUBSCRIPTION_ID_META_KEY}
            bare = {key: value for key, value in (message.params or {}).items() if key != "_meta"}
            params = {**bare, "_meta": meta} if meta else bare
            message = wire.notification(message.method, params or None)
        await self.around.to_host(message)

    async def close(self) -> None:
        """Ends the listening."""
        if self._listening is not None:
            self._listening.cancel()

    async def _local(self, message: JSONRPCRequest) -> wire.Reply | None:
        """Requests that modern servers no longer have."""
        if message.method == "ping":
            return wire.success(message.id, {})
        params = message.params or {}
        if message.method == "logging/setLevel":
            self._envelope[wire.LOG_LEVEL_META_KEY] = params.get("level")
            return wire.success(message.id, {})
        if message.method in ("resources/subscribe", "resources/unsubscribe"):
            uri = params.get("uri")
            if not isinstance(uri, str):
                return wire.failure(message.id, INVALID_PARAMS, "uri is missing")
            (self._resources.add if message.method == "resources/subscribe" else self._resources.discard)(uri)
            self._listen()
            return wire.success(message.id, {})
        return None

    async def _with_answers(self, sent: JSONRPCRequest, asked: wire.Json) -> wire.Reply:
        """Asks the host what the server wants to know and sends the request again with the answers, under a new id."""
        answers: wire.Json = {}
        for key, question in (asked.get("inputRequests") or {}).items():
            answer = await self.around.ask_host(question["method"], question.get("params") or {})
            if isinstance(answer, JSONRPCError):
                return answer.model_copy(update={"id": sent.id})
            answers[key] = answer.result
        params = dict(sent.params or {})
        if answers:
            params["inputResponses"] = answers
        if asked.get("requestState") is not None:
            params["requestState"] = asked["requestState"]
        again = sent.model_copy(update={"id": self.around.upstream.fresh_id(), "params": params})
        return await exchange(self.around, again)

    # -- list changes ------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Opens the stream of changes, anew when the wanted resources changed."""
        wanted = self._wanted()
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None
        if wanted:
            self._listening = anyio.CancelScope()
            self._group.start_soon(self._listen_in, self._listening, wanted)

    def _wanted(self) -> wire.Json:
        capabilities = self._discovered.get("capabilities") or {}
        wanted: wire.Json = {
            name: True
            for part, name in _FILTERS.items()
            if isinstance(capabilities.get(part), dict) and capabilities[part].get("listChanged")
        }
        if self._resources:
            wanted["resourceSubscriptions"] = sorted(self._resources)
        return wanted

    async def _listen_in(self, scope: anyio.CancelScope, wanted: wire.Json) -> None:
        params: dict[str, Any] = {"notifications": wanted, "_meta": dict(self._envelope)}
        with scope:
            for delay in (0.0, 1.0, 5.0):
                await anyio.sleep(delay)
                request = wire.request(self.around.upstream.fresh_id(), "subscriptions/listen", params)
                reply = await exchange(self.around, request)
                logger.info(fields("listening_ended", error=isinstance(reply, JSONRPCError)))


def _as_legacy(message: JSONRPCRequest, reply: wire.Reply) -> wire.Reply:
    """A modern answer as a server of the handshake era would have given it."""
    if isinstance(reply, JSONRPCError):
        if message.method == "resources/read" and reply.error.code == INVALID_PARAMS:
            return wire.failure(message.id, RESOURCE_NOT_FOUND, reply.error.message, reply.error.data)
        return reply.model_copy(update={"id": message.id})
    result = {name: value for name, value in reply.result.items() if name not in _MODERN_RESULT_FIELDS}
    meta = {key: value for key, value in wire.meta_of(result).items() if key != wire.SERVER_INFO_META_KEY}
    result.pop("_meta", None)
    if meta:
        result["_meta"] = meta
    return wire.success(message.id, result)
