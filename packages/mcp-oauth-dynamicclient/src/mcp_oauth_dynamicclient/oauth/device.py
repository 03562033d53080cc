"""The device flow (RFC 8628): codes for devices without a browser, and what polling for them yields."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc8628 import (
    AuthorizationPendingError,
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    ExpiredTokenError,
    SlowDownError,
)

from ..models import GRANT_DEVICE
from ..secrets_at_rest import digest, new_secret
from .grants import AUTH_METHODS
from .subjects import Grant, Subject

if TYPE_CHECKING:
    from ..store.contract import Store
    from .server import OAuthServer

LIFETIME = 600
INTERVAL = 5
_REMEMBERED = LIFETIME + 300
"""Expired codes are remembered for a while, so that the device learns why."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True)
class DeviceRequest:
    """One device waiting for its user. ``raw`` is the record as it was read, for compare-and-set."""

    client_id: str
    scope: str
    resource: str | None
    user_code: str
    expires_at: int
    decision: str | None = None
    grant: str | None = None
    raw: str = ""

    def get_client_id(self) -> str:
        """For Authlib: whose device code it is."""
        return self.client_id

    def get_scope(self) -> str:
        """For Authlib: the granted scope."""
        return self.scope

    def get_user_code(self) -> str:
        """For Authlib: the code the user types."""
        return self.user_code

    def is_expired(self) -> bool:
        """For Authlib: whether the time is up."""
        return self.expires_at < time.time()

    def record(self) -> str:
        """The request as JSON."""
        return json.dumps({name: value for name, value in asdict(self).items() if name != "raw"})

    @classmethod
    def read(cls, raw: str) -> DeviceRequest:
        """The request of a record."""
        return cls(**json.loads(raw), raw=raw)


def normalised_user_code(text: str) -> str:
    """The code as the store knows it: capitals, no dashes or blanks."""
    return "".join(char for char in text.upper() if char in _LETTERS)


def _device_key(device_digest: str) -> str:
    return f"oauth:device:{device_digest}"


def _user_key(user_code: str) -> str:
    return f"oauth:device_user:{digest(normalised_user_code(user_code))}"


def find_by_user_code(store: Store, user_code: str) -> tuple[str, DeviceRequest] | None:
    """The undecided request a user code stands for, with the digest of its device code."""
    device_digest = store.get(_user_key(user_code))
    raw = store.get(_device_key(device_digest)) if device_digest else None
    if device_digest is None or raw is None:
        return None
    request = DeviceRequest.read(raw)
    return None if request.is_expired() or request.decision else (device_digest, request)


def decide(store: Store, device_digest: str, subject: Subject | None) -> bool:
    """Writes the user's decision down, unless there is one already; whether it was written."""
    raw = store.get(_device_key(device_digest))
    if raw is None:
        return False
    request = DeviceRequest.read(raw)
    if request.is_expired() or request.decision:
        return False
    if subject is None:
        decided = replace(request, decision="denied")
    else:
        granted = replace(subject, scope=request.scope, resource=request.resource)
        decided = replace(request, decision="approved", grant=Grant(request.client_id, granted).record())
    return store.replace(_device_key(device_digest), raw, decided.record())


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    """Hands out a device code and a user code."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = AUTH_METHODS
    EXPIRES_IN = LIFETIME
    INTERVAL = INTERVAL
    server: OAuthServer

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """Checks client, scope and resource; keeps the codes Authlib makes with what they will grant."""
        client = self.authenticate_client(request)
        if not client.check_grant_type(GRANT_DEVICE):
            raise UnauthorizedClientError("the client did not register the device grant")
        scope = client.get_allowed_scope(request.payload.scope)
        if scope is None:
            raise InvalidScopeError
        resource = self.server.indicator.requested(request)
        status, codes, headers = super().create_endpoint_response(request)
        waiting = DeviceRequest(client.client_id, scope, resource, codes["user_code"], int(time.time()) + LIFETIME)
        device_digest = digest(codes["device_code"])
        self.server.store.put(_device_key(device_digest), waiting.record(), _REMEMBERED)
        self.server.store.put(_user_key(waiting.user_code), device_digest, LIFETIME)
        return status, codes, headers

    def save_device_credential(self, client_id: str, scope: str | None, data: dict[str, Any]) -> None:
        """Nothing to do: :meth:`create_endpoint_response` keeps them, since it also knows the resource."""

    def generate_device_code(self) -> str:
        """A fresh code."""
        return new_secret()

    def get_verification_uri(self) -> str:
        """Where the user types the code."""
        return f"{self.server.settings.issuer}/device"


class DeviceGrant(DeviceCodeGrant):
    """Polling. An approved code is used up by the poll that gets the tokens."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = AUTH_METHODS
    server: OAuthServer

    def query_device_credential(self, device_code: str) -> DeviceRequest:
        """The request of the code."""
        raw = self.server.store.get(_device_key(digest(device_code)))
        if raw is None:
            raise InvalidGrantError("the device code is unknown or was used")
        return DeviceRequest.read(raw)

    def validate_device_credential(self, credential: DeviceRequest) -> Subject:
        """Uses an approved code up; otherwise says what to do next."""
        self.server.indicator.check_repeated(self.request, credential.resource)
        if credential.is_expired():
            raise ExpiredTokenError
        if credential.decision == "denied":
            raise AccessDeniedError(status_code=400)
        if credential.grant is not None:
            return self._use_up()
        if self.should_slow_down(credential):
            raise SlowDownError
        raise AuthorizationPendingError

    def _use_up(self) -> Subject:
        raw = self.server.store.take(_device_key(digest(self.request.payload.data["device_code"])))
        record = DeviceRequest.read(raw).grant if raw is not None else None
        if record is None:
            raise InvalidGrantError("the device code is unknown or was used")
        return Grant.read(record).subject

    def should_slow_down(self, credential: DeviceRequest) -> bool:
        """Whether the last poll was less than the interval ago. Each early poll makes the interval longer."""
        store, name = self.server.store, digest(self.request.payload.data["device_code"])
        early = int(store.get(f"oauth:rate:device_early:{name}") or 0)
        if store.add(f"oauth:device_poll:{name}", "1", INTERVAL * (early + 1)):
            return False
        store.hit("device_early", name, _REMEMBERED)
        return True
