"""Finds out which protocol era a server speaks, by asking it. Speaks to the server only until that is known.

A modern server answers ``server/discover``. Whatever else comes back, or
nothing within five seconds, means the ``initialize`` handshake, as the
specification's compatibility rules for stdio have it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    CONNECTION_CLOSED,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
    UNSUPPORTED_PROTOCOL_VERSION,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS

from .about import NAME, distribution_version
from .child import ChildStartError
from .limits import PROBE_SECONDS

Era = Literal["modern", "legacy"]
Ask = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
Tell = Callable[[str], Awaitable[None]]


class DiedOnProbeError(ChildStartError):
    """The server ended when it was asked for its era: some legacy servers cannot bear an unknown first request."""


@dataclass(frozen=True)
class ChildFacts:
    """What a server says about itself when it is first spoken to."""

    era: Era
    version: str
    capabilities: Mapping[str, Any]
    server_info: Mapping[str, Any]
    instructions: str | None = None

    def declares(self, capability: str, detail: str | None = None) -> bool:
        """Whether the server has a capability, and the named detail of it."""
        value = self.capabilities.get(capability)
        if not isinstance(value, Mapping):
            return False
        return detail is None or value.get(detail) is True


def own_meta(version: str) -> dict[str, Any]:
    """The ``_meta`` of a modern request that the proxy sends on its own behalf."""
    return {PROTOCOL_VERSION_META_KEY: version, CLIENT_CAPABILITIES_META_KEY: {}, CLIENT_INFO_META_KEY: _own_info()}


def _own_info() -> dict[str, str]:
    return {"name": NAME, "version": distribution_version()}


class Negotiation:
    """One server's first exchange. ``known`` is the era that an earlier run of the same command had."""

    def __init__(self, ask: Ask, tell: Tell, known: Era | None = None) -> None:
        self._ask = ask
        self._tell = tell
        self._known = known

    async def settle(self) -> ChildFacts:
        """Asks until the era is settled; the caller bounds the time.

        Raises:
            DiedOnProbeError: the server ended instead of an answer to ``server/discover``.
            ChildStartError: the server answers, but shares no revision with the proxy.
            MCPError: the connection ended, or the handshake was refused.
        """
        if self._known != "legacy":
            facts = await self._discover(MODERN_PROTOCOL_VERSIONS[-1])
            if facts is not None:
                return facts
        try:
            return await self._initialize()
        except MCPError as error:
            # The probe outlived its five seconds and made a slow server modern before the handshake arrived.
            mutual = _mutual_modern(error) if error.code == UNSUPPORTED_PROTOCOL_VERSION else None
            facts = await self._discover(mutual) if mutual else None
            if facts is None:
                raise
            return facts

    async def _discover(self, version: str, *, retried: bool = False) -> ChildFacts | None:
        """The facts of a modern server, or ``None`` when this is not one."""
        result = None
        try:
            with anyio.move_on_after(PROBE_SECONDS):
                result = await self._ask("server/discover", {"_meta": own_meta(version)})
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                raise DiedOnProbeError("server ended at its first request") from error
            if error.code == UNSUPPORTED_PROTOCOL_VERSION:
                mutual = _mutual_modern(error)
                if mutual and not retried:
                    return await self._discover(mutual, retried=True)
                _require_legacy(error)
        return None if result is None else _facts_of_discovery(result, version)

    async def _initialize(self) -> ChildFacts:
        params = {"protocolVersion": LATEST_HANDSHAKE_VERSION, "capabilities": {}, "clientInfo": _own_info()}
        result = await self._ask("initialize", params)
        version = result.get("protocolVersion")
        if version not in HANDSHAKE_PROTOCOL_VERSIONS:
            raise ChildStartError(f"server negotiated an unknown protocol version: {version}")
        await self._tell("notifications/initialized")
        return ChildFacts(
            era="legacy",
            version=version,
            capabilities=_mapping(result.get("capabilities")),
            server_info=_mapping(result.get("serverInfo")),
            instructions=_text(result.get("instructions")),
        )


def _facts_of_discovery(result: Mapping[str, Any], version: str) -> ChildFacts | None:
    supported = result.get("supportedVersions")
    if not isinstance(supported, list) or version not in supported:
        return None
    return ChildFacts(
        era="modern",
        version=version,
        capabilities=_mapping(result.get("capabilities")),
        server_info=_mapping(_mapping(result.get("_meta")).get(SERVER_INFO_META_KEY)),
        instructions=_text(result.get("instructions")),
    )


def _supported(error: MCPError) -> list[Any] | None:
    data = error.error.data
    supported = data.get("supported") if isinstance(data, Mapping) else None
    return supported if isinstance(supported, list) else None


def _mutual_modern(error: MCPError) -> str | None:
    mutual = [version for version in MODERN_PROTOCOL_VERSIONS if version in (_supported(error) or ())]
    return mutual[-1] if mutual else None


def _require_legacy(error: MCPError) -> None:
    supported = _supported(error)
    if supported is not None and not any(version in HANDSHAKE_PROTOCOL_VERSIONS for version in supported):
        raise ChildStartError("server speaks only protocol versions unknown to the proxy")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
