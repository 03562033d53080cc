"""Finds the authorization server of an MCP server (RFC 9728, RFC 8414) outside the flow of a request.

The SDK's provider discovers by itself when a server answers 401. This module
does the same steps, with the SDK's own functions, for what happens without
such an answer: a refresh after a restart and the commands about the registration.
"""

from __future__ import annotations

import httpx2
from mcp.client.auth import OAuthFlowError
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    create_oauth_metadata_request,
    extract_resource_metadata_from_www_auth,
    handle_auth_metadata_response,
    handle_protected_resource_response,
    validate_metadata_issuer,
)
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata

from mcp_streamablehttp_client.errors import AuthorizationError
from mcp_streamablehttp_client.masking import without_secrets

from .http import OAuthHttp


async def find_resource(
    http: OAuthHttp, server_url: str, challenge: httpx2.Response | None = None
) -> ProtectedResourceMetadata | None:
    """What a server publishes about the authorization it wants, or nothing if it publishes nothing."""
    named = extract_resource_metadata_from_www_auth(challenge) if challenge is not None else None
    for url in build_protected_resource_metadata_discovery_urls(named, server_url):
        response = await http.send(create_oauth_metadata_request(url), "protected resource metadata")
        found = await handle_protected_resource_response(response)
        if found is not None:
            return found
    return None


async def find_metadata(http: OAuthHttp, issuer: str) -> tuple[OAuthMetadata, httpx2.Response]:
    """The metadata of an issuer, checked to be its own, and the answer it came in.

    Raises:
        AuthorizationError: the issuer publishes none, or another issuer's.
    """
    for url in build_oauth_authorization_server_metadata_discovery_urls(issuer, issuer):
        response = await http.send(create_oauth_metadata_request(url), "authorization server metadata")
        going_on, found = await handle_auth_metadata_response(response)
        if found is not None:
            try:
                validate_metadata_issuer(found, issuer)
            except OAuthFlowError as error:
                raise AuthorizationError(without_secrets(str(error)), hint="report it to the operator") from error
            return found, response
        if not going_on:
            break
    raise AuthorizationError(
        f"the authorization server publishes no metadata: {issuer}",
        hint="check that the server is up; without RFC 8414 metadata nothing can be authorized",
    )
