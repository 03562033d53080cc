"""``--check``: starts the server once, finds out what it is, lists its tools, stops it."""

from __future__ import annotations

import logging
from typing import Any

import anyio
from mcp.shared.exceptions import MCPError

from .child import ChildStartError
from .configuration import ProxyConfiguration
from .modern_child import ModernChild, run_modern_child


async def check(configuration: ProxyConfiguration, logger: logging.Logger) -> dict[str, Any]:
    """What the server says about itself, as JSON.

    Raises:
        ChildStartError: it cannot be started or used.
    """
    outcomes: list[ModernChild | ChildStartError] = []
    found: dict[str, Any] = {}
    async with anyio.create_task_group() as tasks:
        settled = anyio.Event()

        def settle(outcome: ModernChild | ChildStartError) -> None:
            outcomes.append(outcome)
            settled.set()

        async def run() -> None:
            versions = configuration.settings.protocol.supported
            await run_modern_child(
                configuration.command, configuration.limits, versions, logger, known=None, settled=settle
            )

        tasks.start_soon(run)
        await settled.wait()
        if isinstance(outcomes[0], ModernChild):
            try:
                found = await describe(outcomes[0])
            except MCPError as error:
                outcomes[0] = ChildStartError(f"server does not list its tools: {error.error.message}")
        tasks.cancel_scope.cancel()
    if isinstance(outcomes[0], ChildStartError):
        raise outcomes[0]
    return found


async def describe(child: ModernChild) -> dict[str, Any]:
    """Era, revision, identity, capabilities and tools of a running server."""
    facts = child.facts
    return {
        "era": facts.era,
        "protocolVersion": facts.version,
        "serverInfo": dict(facts.server_info),
        "capabilities": dict(facts.capabilities),
        "instructions": facts.instructions,
        "tools": await child.tools(),
    }
