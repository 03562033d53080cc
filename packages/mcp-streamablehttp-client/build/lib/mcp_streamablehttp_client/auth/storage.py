"""The SDK's view of the credential store: the tokens and the registration for one MCP server.

Owns the translation between the SDK's models and the stored records, and the
precedence of the environment over the store.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp.client.auth import TokenStorage
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from .store import Credentials, MemoryStore, ServerBinding, StoredClient, StoredToken


@dataclass(repr=False)
class GivenCredentials:
    """Credentials a person configured. They win over the store."""

    client_id: str | None = None
    client_secret: str | None = None
    access_token: str | None = None
    refresh_token: str | None = None

    def digest(self) -> str | None:
        """Identifies the given tokens without holding them."""
        if self.access_token is None:
            return None
        return hashlib.sha256(f"{self.access_token}\n{self.refresh_token}".encode()).hexdigest()


class ServerStorage(TokenStorage):
    """Tokens and registration for one server, as ``OAuthClientProvider`` asks for them."""

    def __init__(
        self, store: MemoryStore, server_url: str, given: GivenCredentials, binding: Callable[[], ServerBinding]
    ) -> None:
        self.store = store
        self.given = given
        self.registration: dict[str, Any] = {}
        """The last answer of a registration endpoint, with the fields the SDK's model leaves out."""
        self._server_url = server_url
        self._binding = binding

    def bound(self) -> ServerBinding | None:
        """Issuer and resource of the last authorization for this server."""
        return self.store.read().servers.get(self._server_url)

    def token(self) -> StoredToken | None:
        """The tokens to use: those of the environment, unless a refresh replaced them, else the stored ones."""
        found = self.store.read().token_of(self._server_url)
        stored = found[1] if found else None
        if self.given.access_token is None or (stored and stored.successor_of == self.given.digest()):
            return stored
        return StoredToken(access_token=self.given.access_token, refresh_token=self.given.refresh_token)

    def client_of(self, issuer: str) -> OAuthClientInformationFull | None:
        """The stored registration with an issuer."""
        stored = self.store.read().clients.get(issuer)
        if stored is None:
            return None
        return OAuthClientInformationFull.model_validate({**stored.model_dump(exclude_none=True), "issuer": issuer})

    async def get_tokens(self) -> OAuthToken | None:
        """The tokens with the seconds they have left."""
        stored = self.token()
        if stored is None:
            return None
        left = None if stored.expires_at is None else int(stored.expires_at - time.time())
        return OAuthToken(
            access_token=stored.access_token,
            refresh_token=stored.refresh_token,
            scope=stored.scope,
            expires_in=left,
        )

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keeps tokens under the issuer and the resource they are for."""
        binding = self._binding()
        record = StoredToken(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            scope=tokens.scope,
            expires_at=None if tokens.expires_in is None else time.time() + tokens.expires_in,
            successor_of=self.given.digest(),
        )

        def change(kept: Credentials) -> None:
            kept.servers[self._server_url] = binding
            kept.tokens.setdefault(binding.issuer, {})[binding.resource] = record

        self.store.update(change)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """The pre-registered identity if one is configured, else the registration used for this server before."""
        binding = self.bound()
        if self.given.client_id is not None:
            issuer = self.store.read().preregistered.get(self.given.client_id)
            return OAuthClientInformationFull(
                client_id=self.given.client_id,
                client_secret=self.given.client_secret,
                token_endpoint_auth_method="client_secret_basic" if self.given.client_secret else "none",
                issuer=issuer,
            )
        return self.client_of(binding.issuer) if binding else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keeps a registration under its issuer, with the token that manages it."""
        issuer = client_info.issuer or self._binding().issuer
        known = client_info.model_dump(mode="json", exclude_none=True, exclude={"issuer"})
        extra = self.registration if self.registration.get("client_id") == client_info.client_id else {}
        record = StoredClient.model_validate({**extra, **known})
        self.store.update(lambda kept: kept.clients.__setitem__(issuer, record))

    def bind_preregistered(self, issuer: str) -> None:
        """Remembers to which issuer the configured client id belongs."""
        client_id = self.given.client_id
        if client_id is not None:
            self.store.update(lambda kept: kept.preregistered.setdefault(client_id, issuer))
