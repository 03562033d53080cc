"""Input schemas of a server's tools, for the SDK to check ``Mcp-Param-*`` headers against. Checks nothing itself."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp.shared.exceptions import MCPError

Fetch = Callable[["str | None"], Awaitable[Mapping[str, Any]]]

_MOST_PAGES = 100
_UNKNOWN_NAME_SECONDS = 10.0


class ToolSchemas:
    """A copy of the server's list of tools; ``fetch`` reads one page of it."""

    def __init__(self, fetch: Fetch, logger: logging.Logger) -> None:
        self.lifetime = math.inf
        self._fetch = fetch
        self._logger = logger
        self._lock = anyio.Lock()
        self._schemas: dict[str, Any] = {}
        self._read_at = 0.0
        self._stale = True

    def lookup(self, name: str) -> Mapping[str, Any] | None:
        """The input schema of a tool, if the server has listed it."""
        schema = self._schemas.get(name)
        return schema if isinstance(schema, Mapping) else None

    def invalidate(self) -> None:
        """The list has changed: it is read again before it is next needed."""
        self._stale = True

    async def prepare(self, name: str) -> None:
        """Makes :meth:`lookup` of ``name`` as true as it can be made without asking at every call."""
        async with self._lock:
            age = anyio.current_time() - self._read_at
            allowed = self.lifetime if name in self._schemas else min(self.lifetime, _UNKNOWN_NAME_SECONDS)
            if self._stale or age > allowed:
                await self._read()

    async def _read(self) -> None:
        # Before, not after, the reading: a change meanwhile makes it stale again.
        self._stale, self._read_at = False, anyio.current_time()
        try:
            self._schemas = {tool["name"]: tool.get("inputSchema") for tool in await list_tools(self._fetch)}
        except (MCPError, TypeError, KeyError, AttributeError) as error:
            # A call must not fail because a list cannot be read: its headers go unchecked.
            self._logger.warning("the server's tools cannot be listed (%s): headers go unchecked", type(error).__name__)
            self._schemas = {}


async def list_tools(fetch: Fetch) -> list[Any]:
    """Every page of a server's list of tools; stops where a server pages for ever.

    Raises:
        MCPError: the server refuses it.
        TypeError: what it answers is no list.
    """
    tools: list[Any] = []
    cursor: str | None = None
    seen: set[str | None] = set()
    while cursor not in seen and len(seen) < _MOST_PAGES:
        seen.add(cursor)
        page = await fetch(cursor)
        tools.extend(page.get("tools", ()))
        following = page.get("nextCursor")
        if not isinstance(following, str):
            break
        cursor = following
    return tools
