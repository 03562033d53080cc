"""Authorization requests between two visits of the browser: waiting for consent, then for GitHub."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..secrets_at_rest import digest, new_secret
from ..store.contract import Store

AUTHREQ_SECONDS = 600


@dataclass(frozen=True)
class AuthorizationRequest:
    """A valid request. ``device_digest`` is set for a device's, which has no redirect URI."""

    parameters: list[tuple[str, str]]
    client_id: str
    redirect_uri: str
    scope: str
    browser_digest: str
    csrf_digest: str = ""
    device_digest: str | None = None


@dataclass(frozen=True)
class SignIn:
    """An approved request on its way through GitHub."""

    request: AuthorizationRequest
    cookie_digest: str
    verifier: str = field(repr=False)


def _request_key(request_id: str) -> str:
    return f"oauth:authreq:{digest(request_id)}"


def _state_key(state: str) -> str:
    return f"oauth:state:{digest(state)}"


def _request(document: dict[str, Any]) -> AuthorizationRequest:
    parameters = [(name, value) for name, value in document.pop("parameters")]
    return AuthorizationRequest(parameters=parameters, **document)


def keep(store: Store, waiting: AuthorizationRequest) -> tuple[str, str]:
    """Keeps a request until its form comes back; returns its id and the token its form must carry."""
    request_id, csrf_token = new_secret(), new_secret()
    kept = replace(waiting, csrf_digest=digest(csrf_token))
    store.put(_request_key(request_id), json.dumps(asdict(kept)), AUTHREQ_SECONDS)
    return request_id, csrf_token


def read(store: Store, request_id: str) -> AuthorizationRequest | None:
    """The request of that id."""
    raw = store.get(_request_key(request_id))
    return _request(json.loads(raw)) if raw is not None else None


def take(store: Store, request_id: str) -> AuthorizationRequest | None:
    """The request of that id, for the first who takes it."""
    raw = store.take(_request_key(request_id))
    return _request(json.loads(raw)) if raw is not None else None


def keep_sign_in(store: Store, state: str, sign_in: SignIn, seconds: int) -> None:
    """Keeps an approved request until GitHub sends the browser back."""
    store.put(_state_key(state), json.dumps(asdict(sign_in)), seconds)


def take_sign_in(store: Store, state: str) -> SignIn | None:
    """The approved request of that state, once."""
    raw = store.take(_state_key(state))
    if raw is None:
        return None
    document = json.loads(raw)
    return SignIn(_request(document["request"]), document["cookie_digest"], document["verifier"])
