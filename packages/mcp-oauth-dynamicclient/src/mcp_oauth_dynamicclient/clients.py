"""Registered clients as Authlib wants to see them, and where they are looked up. Fetches nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from authlib.oauth2.rfc6749 import ClientMixin

from .cimd_documents import cached_document, is_document_url
from .models import GRANT_CODE, GRANT_REFRESH
from .redirects import same_redirect
from .scopes import ScopeCatalogue
from .secrets_at_rest import matches
from .store.contract import Store, client_key


@dataclass(frozen=True)
class RegisteredClient(ClientMixin):
    """One client: what it registered, and digests of its secrets."""

    client_id: str
    metadata: Mapping[str, Any]
    catalogue: ScopeCatalogue = field(repr=False)
    issued_at: int = 0
    secret_digest: str | None = field(default=None, repr=False)
    secret_expires_at: int = 0
    registration_digest: str | None = field(default=None, repr=False)
    document_host: str | None = None
    """Host of the metadata document when the client id is a URL."""
    raw: str = field(default="", repr=False, compare=False)
    """The record as it was read, for compare-and-set."""

    @property
    def name(self) -> str:
        """What to call the client on a page."""
        return str(self.metadata.get("client_name") or self.client_id)

    @property
    def redirect_uris(self) -> list[str]:
        """The registered redirect URIs."""
        return list(self.metadata.get("redirect_uris", ()))

    @property
    def auth_method(self) -> str:
        """How the client authenticates."""
        return str(self.metadata.get("token_endpoint_auth_method", "none"))

    def get_client_id(self) -> str:
        """For Authlib: the identifier."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """For Authlib: the redirect URI of a client that registered exactly one."""
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """For Authlib: the scope granted for what is requested, ``None`` to refuse."""
        return self.catalogue.grantable(scope, cast("str | None", self.metadata.get("scope")))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """For Authlib: whether the redirect URI is a registered one."""
        return any(same_redirect(redirect_uri, registered) for registered in self.redirect_uris)

    def check_client_secret(self, client_secret: str) -> bool:
        """For Authlib: compares in constant time; a client without a secret has no right one."""
        return self.secret_digest is not None and matches(client_secret, self.secret_digest)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """For Authlib: the registered method and no other, whatever the endpoint."""
        return method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        """For Authlib: whether the client registered the response type."""
        return response_type in self.metadata.get("response_types", ("code",))

    def check_grant_type(self, grant_type: str) -> bool:
        """For Authlib: whether the client registered the grant type."""
        return grant_type in self.metadata.get("grant_types", (GRANT_CODE, GRANT_REFRESH))

    def check_client(self, client: RegisteredClient) -> bool:
        """For Authlib: whether a registration token, which is looked up with its client, is for ``client``."""
        return client.client_id == self.client_id

    @property
    def client_info(self) -> dict[str, Any]:
        """For Authlib: the server-issued fields that may be shown again."""
        info: dict[str, Any] = {"client_id": self.client_id, "client_id_issued_at": self.issued_at}
        if self.secret_digest is not None:
            info["client_secret_expires_at"] = self.secret_expires_at
        return info

    @property
    def client_metadata(self) -> dict[str, Any]:
        """For Authlib: the registered fields."""
        return dict(self.metadata)

    def record(self) -> str:
        """The client as the store keeps it."""
        return json.dumps(
            {
                "metadata": dict(self.metadata),
                "issued_at": self.issued_at,
                "secret_digest": self.secret_digest,
                "secret_expires_at": self.secret_expires_at,
                "registration_digest": self.registration_digest,
            },
            sort_keys=True,
        )

    def updated(self, metadata: Mapping[str, Any], registration_digest: str) -> RegisteredClient:
        """The client with other metadata and another registration token."""
        return replace(self, metadata=metadata, registration_digest=registration_digest)


class ClientDirectory:
    """Looks clients up: registered ones in the store, document ones among the fetched documents."""

    def __init__(self, store: Store, catalogue: ScopeCatalogue, *, documents: bool) -> None:
        self._store = store
        self._catalogue = catalogue
        self._documents = documents

    def find(self, client_id: str | None) -> RegisteredClient | None:
        """The client of that id, or ``None``."""
        if not client_id or len(client_id) > 2048:
            return None
        if self._documents and is_document_url(client_id):
            return self._from_document(client_id)
        return self._registered(client_id)

    def _registered(self, client_id: str) -> RegisteredClient | None:
        if not client_id.startswith("client_"):
            return None
        raw = self._store.get(client_key(client_id))
        if raw is None:
            return None
        return RegisteredClient(client_id=client_id, catalogue=self._catalogue, raw=raw, **json.loads(raw))

    def _from_document(self, url: str) -> RegisteredClient | None:
        found = cached_document(self._store, url)
        if found is None or found.metadata is None:
            return None
        return RegisteredClient(
            client_id=url, metadata=found.metadata, catalogue=self._catalogue, document_host=found.host
        )
