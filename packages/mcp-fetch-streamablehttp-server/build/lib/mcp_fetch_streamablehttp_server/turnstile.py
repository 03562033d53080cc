"""How many fetches run at once, in all and per user. The rest wait, for a bounded time and in bounded number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from .failure import FetchError

_MOST_WAITING = 1000
_BUSY = "the server is busy: too many fetches are waiting; try again later"


class _Queue:
    """The turn of one user: a few slots, and how many fetches are inside or waiting."""

    def __init__(self, slots: int) -> None:
        self.slots = anyio.Semaphore(slots)
        self.present = 0


class Turnstile:
    """Admits fetches. A user's own limit is passed first, so that nobody's queue blocks the others."""

    def __init__(self, total: int, per_user: int, *, wait_seconds: float) -> None:
        self._total = anyio.Semaphore(total)
        self._per_user = per_user
        self._wait_seconds = wait_seconds
        self._waiting = 0
        self._users: dict[str, _Queue] = {}

    @asynccontextmanager
    async def turn(self, user: str | None) -> AsyncIterator[None]:
        """Waits for a turn and holds it. Callers without a name share only the total.

        Raises:
            FetchError: too many are waiting, or the wait took too long.
        """
        queues = [self._total]
        if user is not None:
            queue = self._users.setdefault(user, _Queue(self._per_user))
            queue.present += 1
            queues.insert(0, queue.slots)
        held: list[anyio.Semaphore] = []
        try:
            await self._acquire(queues, held)
            yield
        finally:
            for semaphore in held:
                semaphore.release()
            if user is not None:
                queue.present -= 1
                if not queue.present:
                    del self._users[user]

    async def _acquire(self, queues: list[anyio.Semaphore], held: list[anyio.Semaphore]) -> None:
        if self._waiting >= _MOST_WAITING:
            raise FetchError(_BUSY)
        self._waiting += 1
        try:
            with anyio.fail_after(self._wait_seconds):
                for semaphore in queues:
                    await semaphore.acquire()
                    held.append(semaphore)
        except TimeoutError as error:
            raise FetchError(_BUSY) from error
        finally:
            self._waiting -= 1
