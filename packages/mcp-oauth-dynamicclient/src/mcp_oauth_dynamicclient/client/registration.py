"""Client identity: dynamic registration, its management, or a client id metadata document.

RFC 7591 and RFC 7592. Owns the metadata this client registers; stores nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from .addresses import origin, require_secure
from .callback import PATH
from .discovery import ServerMetadata
from .errors import RegistrationError, UnsafeAddressError
from .storage import Record
from .wire import Wire, json_object

_SERVER_ISSUED = (
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
)
_KEPT_WITH_SECRET = ("registration_access_token", "registration_client_uri", "client_secret")


def redirect_uri(port: int) -> str:
    """The redirect address to register; without a port any port is meant (RFC 8252, section 7.3)."""
    return f"http://127.0.0.1:{port}{PATH}" if port else f"http://127.0.0.1{PATH}"


def client_metadata(name: str, port: int, scope: str | None) -> dict[str, Any]:
    """What this client says about itself: a native public client with code and refresh token."""
    metadata = {
        "client_name": name,
        "application_type": "native",
        "redirect_uris": [redirect_uri(port)],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }
    return {**metadata, "scope": scope} if scope else metadata


def usable(record: Record | None, port: int) -> bool:
    """Whether a client still serves: our redirect address, and a secret that has not run out.

    What a document says about redirect addresses is between its author and the server.
    """
    if record is None:
        return False
    if not is_document(record) and redirect_uri(port) not in (record.get("redirect_uris") or ()):
        return False
    expires = record.get("client_secret_expires_at") or 0
    return not expires or expires > time.time()


def document_client(url: str, server: ServerMetadata) -> Record | None:
    """The client that is described by the document at ``url``, if the server takes such clients.

    Raises:
        UnsafeAddressError: ``url`` cannot be a client id: not https, or without a path.
    """
    if not server.client_id_documents:
        return None
    if not url.startswith("https://") or httpx.URL(url).path in {"", "/"} or httpx.URL(url).fragment:
        raise UnsafeAddressError(f"client id metadata document must be https with a path: {url}")
    return {"client_id": url, "token_endpoint_auth_method": "none"}


def is_document(record: Record) -> bool:
    """Whether a client is described by a document, and so was never registered."""
    return str(record["client_id"]).startswith("https://") and "redirect_uris" not in record


async def register(wire: Wire, server: ServerMetadata, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Registers; returns the server's answer.

    Raises:
        RegistrationError: the server does not register clients, or not this one.
    """
    if server.registration_endpoint is None:
        raise RegistrationError(f"authorization server does not register clients: {server.issuer}")
    response = await wire.send(
        "POST",
        server.registration_endpoint,
        "the registration endpoint",
        headers=_HEADERS,
        body=json.dumps(dict(metadata)).encode(),
    )
    return _registered(response, {200, 201}, "registration")


async def manage(
    wire: Wire, server: ServerMetadata, record: Record, method: str, changes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Reads, replaces or deletes the registration ``record`` (RFC 7592, section 2).

    Raises:
        RegistrationError: the registration cannot be managed, or the server refused.
    """
    address, token = record.get("registration_client_uri"), record.get("registration_access_token")
    if not isinstance(address, str) or not isinstance(token, str):
        raise RegistrationError(f"registration cannot be managed, the server gave no token for that: {server.issuer}")
    require_secure(address, "the registration's address")
    if origin(address) != origin(server.registration_endpoint or server.issuer):
        raise UnsafeAddressError(f"registration's address is not the authorization server's: {address}")
    body = None if changes is None else json.dumps(dict(changes)).encode()
    headers = {**_HEADERS, "Authorization": f"Bearer {token}"}
    response = await wire.send(method, address, "the registration's address", headers=headers, body=body)
    if method == "DELETE":
        if response.status_code != 204:
            _refuse(response, "deletion")
        return {}
    answer = _registered(response, {200}, "registration management")
    # A server may leave out what has not changed.
    return {**{name: record[name] for name in _KEPT_WITH_SECRET if name in record}, **answer}


def replacement(current: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The whole metadata of a PUT: it replaces, and must not name what the server issues (RFC 7592, section 2.2)."""
    return {name: value for name, value in {**current, **changes}.items() if name not in _SERVER_ISSUED}


_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}


def _registered(response: httpx.Response, expected: set[int], action: str) -> dict[str, Any]:
    if response.status_code not in expected:
        _refuse(response, action)
    answer = json_object(response)
    if answer is None or not isinstance(answer.get("client_id"), str) or not answer["client_id"]:
        raise RegistrationError(f"{action} answered without a client id")
    return answer


def _refuse(response: httpx.Response, action: str) -> None:
    answer = json_object(response) or {}
    code, description = answer.get("error"), answer.get("error_description")
    said = ": ".join(text for text in (code, description) if isinstance(text, str))
    raise RegistrationError(
        f"{action} refused with status {response.status_code}{f' ({said})' if said else ''}",
        code=code if isinstance(code, str) else None,
    )
