"""What the tools of the server look like: learnt from every ``tools/list`` answer that passes.

Owns the ``Mcp-Param-*`` headers of a call and the removal of tools whose
annotations are invalid (streamable HTTP, custom headers). Keeps no results.
"""

from __future__ import annotations

import logging
from typing import Any

from mcp.shared.inbound import find_invalid_x_mcp_header, mcp_param_headers, x_mcp_header_map

from mcp_streamablehttp_client.log_output import fields

from .wire import Json

logger = logging.getLogger(__name__)


class Catalogue:
    """The annotated parameters and the hints of the tools seen so far."""

    def __init__(self) -> None:
        self._headers: dict[str, dict[tuple[str, ...], str]] = {}
        self._repeatable: set[str] = set()

    def learn(self, result: Json) -> Json:
        """Takes in a ``tools/list`` result; returns it without the tools a client must not offer."""
        tools = result.get("tools")
        if not isinstance(tools, list):
            return result
        kept = [tool for tool in tools if self._accept(tool)]
        return result if len(kept) == len(tools) else {**result, "tools": kept}

    def headers(self, params: Json | None) -> dict[str, str]:
        """The headers that repeat annotated arguments of a call."""
        name, arguments = (params or {}).get("name"), (params or {}).get("arguments")
        if not isinstance(name, str) or not isinstance(arguments, dict):
            return {}
        return mcp_param_headers(self._headers.get(name, {}), arguments)

    def repeatable(self, params: Json | None) -> bool:
        """Whether the called tool says that a second call changes nothing more."""
        return (params or {}).get("name") in self._repeatable

    def _accept(self, tool: Any) -> bool:
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(name, str):
            return True  # not ours to judge: the host validates the list
        schema = tool.get("inputSchema")
        reason = find_invalid_x_mcp_header(schema)
        self._repeatable.discard(name)
        if reason is not None:
            self._headers.pop(name, None)
            logger.warning(fields("tool_dropped", tool=name, reason=reason))
            return False
        self._headers[name] = x_mcp_header_map(schema)
        hints = tool.get("annotations")
        if isinstance(hints, dict) and (hints.get("readOnlyHint") is True or hints.get("idempotentHint") is True):
            self._repeatable.add(name)
        return True
