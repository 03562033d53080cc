"""What every authorization must say besides: PKCE with S256 (RFC 7636) and the resource (RFC 8707)."""

from __future__ import annotations

import re
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge

from ..resources import ProtectedResources, canonical
from ..secrets_at_rest import same
from .faults import InvalidTargetError
from .messages import OAuthRequest

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class StrictCodeChallenge(CodeChallenge):
    """PKCE for every client, with S256 alone. Authlib's own lets confidential clients and ``plain`` pass."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def __init__(self) -> None:
        super().__init__(required=True)

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        """Requires a challenge and the method ``S256`` by name."""
        data = grant.request.payload.data
        if not _CHALLENGE.fullmatch(data.get("code_challenge", "")):
            raise InvalidRequestError("code_challenge is required and must be an S256 challenge")
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method must be S256")

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """Compares in constant time."""
        verifier = grant.request.form.get("code_verifier")
        if not verifier:
            raise InvalidRequestError("code_verifier is required")
        if not _VERIFIER.fullmatch(verifier):
            raise InvalidRequestError("code_verifier is malformed")
        if not same(create_s256_code_challenge(verifier), grant.request.authorization_code.code_challenge):
            raise InvalidGrantError("code_verifier does not match")


class ResourceIndicator:
    """One resource per token, among those the server protects."""

    def __init__(self, resources: ProtectedResources, default: str | None) -> None:
        self._resources = resources
        self._default = default

    def __call__(self, grant: Any) -> None:
        """Registers with a grant of Authlib."""
        grant.register_hook("after_validate_authorization_request_payload", self._requested)

    def _requested(self, grant: Any, _: Any) -> None:
        grant.request.resource = self.requested(grant.request)

    def requested(self, request: OAuthRequest) -> str | None:
        """The resource an authorization is asked for.

        Raises:
            InvalidTargetError: several, or one that is not protected here.
        """
        asked = request.payload.datalist.get("resource", [])
        if len(asked) > 1:
            raise InvalidTargetError("only one resource can be granted at a time")
        if not asked:
            return None
        if self._resources.allowed(asked[0]) is None:
            raise InvalidTargetError("the resource is not one this server issues tokens for")
        return str(asked[0])

    def check_repeated(self, request: OAuthRequest, granted: str | None) -> None:
        """At the token endpoint: the granted resource, or none.

        Raises:
            InvalidTargetError: another one.
        """
        asked = request.payload.datalist.get("resource", [])
        effective = granted or self._default
        for resource in asked:
            known = canonical(resource)
            if known is None or effective is None or known != canonical(effective):
                raise InvalidTargetError("the resource is not the one that was granted")
