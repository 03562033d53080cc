"""A lock between processes on one file. Knows nothing of what it guards."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_POLL_SECONDS = 0.05


@contextmanager
def file_lock(path: Path, seconds: float) -> Iterator[None]:
    """Holds the lock; waits for whoever has it, at most ``seconds``.

    The system releases it when the process ends, however that happens.

    Raises:
        TimeoutError: somebody else kept it that long.
        OSError: the file cannot be opened.
    """
    deadline = time.monotonic() + seconds
    with path.open("ab") as handle:
        while not _taken(handle):
            if time.monotonic() > deadline:
                raise TimeoutError(f"somebody else holds the lock: {path}")
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            _release(handle)


if sys.platform == "win32":

    def _taken(handle: IO[bytes]) -> bool:
        handle.seek(0)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(handle: IO[bytes]) -> None:
        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_UNLCK, 1)

else:

    def _taken(handle: IO[bytes]) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(handle: IO[bytes]) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
