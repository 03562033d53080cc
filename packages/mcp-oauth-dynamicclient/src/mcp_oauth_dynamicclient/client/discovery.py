"""Finds the metadata of an authorization server and of a service, and refuses what is too weak.

RFC 8414 for the server, RFC 9728 for the service, with the checks of the MCP
specification: exact issuer, S256, secure endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .addresses import covers, require_secure, well_known, without_fragment
from .challenge import Challenge
from .errors import DiscoveryError
from .wire import Wire, json_object

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint")
_NEEDED = ("authorization_endpoint", "token_endpoint")


@dataclass(frozen=True)
class ServerMetadata:
    """What an authorization server says about itself, checked."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str | None
    revocation_endpoint: str | None
    iss_parameter: bool
    client_id_documents: bool


@dataclass(frozen=True)
class ResourceMetadata:
    """Which resource a service is, and what a client may ask for."""

    resource: str
    scope: str | None


async def server_metadata(wire: Wire, auth_server: str) -> ServerMetadata:
    """Reads the metadata of ``auth_server``, an issuer (RFC 8414, section 3).

    Raises:
        DiscoveryError: there is none, or it is not this issuer's, or too weak.
        UnsafeAddressError: an address in it is not secure.
    """
    issuer = auth_server.rstrip("/")
    for address in _addresses(issuer):
        response = await wire.get(address, "the authorization server's metadata")
        document = json_object(response) if response.status_code == 200 else None
        if document is not None:
            return _checked(document, issuer)
        if response.status_code >= 500:
            raise DiscoveryError(f"metadata cannot be read (status {response.status_code}): {address}")
    raise DiscoveryError(f"no authorization server metadata found: {issuer}")


async def resource_metadata(wire: Wire, url: str, issuer: str, challenge: Challenge) -> ResourceMetadata:
    """Reads which resource ``url`` belongs to, and that it takes tokens of ``issuer`` (RFC 9728, section 3).

    Raises:
        DiscoveryError: there is no such document, or it speaks of something else.
    """
    document = await _resource_document(wire, url, challenge)
    resource = document.get("resource")
    if not isinstance(resource, str) or not covers(resource, url):
        raise DiscoveryError(f"resource metadata is about something else: {url}")
    servers = document.get("authorization_servers")
    if not isinstance(servers, list) or not any(_same_issuer(server, issuer) for server in servers):
        raise DiscoveryError(f"service does not accept tokens of {issuer}: {url}")
    return ResourceMetadata(resource, challenge.scope or _joined(document.get("scopes_supported")))


async def _resource_document(wire: Wire, url: str, challenge: Challenge) -> Mapping[str, Any]:
    whole = well_known(without_fragment(url), "oauth-protected-resource")
    root = urlsplit(whole)._replace(path="/.well-known/oauth-protected-resource").geturl()
    named = [challenge.resource_metadata] if challenge.resource_metadata else []
    for address in dict.fromkeys((*named, whole, root)):
        response = await wire.get(address, "the service's resource metadata")
        document = json_object(response) if response.status_code == 200 else None
        if document is not None:
            return document
    raise DiscoveryError(f"no resource metadata found: {url}")


def _addresses(issuer: str) -> list[str]:
    require_secure(issuer, "the authorization server")
    addresses = [well_known(issuer, "oauth-authorization-server"), well_known(issuer, "openid-configuration")]
    if urlsplit(issuer).path:
        addresses.append(f"{issuer}/.well-known/openid-configuration")
    return addresses


def _checked(document: Mapping[str, Any], asked: str) -> ServerMetadata:
    issuer = document.get("issuer")
    if not _same_issuer(issuer, asked):
        raise DiscoveryError(f"metadata names another issuer than asked ({asked}): {issuer}")
    if "S256" not in _strings(document.get("code_challenge_methods_supported")):
        raise DiscoveryError(f"authorization server does not say that it supports PKCE with S256: {asked}")
    types = document.get("response_types_supported")
    if types is not None and "code" not in _strings(types):
        raise DiscoveryError(f"authorization server does not offer the code flow: {asked}")
    endpoints = {name: _endpoint(document, name) for name in _ENDPOINTS}
    for name in _NEEDED:
        if endpoints[name] is None:
            raise DiscoveryError(f"metadata has no `{name}`: {asked}")
    return ServerMetadata(
        issuer=str(issuer),
        authorization_endpoint=endpoints["authorization_endpoint"] or "",
        token_endpoint=endpoints["token_endpoint"] or "",
        registration_endpoint=endpoints["registration_endpoint"],
        revocation_endpoint=endpoints["revocation_endpoint"],
        iss_parameter=document.get("authorization_response_iss_parameter_supported") is True,
        client_id_documents=document.get("client_id_metadata_document_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], name: str) -> str | None:
    address = document.get(name)
    if address is None:
        return None
    if not isinstance(address, str):
        raise DiscoveryError(f"`{name}` is no address")
    return require_secure(address, f"`{name}`")


def _same_issuer(found: object, asked: str) -> bool:
    """Plain comparison (RFC 8414, section 3.3); a bare host with and without its slash is one issuer."""
    if not isinstance(found, str):
        return False
    return found == asked or (found.rstrip("/") == asked.rstrip("/") and not urlsplit(asked).path.strip("/"))


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _joined(value: object) -> str | None:
    return " ".join(_strings(value)) or None
