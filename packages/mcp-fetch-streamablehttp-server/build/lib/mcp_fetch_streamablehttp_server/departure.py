"""Notices when the client of a request goes away, so that work for it can stop.

The modern wire cancels by itself. Over the wires with sessions the SDK lets a
call go on; its answer could never be delivered, for streams here are not resumable.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCOPE_KEY = "mcp_fetch.departed"
_T = TypeVar("_T")


class DepartedError(Exception):
    """The client that asked is gone."""


class DepartureLayer:
    """ASGI layer that notes the disconnect the server below it receives."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forwards the request."""
        departed = scope[_SCOPE_KEY] = anyio.Event()

        async def observe() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                departed.set()
            return message

        await self.app(scope, observe, send)


async def while_present(scope: Any, work: Callable[[], Awaitable[_T]]) -> _T:
    """Does the work unless the client of ``scope`` leaves meanwhile.

    Raises:
        DepartedError: it left.
    """
    departed: anyio.Event | None = scope.get(_SCOPE_KEY)
    if departed is None:
        return await work()
    results: list[_T] = []

    async def watch(tasks: anyio.abc.TaskGroup) -> None:
        await departed.wait()
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, tasks)
        results.append(await work())
        tasks.cancel_scope.cancel()
    if not results:
        raise DepartedError
    return results[0]
