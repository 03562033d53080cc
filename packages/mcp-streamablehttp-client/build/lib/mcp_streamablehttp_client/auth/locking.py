"""Locks between processes that share one credential store. Owns lock files; knows nothing of what they protect."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio

from mcp_streamablehttp_client.errors import ConfigurationError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_POLL_SECONDS = 0.02


@contextmanager
def exclusive(path: Path, *, wait_seconds: float = 10) -> Iterator[None]:
    """Holds the lock file at ``path``, blocking the thread until it is free.

    Raises:
        ConfigurationError: another process has held it for ``wait_seconds``.
    """
    descriptor = _open(path)
    try:
        deadline = time.monotonic() + wait_seconds
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"the credential store stays locked by another process: {path}",
                    hint="end the other `mcp-streamablehttp-client`, or give each its own `CREDENTIAL_STORAGE_PATH`",
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)  # closing the only descriptor releases the lock


@asynccontextmanager
async def exclusive_async(path: Path, *, wait_seconds: float = 60) -> AsyncIterator[None]:
    """Like :func:`exclusive` without blocking the event loop; goes on without the lock after ``wait_seconds``.

    A holder that hangs must not stop every other process for ever: the worst
    that can happen without the lock is a second refresh.
    """
    descriptor = _open(path)
    try:
        with anyio.move_on_after(wait_seconds):
            while not _try_lock(descriptor):  # noqa: ASYNC110 - no event tells that another process is done
                await anyio.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
