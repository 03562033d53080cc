"""Credentials in one JSON file that only its owner can read.

Directory 0700, file 0600, written beside and renamed into place, changed only
under a lock that other processes respect.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import to_thread

from .errors import StorageError
from .file_lock import file_lock
from .storage import Record

_CHANGE_SECONDS = 10.0
_RENEWAL_SECONDS = 400.0  # a renewal may wait for a person in front of a browser
_RENEWAL_POLL_SECONDS = 0.05
_T = TypeVar("_T")
_Content = dict[str, Any]


class FileStorage:
    """Registrations and tokens in ``path``, shared by every process that names the same file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path).expanduser()
        self._change = self._path.with_name(f"{self._path.name}.lock")
        self._renewal = self._path.with_name(f"{self._path.name}.renewal.lock")
        self._own_renewal = anyio.Lock()

    async def registration(self, issuer: str) -> Record | None:
        """The registration at ``issuer``."""
        return _record(await self._in_thread(self._read), issuer, "registration")

    async def save_registration(self, issuer: str, record: Record | None) -> None:
        """Keeps a registration, or forgets it together with every token of that issuer."""

        def change(content: _Content) -> None:
            if record is None:
                content.pop(issuer, None)
            else:
                content.setdefault(issuer, {})["registration"] = dict(record)

        await self._in_thread(lambda: self._changed(change))

    async def token(self, issuer: str, resource: str | None) -> Record | None:
        """The token of ``issuer`` for ``resource``."""
        return _record(await self._in_thread(self._read), issuer, "tokens", resource or "")

    async def save_token(self, issuer: str, resource: str | None, record: Record | None) -> None:
        """Keeps a token, or forgets it."""

        def change(content: _Content) -> None:
            tokens = content.setdefault(issuer, {}).setdefault("tokens", {})
            if record is None:
                tokens.pop(resource or "", None)
            else:
                tokens[resource or ""] = dict(record)

        await self._in_thread(lambda: self._changed(change))

    async def resources(self, issuer: str) -> list[str | None]:
        """The resources there is a token of ``issuer`` for."""
        tokens = (await self._in_thread(self._read)).get(issuer, {}).get("tokens", {})
        return [resource or None for resource in tokens]

    def renewing(self, issuer: str) -> AbstractAsyncContextManager[None]:
        """Held while a token is renewed, by one process at a time."""
        return self._renewing()

    @asynccontextmanager
    async def _renewing(self) -> AsyncIterator[None]:
        async with self._own_renewal:
            await self._in_thread(self._prepare)
            lock = await self._renewal_lock()
            try:
                yield
            finally:
                lock.__exit__(None, None, None)

    async def _renewal_lock(self) -> Any:
        """Takes the lock without keeping a thread waiting: the wait can be cancelled."""
        with anyio.move_on_after(_RENEWAL_SECONDS):
            while True:
                lock = file_lock(self._renewal, seconds=-1)
                try:
                    lock.__enter__()
                except TimeoutError:
                    await anyio.sleep(_RENEWAL_POLL_SECONDS)
                except OSError as error:
                    raise self._unusable(error) from error
                else:
                    return lock
        raise StorageError(f"another process keeps renewing for too long: {self._renewal}")

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        try:
            return await to_thread.run_sync(work)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> StorageError:
        return StorageError(f"stored credentials cannot be used ({error.strerror or error}): {self._path}")

    def _changed(self, change: Callable[[_Content], None]) -> None:
        self._prepare()
        with file_lock(self._change, _CHANGE_SECONDS):
            content = self._read()
            change(content)
            self._write(content)

    def _prepare(self) -> None:
        """Makes the directory; one that was there before keeps its mode, unless others may write to it."""
        directory = self._path.parent
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and directory.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StorageError(f"directory is writable by others: {directory}")

    def _read(self) -> _Content:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            content = json.loads(text)
        except ValueError:
            raise StorageError(f"stored credentials are not JSON: {self._path}") from None
        if not isinstance(content, dict):
            raise StorageError(f"stored credentials are not a JSON object: {self._path}")
        return content

    def _write(self, content: Mapping[str, Any]) -> None:
        # mkstemp makes the file 0600 before anything is in it.
        number, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        fresh = Path(name)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as handle:
                json.dump(content, handle, indent=1, sort_keys=True)
                handle.flush()
                os.fsync(handle.fileno())
            fresh.replace(self._path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _record(content: _Content, *keys: str) -> Record | None:
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None
