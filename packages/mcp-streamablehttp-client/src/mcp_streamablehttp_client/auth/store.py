"""The credential store: registrations by issuer, tokens by issuer and resource.

A credential never leaves the issuer it belongs to: there is no way to ask for
"the" client id or "the" token, only for those of one issuer. The file is
replaced as a whole, readable by its owner alone, and changed only under a lock
that other processes respect.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mcp_streamablehttp_client.errors import ConfigurationError

from .locking import exclusive, exclusive_async

_T = TypeVar("_T")


class _Hidden(BaseModel):
    """A record whose values stay out of reprs and error messages."""

    model_config = ConfigDict(hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return iter(())


class StoredToken(_Hidden):
    """Tokens for one resource, with the moment they end on the clock of this machine."""

    access_token: str
    refresh_token: str | None = None
    scope: str | None = None
    expires_at: float | None = None
    successor_of: str | None = None
    """Digest of the tokens of the environment that these replaced by a refresh."""


class StoredClient(_Hidden):
    """A registration: the answer of the registration endpoint (RFC 7591, RFC 7592) or a pre-registered identity."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    client_id: str
    client_secret: str | None = None
    redirect_uris: list[str] = Field(default_factory=list)
    registration_access_token: str | None = None
    registration_client_uri: str | None = None


class ServerBinding(BaseModel):
    """Which issuer and resource the last authorization for one MCP server used."""

    issuer: str
    resource: str


class Credentials(_Hidden):
    """The whole content of a store."""

    version: int = 1
    clients: dict[str, StoredClient] = Field(default_factory=dict)
    tokens: dict[str, dict[str, StoredToken]] = Field(default_factory=dict)
    servers: dict[str, ServerBinding] = Field(default_factory=dict)
    preregistered: dict[str, str] = Field(default_factory=dict)
    """Issuer to which a pre-registered client id was first presented."""

    def token_of(self, server_url: str) -> tuple[ServerBinding, StoredToken | None] | None:
        """The binding of a server and its tokens, if it was authorized before."""
        binding = self.servers.get(server_url)
        if binding is None:
            return None
        return binding, self.tokens.get(binding.issuer, {}).get(binding.resource)

    def forget(self, server_url: str) -> bool:
        """Removes the tokens and the registration used for one server; whether there were any."""
        binding = self.servers.pop(server_url, None)
        if binding is None:
            return False
        self.preregistered = {name: issuer for name, issuer in self.preregistered.items() if issuer != binding.issuer}
        self.tokens.get(binding.issuer, {}).pop(binding.resource, None)
        if not self.tokens.get(binding.issuer):
            self.tokens.pop(binding.issuer, None)
            self.clients.pop(binding.issuer, None)
        return True

    def forget_issuer(self, issuer: str) -> None:
        """Removes a registration and every token that was issued to it."""
        self.clients.pop(issuer, None)
        self.tokens.pop(issuer, None)
        self.servers = {url: binding for url, binding in self.servers.items() if binding.issuer != issuer}


class MemoryStore:
    """A store that ends with the process. Base of :class:`CredentialStore`, and what tests and short programs use."""

    def __init__(self) -> None:
        self._kept = Credentials()

    def read(self) -> Credentials:
        """The present content; a copy, changing it changes nothing."""
        return self._kept.model_copy(deep=True)

    def update(self, change: Callable[[Credentials], _T]) -> _T:
        """Changes the content in one step and returns what ``change`` returns."""
        copy = self.read()
        result = change(copy)
        self._kept = copy
        return result

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        """Held while tokens are refreshed, so that no other process spends the same refresh token."""
        yield


class CredentialStore(MemoryStore):
    """A store in a file (mode 0600) of a directory of its own (mode 0700)."""

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path).expanduser()

    def read(self) -> Credentials:
        """The present content of the file, empty if there is none.

        Raises:
            ConfigurationError: the file cannot be read or is no credential store.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Credentials()
        except OSError as error:
            raise self._unusable(f"cannot be read ({error.strerror})") from error
        self._tighten()
        try:
            return Credentials.model_validate(json.loads(text))
        except (ValueError, ValidationError):
            raise self._unusable("is not a credential store") from None

    def update(self, change: Callable[[Credentials], _T]) -> _T:
        """Reads, changes and replaces the file while other processes wait.

        Raises:
            ConfigurationError: the file cannot be written, or stays locked.
        """
        self._prepare()
        with exclusive(self._lock("lock")):
            content = self.read()
            result = change(content)
            self._replace(content)
        return result

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        """Held while tokens are refreshed; other processes wait and then find the new tokens in the file."""
        self._prepare()
        async with exclusive_async(self._lock("refresh.lock")):
            yield

    def delete(self) -> None:
        """Removes the file, whatever is in it."""
        self.path.unlink(missing_ok=True)

    def _lock(self, suffix: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{suffix}")

    def _prepare(self) -> None:
        directory = self.path.parent
        try:
            if not directory.is_dir():
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                directory.chmod(0o700)
        except OSError as error:
            raise self._unusable(f"cannot be written, its directory cannot be made ({error.strerror})") from error

    def _replace(self, content: Credentials) -> None:
        try:
            # mkstemp makes the file 0600 before a byte is in it.
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(content.model_dump_json(indent=2, exclude_none=True))
                    file.write("\n")
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise self._unusable(f"cannot be written ({error.strerror})") from error

    def _tighten(self) -> None:
        """Takes the rights of group and others away from a file that something else made."""
        if os.name == "nt":
            return
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            self.path.chmod(0o600)

    def _unusable(self, cause: str) -> ConfigurationError:
        return ConfigurationError(
            f"the credential store {cause}: {self.path}",
            hint="set `CREDENTIAL_STORAGE_PATH` to a file this user may write, or delete the file to start afresh",
        )
