"""The end of the service: listen streams are closed at once and cleanly, calls in flight may finish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Closing:
    """Tells the listen streams of one application that the service is about to end."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def begin(self) -> None:
        """Forgets an earlier end: the application starts again."""
        self._event = anyio.Event()

    def end(self) -> None:
        """Ends every listen stream."""
        self._event.set()

    async def wait(self) -> None:
        """Returns once the service is about to end."""
        await self._event.wait()


class ListenStreamLayer:
    """ASGI layer that ends GET streams when the service does, with the last chunk a client waits for."""

    def __init__(self, app: ASGIApp, closing: Closing) -> None:
        self.app = app
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forwards the request, as long as the service lasts if it is a GET."""
        if scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        unfinished = False

        async def observe(message: Message) -> None:
            nonlocal unfinished
            unfinished = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel_at_the_end, tasks.cancel_scope)
            await self.app(scope, receive, observe)
            tasks.cancel_scope.cancel()
        if unfinished:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _cancel_at_the_end(self, stream: anyio.CancelScope) -> None:
        await self._closing.wait()
        stream.cancel()


@contextmanager
def calls_may_finish() -> Iterator[None]:
    """Stops the event stream library from cutting every stream, calls included, at the first signal."""
    before = AppStatus.enable_automatic_graceful_drain
    AppStatus.enable_automatic_graceful_drain = False
    try:
        yield
    finally:
        AppStatus.enable_automatic_graceful_drain = before
