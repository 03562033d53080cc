"""Says in the modern revision what a legacy server said, and the other way round. Pure functions, no I/O.

Everything not named here passes unchanged, unknown fields included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, SERVER_INFO_META_KEY

from .about import NAME, distribution_version
from .era import ChildFacts

RESERVED_PREFIX = "io.modelcontextprotocol/"
LOG_LEVEL_KEY = "io.modelcontextprotocol/logLevel"
LOG_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")

CACHEABLE = frozenset(
    {
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
    }
)
"""Results that carry ``ttlMs`` and ``cacheScope``."""

REMOVED = frozenset(
    {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "roots/list"}
)
"""Methods of legacy clients that the modern revision no longer has; 404 whatever the server behind knows."""

_LEGACY_NOT_FOUND = -32002
_FORBIDDEN = range(-32019, -31999)


def legacy_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params without what only a modern server understands."""
    stripped = dict(params)
    meta = stripped.pop("_meta", None)
    if isinstance(meta, Mapping):
        kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED_PREFIX)}
        if kept:
            stripped["_meta"] = kept
    return stripped


def modern_result(method: str, result: Mapping[str, Any], facts: ChildFacts) -> dict[str, Any]:
    """A legacy result with what a modern client must find in it.

    ``ttlMs`` 0 and ``private``: a legacy server promises nothing about how long its answer holds, or for whom.
    """
    completed = dict(result)
    completed.setdefault("resultType", "complete")
    if method in CACHEABLE:
        completed.setdefault("ttlMs", 0)
        completed.setdefault("cacheScope", "private")
    if facts.server_info:
        meta = completed.get("_meta")
        completed["_meta"] = {SERVER_INFO_META_KEY: dict(facts.server_info), **(meta if isinstance(meta, dict) else {})}
    return completed


def modern_error(error: MCPError) -> MCPError:
    """The error with a code that the modern revision allows on the wire."""
    if error.code == _LEGACY_NOT_FOUND:
        return MCPError(code=INVALID_PARAMS, message=error.error.message, data=error.error.data)
    if error.code in _FORBIDDEN:
        return MCPError(code=INTERNAL_ERROR, message=error.error.message, data=error.error.data)
    return error


def discovery(facts: ChildFacts, supported: tuple[str, ...]) -> dict[str, Any]:
    """The answer to ``server/discover`` that a legacy server cannot give itself."""
    # The tasks of 2025-11-25 are not those of the modern revision.
    capabilities = {name: value for name, value in facts.capabilities.items() if name != "tasks"}
    result: dict[str, Any] = {"supportedVersions": list(supported), "capabilities": capabilities}
    if facts.instructions is not None:
        result["instructions"] = facts.instructions
    if not facts.server_info:
        result["_meta"] = {SERVER_INFO_META_KEY: {"name": NAME, "version": distribution_version()}}
    return modern_result("server/discover", result, facts)


def requested_log_level(params: Mapping[str, Any]) -> str | None:
    """The level from which on a request wants log messages, or ``None`` when it wants none."""
    meta = params.get("_meta")
    level = meta.get(LOG_LEVEL_KEY) if isinstance(meta, Mapping) else None
    return level if level in LOG_LEVELS else None


def at_least(level: Any, threshold: str) -> bool:
    """Whether a message of ``level`` passes a threshold; an unknown level does not."""
    return level in LOG_LEVELS and LOG_LEVELS.index(level) >= LOG_LEVELS.index(threshold)
