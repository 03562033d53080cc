"""``OAuthClient``: authorization for one MCP server by hand, and the management of its registration (RFC 7592)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx2
from mcp_types.version import LATEST_MODERN_VERSION

from mcp_streamablehttp_client.bridge import wire
from mcp_streamablehttp_client.connection import build_provider
from mcp_streamablehttp_client.errors import AuthorizationError, ServerUnreachableError
from mcp_streamablehttp_client.http_client import UpstreamClient, tls
from mcp_streamablehttp_client.masking import without_secrets
from mcp_streamablehttp_client.settings import Settings

from .person import Person
from .store import Credentials, MemoryStore, StoredClient, StoredToken

_SERVER_ISSUED = frozenset(
    {
        "registration_access_token",
        "registration_client_uri",
        "client_secret",
        "client_secret_expires_at",
        "client_id_issued_at",
    }
)


class OAuthClient:
    """Gets, shows, renews and gives up the credentials for the server of the settings."""

    def __init__(self, settings: Settings, *, person: Person | None = None, store: MemoryStore | None = None) -> None:
        """Prepares; nothing is sent. Without ``store`` the configured file is used."""
        self.settings = settings
        self._provider = build_provider(settings, person if person is not None else Person(), store)
        self._storage = self._provider.storage

    async def ensure_authenticated(self) -> str:
        """Makes sure the server accepts requests, authorizing if it must; returns the access token.

        The token is empty when the server asks for none.

        Raises:
            AuthorizationRequired: a person has to authorize and none can be reached.
            AuthorizationError: the authorization failed.
            ServerUnreachableError: the server did not answer.
        """
        await self._provider.load()
        body = wire.request("probe", "server/discover", {"_meta": self._envelope()})
        headers = wire.modern_headers("server/discover", body.params, LATEST_MODERN_VERSION)
        async with UpstreamClient(
            auth=self._provider,
            verify=tls(verify=self.settings.verify_ssl),
            request_timeout=self.settings.request_timeout,
            silence_timeout=self.settings.request_timeout,
        ) as http:
            response = await http.send(
                http.build_request(
                    "POST",
                    self.settings.server_url,
                    json=body.model_dump(mode="json"),
                    headers={**headers, "accept": "application/json, text/event-stream"},
                ),
                stream=True,
            )
            await response.aclose()
            if http.failure is not None:
                raise http.failure
        if response.status_code in (401, 403) or response.status_code >= 500:
            raise ServerUnreachableError(
                f"{self.settings.server_url} answered HTTP {response.status_code}",
                hint="check the address; if it is right, the operator of the server has to look into it",
            )
        tokens = self._provider.context.current_tokens
        return tokens.access_token if tokens is not None else ""

    async def refresh_token(self) -> str:
        """Trades the refresh token for new tokens now; returns the access token.

        Raises:
            AuthorizationError: there is none, or the server refuses it.
        """
        return await self._provider.refresh()

    async def discover_oauth_configuration(self) -> dict[str, Any]:
        """The metadata of the server's authorization server (RFC 8414), checked and as published.

        Raises:
            AuthorizationError: there is none, or it breaks a rule.
        """
        await self._provider.load()
        return await self._provider.discover()

    async def register_client(self) -> dict[str, Any]:
        """Registers anew (RFC 7591) and keeps the registration; returns the answer without its secrets.

        Raises:
            AuthorizationError: the server registers no clients, or refuses this one.
        """
        await self.discover_oauth_configuration()
        return _shown(await self._provider.register())

    async def get_client_configuration(self) -> dict[str, Any]:
        """The registration as the server knows it (RFC 7592, section 2.1), without its secrets."""
        return _shown(await self._manage("GET"))

    async def update_client_configuration(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Changes fields of the registration: reads it, merges, and replaces it, since the server replaces it whole.

        Fields set to ``None`` are removed.
        """
        present = await self._manage("GET")
        wanted = {name: value for name, value in {**present, **changes}.items() if name not in _SERVER_ISSUED}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        return _shown(await self._manage("PUT", wanted))

    async def delete_client_registration(self) -> None:
        """Gives the registration up, at the server and in the store, with all its tokens."""
        issuer = await self._issuer()
        await self._manage("DELETE")
        self._storage.store.update(lambda kept: kept.forget_issuer(issuer))

    def stored_token(self) -> StoredToken | None:
        """The tokens that would be used, without asking anybody."""
        return self._storage.token()

    def stored_client(self) -> StoredClient | None:
        """The registration that would be used, without asking anybody."""
        binding = self._storage.bound()
        return self._storage.store.read().clients.get(binding.issuer) if binding else None

    def forget(self) -> bool:
        """Deletes the stored credentials for the server; whether there were any."""
        url = self.settings.server_url
        return self._storage.store.update(lambda kept: kept.forget(url))

    async def _manage(self, method: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        url, token, issuer = await self._management()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        request = httpx2.Request(method, url, headers=headers, json=body)
        response = await self._provider.http.send(request, "client configuration endpoint")
        if not response.is_success:
            raise AuthorizationError(
                f"the authorization server refused to {_VERBS[method]} the registration: "
                f"HTTP {response.status_code} {without_secrets(response.text)}",
                hint="if the registration was deleted, use `--reset-auth` and authorize again",
            )
        if method == "DELETE":
            return {}
        answer: dict[str, Any] = json.loads(response.content)
        self._keep(issuer, answer)
        return answer

    async def _management(self) -> tuple[str, str, str]:
        """Address, token and issuer of the registration: of the environment, or of the store."""
        issuer = await self._issuer()
        stored = self._storage.store.read().clients.get(issuer)
        uri = self.settings.mcp_client_registration_uri or (stored.registration_client_uri if stored else None)
        token = self.settings.mcp_client_registration_token
        revealed = token.get_secret_value() if token else (stored.registration_access_token if stored else None)
        if not uri or not revealed:
            raise AuthorizationError(
                "no registration of this client can be managed: its token or address is not known",
                hint="authorize first with `--test-auth`, or set `MCP_CLIENT_REGISTRATION_TOKEN` and "
                "`MCP_CLIENT_REGISTRATION_URI`; not every server offers RFC 7592",
            )
        return uri, revealed, issuer

    async def _issuer(self) -> str:
        binding = self._storage.bound()
        if binding is not None:
            return binding.issuer
        return str((await self.discover_oauth_configuration())["issuer"])

    def _keep(self, issuer: str, answer: Mapping[str, Any]) -> None:
        """Takes over what the server says now; it may hand out a new registration token with every answer."""

        def change(kept: Credentials) -> None:
            known = kept.clients.get(issuer)
            before = known.model_dump(exclude_none=True) if known is not None else {}
            if not before or before.get("client_id") == answer.get("client_id"):
                kept.clients[issuer] = StoredClient.model_validate({**before, **answer})

        if isinstance(answer.get("client_id"), str):
            self._storage.store.update(change)

    def _envelope(self) -> wire.Json:
        return {
            wire.PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
            wire.CLIENT_CAPABILITIES_META_KEY: {},
            wire.CLIENT_INFO_META_KEY: {
                "name": self.settings.client_name,
                "version": self.settings.client_version or "0",
            },
        }


_VERBS = {"GET": "show", "PUT": "change", "DELETE": "delete"}
_SECRETS = frozenset({"client_secret", "registration_access_token"})


def _shown(registration: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in registration.items() if name not in _SECRETS}
