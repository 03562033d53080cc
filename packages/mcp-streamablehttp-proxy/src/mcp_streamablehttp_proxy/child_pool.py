"""Which child serves a modern request. Starts children when they are needed and ends those that idle.

One child serves everybody, or one each user, as the isolation says. A child
that ended is started again by the next request, after a pause that grows with
every failure.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from .child import ChildStartError
from .configuration import ProxyConfiguration
from .era import Era
from .modern_child import ModernChild, run_modern_child
from .service.log_output import fields
from .starts import Backoff, Starts

_LONGEST_WAIT = 2.0
"""A request sits out a pause up to this long; in a longer one it is told when to come back."""

Key = str | None


class PoolFullError(Exception):
    """Every child there may be is in use."""


@dataclass(eq=False)
class _Place:
    """One child's place: empty, starting, or running."""

    backoff: Backoff = field(default_factory=Backoff)
    child: ModernChild | None = None
    failure: ChildStartError | None = None
    settled: anyio.Event | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    waiting: int = 0

    @property
    def idle(self) -> bool:
        return self.waiting == 0 and not (self.child is not None and self.child.busy)


class ChildPool:
    """The children that serve modern clients."""

    def __init__(self, configuration: ProxyConfiguration, starts: Starts, logger: logging.Logger) -> None:
        self._command = configuration.command
        self._limits = configuration.limits
        supported = configuration.settings.protocol.supported
        self._versions = tuple(version for version in MODERN_PROTOCOL_VERSIONS if version in supported)
        self._starts = starts
        self._logger = logger
        self._by_user = configuration.settings.edge.user_header and configuration.isolation != "shared"
        self._era: Era | None = None
        self._places: dict[Key, _Place] = {}
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Lives as long as the service; at its end every child is stopped."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._end_idle)
            try:
                yield
            finally:
                self.end()
        self._places.clear()

    def end(self) -> None:
        """Begins to stop every child; :meth:`run` waits for it."""
        tasks, self._tasks = self._tasks, None
        if tasks is not None:
            tasks.cancel_scope.cancel()

    def end_listening(self) -> None:
        """Ends every listen stream with its final result."""
        for place in self._places.values():
            if place.child is not None:
                place.child.end_listening()

    def admit(self, user: str | None) -> None:
        """Makes sure that there is a place for this user's child.

        Raises:
            PoolFullError: the limit is reached and every child is in use.
        """
        self._place(user if self._by_user else None)

    async def child_for(self, user: str | None) -> ModernChild:
        """The running child for a user, started if need be.

        Raises:
            PoolFullError: the limit is reached and every child is in use.
            ChildStartError: there is no child to be had now; the text says why.
        """
        place = self._place(user if self._by_user else None)
        place.waiting += 1
        try:
            if place.child is None:
                await self._start(place)
            if place.child is None:
                raise place.failure or ChildStartError("server is not running")
            place.child.used_at = anyio.current_time()
            return place.child
        finally:
            place.waiting -= 1

    def worked(self, user: str | None) -> None:
        """A child of this user answered a request."""
        place = self._places.get(user if self._by_user else None)
        if place is not None:
            place.backoff.worked()

    def _place(self, key: Key) -> _Place:
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= self._limits.max_sessions:
                self._make_room()
            place = self._places[key] = _Place()
        return place

    def _make_room(self) -> None:
        """Gives up the place that has been idle longest."""
        idle = [key for key, place in self._places.items() if place.idle]
        if not idle:
            raise PoolFullError
        oldest = min(idle, key=lambda key: child.used_at if (child := self._places[key].child) else 0.0)
        self._places.pop(oldest).scope.cancel()

    async def _start(self, place: _Place) -> None:
        """Starts the child, or waits for the start another request began."""
        settled = place.settled
        if settled is None:
            pause = place.backoff.until - anyio.current_time()
            if pause > _LONGEST_WAIT:
                raise ChildStartError(f"server keeps failing; it may be started again in {pause:.0f} s")
            if self._tasks is None:
                raise ChildStartError("the service is ending")
            settled = place.settled = anyio.Event()
            place.scope = anyio.CancelScope()
            # Not in the task of the request: the child outlives it, and its start must not depend on its patience.
            self._tasks.start_soon(self._keep, place, settled, max(pause, 0.0))
        await settled.wait()

    async def _keep(self, place: _Place, settled: anyio.Event, pause: float) -> None:
        """Runs one child in its place until it ends."""

        def settle(outcome: ModernChild | ChildStartError) -> None:
            if isinstance(outcome, ModernChild):
                self._occupy(place, outcome)
            else:
                self._fail(place, outcome)
            settled.set()

        with place.scope:
            await anyio.sleep(pause)
            try:
                await run_modern_child(
                    self._command, self._limits, self._versions, self._logger, known=self._era, settled=settle
                )
            except Exception:  # one child's accident must not end the others, which share the task group
                self._logger.exception("a child could not be kept")
                settle(ChildStartError("server cannot be used"))
        settled.set()

    def _occupy(self, place: _Place, child: ModernChild) -> None:
        self._era = child.facts.era
        self._starts.succeeded()
        place.child, place.failure = child, None
        facts = {"pid": str(child.pid), "era": child.facts.era, "version": child.facts.version}
        self._logger.info(fields("child_ready", facts))
        if self._tasks is not None:
            self._tasks.start_soon(self._vacate, place, child)

    def _fail(self, place: _Place, failure: ChildStartError) -> None:
        self._starts.failed()
        place.child, place.failure, place.settled = None, failure, None
        place.backoff.failed(anyio.current_time())

    async def _vacate(self, place: _Place, child: ModernChild) -> None:
        """Counts the child as running; empties its place at once when it ends by itself."""
        self._starts.running += 1
        try:
            await child.gone.wait()
        finally:
            self._starts.running -= 1
        if place.child is child:
            place.child, place.settled = None, None
            place.backoff.failed(anyio.current_time())

    async def _end_idle(self) -> None:
        """Ends children nobody has used for the session timeout, and forgets places without one."""
        timeout = self._limits.session_timeout
        while True:
            await anyio.sleep(min(1.0, timeout / 4))
            now = anyio.current_time()
            for key, place in list(self._places.items()):
                if place.child is not None:
                    if place.idle and now - place.child.used_at >= timeout:
                        self._logger.info(fields("child_idle", {"pid": str(place.child.pid)}))
                        place.child, place.settled = None, None
                        place.scope.cancel()
                elif place.settled is None and place.idle and now >= place.backoff.until + timeout:
                    del self._places[key]
