"""``--check``: starts the server once, finds out what it is, lists its tools, stops it."""

from __future__ import annotations

import logging
from typing import Any

import anyio

from .child import ChildStartError
from .configuration import ProxyConfiguration
from .modern_child import ModernChild, run_modern_child


async def check(configuration: ProxyConfiguration, logger: logging.Logger) -> dict[str, Any]:
    """What the server says about itself, as JSON.

    Raises:
        ChildStartError: it cannot be started or used.
    """
    found: list[dict[str, Any]] = []
    usable: list[ModernChild] = []
    async with anyio.create_task_group() as tasks:
        started = anyio.Event()
        failures: list[ChildStartError] = []

        def ready(child: ModernChild) -> None:
            usable.append(child)
            started.set()

        async def run() -> None:
            versions = configuration.settings.protocol.supported
            failure = await run_modern_child(
                configuration.command, configuration.limits, versions, logger, known=None, ready=ready
            )
            if failure is not None:
                failures.append(failure)
            started.set()

        tasks.start_soon(run)
        await started.wait()
        for child in usable:
            found.append(await describe(child))
        tasks.cancel_scope.cancel()
    if failures:
        raise failures[0]
    return found[0]


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
