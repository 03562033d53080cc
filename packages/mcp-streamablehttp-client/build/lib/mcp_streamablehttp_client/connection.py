"""Puts the HTTP client for one server together: TLS, timeouts, headers, and the provider that signs requests."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from mcp.client.auth.utils import is_valid_client_metadata_url
from pydantic import SecretStr

from .auth.http import OAuthHttp
from .auth.person import Person
from .auth.policy import UrlPolicy
from .auth.provider import AuthorizingProvider, OAuthOptions
from .auth.storage import GivenCredentials
from .auth.store import CredentialStore, MemoryStore
from .errors import ConfigurationError
from .http_client import UpstreamClient, tls
from .settings import Settings


def given_credentials(settings: Settings) -> GivenCredentials:
    """The credentials of the environment."""
    return GivenCredentials(
        client_id=None if client_metadata_url(settings) else settings.mcp_client_id,
        client_secret=_revealed(settings.mcp_client_secret),
        access_token=_revealed(settings.mcp_client_access_token),
        refresh_token=_revealed(settings.mcp_client_refresh_token),
    )


def client_metadata_url(settings: Settings) -> str | None:
    """The configured client id if it is the address of a document about the client, which any server may read."""
    client_id = settings.mcp_client_id
    if client_id is None or settings.mcp_client_secret is not None or not is_valid_client_metadata_url(client_id):
        return None
    return client_id


def oauth_options(settings: Settings) -> OAuthOptions:
    """What the environment says about the authorization."""
    return OAuthOptions(
        client_name=settings.client_name,
        client_version=settings.client_version,
        client_metadata_url=client_metadata_url(settings),
        given=given_credentials(settings),
    )


def build_provider(
    settings: Settings,
    person: Person,
    store: MemoryStore | None = None,
    options: OAuthOptions | None = None,
    verify: ssl.SSLContext | None = None,
) -> AuthorizingProvider:
    """The provider for the configured server and the configured store."""
    url = settings.server_url
    context = verify if verify is not None else tls(verify=settings.verify_ssl)
    http = OAuthHttp(UrlPolicy(url), verify=context, timeout=settings.request_timeout)
    kept = store if store is not None else CredentialStore(settings.credential_storage_path)
    return AuthorizingProvider(url, http, kept, options if options is not None else oauth_options(settings), person)


@asynccontextmanager
async def open_http(
    settings: Settings,
    person: Person,
    store: MemoryStore | None = None,
    options: OAuthOptions | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[UpstreamClient]:
    """An HTTP client that authorizes itself when the server asks for it.

    Raises:
        ConfigurationError: a header cannot be sent.
    """
    checked = _checked_headers(headers or {}, settings.server_url)
    context = tls(verify=settings.verify_ssl)
    provider = build_provider(settings, person, store, options, context)
    # Who brings an Authorization header of their own wants no OAuth on top of it.
    signed = None if "authorization" in {name.lower() for name in checked} else provider
    async with UpstreamClient(
        auth=signed,
        headers=checked,
        verify=context,
        request_timeout=settings.request_timeout,
        silence_timeout=settings.session_timeout,
    ) as client:
        yield client


def _checked_headers(headers: Mapping[str, str], url: str) -> dict[str, str]:
    for name, value in headers.items():
        if "\n" in value or "\r" in value or not name.isascii():
            raise ConfigurationError(
                f"the header {name!r} for {urlsplit(url).hostname} cannot be sent", hint="remove line breaks from it"
            )
    return dict(headers)


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
