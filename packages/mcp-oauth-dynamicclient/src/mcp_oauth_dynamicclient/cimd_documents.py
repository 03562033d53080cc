"""Client ID metadata documents: which URLs are client ids, what a document must say, how it is cached.

Source: draft-ietf-oauth-client-id-metadata-document. Fetches nothing; see :mod:`.cimd`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from .models import GRANT_CODE, GRANT_REFRESH, ClientRegistration
from .redirects import RedirectUriError, check_application_type
from .secrets_at_rest import digest
from .store.contract import Store

SHORTEST_CACHE, LONGEST_CACHE, FAILURE_CACHE = 60, 86_400, 30
_USUAL_CACHE = 300
_URL = re.compile(r"https://[!$-~]+")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})")
_SECRET_FIELDS = ("client_secret", "client_secret_expires_at")


class DocumentError(Exception):
    """A metadata document that cannot be used. The message is for the user who brought the client id."""


@dataclass(frozen=True)
class CachedDocument:
    """What is known about a client id URL: its metadata, or why there is none."""

    host: str
    metadata: Mapping[str, Any] | None
    fault: str | None


def is_document_url(client_id: str) -> bool:
    """Whether a client id is the URL of a document: https, a path, no dot segments, fragment or user name."""
    if not _URL.fullmatch(client_id) or "#" in client_id or "\\" in client_id:
        return False
    try:
        parts = urlsplit(client_id)
        _ = parts.port
    except ValueError:
        return False
    decoded = parts.path.lower().replace("%2e", ".")
    no_dots = not {".", ".."} & set(decoded.split("/"))
    return bool(parts.hostname) and "@" not in parts.netloc and len(parts.path) > 1 and no_dots


def checked_metadata(url: str, body: bytes) -> dict[str, Any]:
    """The metadata of a document that is right for its URL.

    Raises:
        DocumentError: it is not JSON, names another client, lacks a field or uses a secret.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DocumentError("the client metadata document is not JSON") from error
    if not isinstance(document, dict) or document.get("client_id") != url:
        raise DocumentError("the client metadata document is about another client_id")
    if any(name in document for name in _SECRET_FIELDS):
        raise DocumentError("the client metadata document must not contain a secret")
    method = document.setdefault("token_endpoint_auth_method", "none")
    if method != "none":
        raise DocumentError("the client metadata document asks for an authentication method this server lacks")
    if not document.get("client_name") or not document.get("redirect_uris"):
        raise DocumentError("the client metadata document lacks client_name or redirect_uris")
    try:
        registration = ClientRegistration.model_validate(document)
        kind = check_application_type(registration.redirect_uris, registration.application_type)
    except (ValidationError, RedirectUriError) as error:
        raise DocumentError("the client metadata document has a field this server cannot accept") from error
    grants = registration.grant_types or [GRANT_CODE, GRANT_REFRESH]
    responses = registration.response_types or ["code"]
    return {**registration.metadata(), "grant_types": grants, "response_types": responses, "application_type": kind}


def cache_seconds(cache_control: str) -> int:
    """How long a document may be kept, from its ``Cache-Control``, within the bounds of this server."""
    directives = cache_control.lower()
    if "no-store" in directives or "no-cache" in directives:
        return SHORTEST_CACHE
    found = _MAX_AGE.search(directives)
    age = int(found[1]) if found else _USUAL_CACHE
    return max(SHORTEST_CACHE, min(age, LONGEST_CACHE))


def _key(url: str) -> str:
    return f"oauth:cimd:{digest(url)}"


def remember_document(store: Store, url: str, metadata: Mapping[str, Any], seconds: int) -> None:
    """Keeps the metadata of a document."""
    store.put(_key(url), json.dumps({"metadata": dict(metadata)}), seconds)


def remember_failure(store: Store, url: str, fault: str) -> None:
    """Keeps a failure for a short time, so that nobody can make the server ask again and again."""
    store.put(_key(url), json.dumps({"fault": fault}), FAILURE_CACHE)


def cached_document(store: Store, url: str) -> CachedDocument | None:
    """What is cached about a URL."""
    raw = store.get(_key(url))
    if raw is None:
        return None
    entry = json.loads(raw)
    return CachedDocument(urlsplit(url).netloc, entry.get("metadata"), entry.get("fault"))
