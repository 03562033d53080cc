"""One request of the caller's, sent as often as it takes, and the choice of the token that goes with it.

Holds the rule that no token leaves for another origin than the one it was issued for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from .addresses import covers, origin
from .errors import UnsafeAddressError
from .storage import Record
from .wire import require_same_origin

MAX_REDIRECTS = 5
_EXPIRY_LEEWAY = 5
_SEND_OPTIONS = ("auth",)


class Sending:
    """A request that can be sent again: its body is kept."""

    def __init__(self, http: httpx.AsyncClient, request: httpx.Request, *, follow: bool, options: Any) -> None:
        self._http = http
        self._request = request
        self._follow = follow
        self._options = options

    @classmethod
    async def of(cls, http: httpx.AsyncClient, method: str, url: str, options: Mapping[str, Any]) -> Sending:
        """Takes what ``httpx.AsyncClient.request`` takes. Redirects are not followed unless asked, as there."""
        rest = dict(options)
        follow = bool(rest.pop("follow_redirects", False))
        sending = {name: rest.pop(name) for name in _SEND_OPTIONS if name in rest}
        request = http.build_request(method, url, **rest)
        await request.aread()
        return cls(http, request, follow=follow, options=sending)

    @property
    def url(self) -> str:
        """Where it goes, with the parameters of the call."""
        return str(self._request.url)

    @property
    def authorization(self) -> str | None:
        """What the caller put into ``Authorization``; empty when the caller signs in some way of its own."""
        if self._options.get("auth") is not None:
            return ""
        value: str | None = self._request.headers.get("authorization")
        return value

    async def once(self, token: Record | None) -> httpx.Response:
        """Sends it, with ``token`` when there is one; redirects stay within the origin.

        Raises:
            UnsafeAddressError: the token is for another origin, or a redirect leads to one.
        """
        request = self._with(token)
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._http.send(request, follow_redirects=False, **self._options)
            if not self._follow or response.next_request is None:
                return response
            require_same_origin(self.url, str(response.next_request.url))
            request = response.next_request
        raise httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects", request=request)

    def _with(self, token: Record | None) -> httpx.Request:
        headers = self._request.headers.copy()
        if token is not None:
            require_own_origin(token.get("resource"), self.url)
            headers["Authorization"] = f"Bearer {token['access_token']}"
        return httpx.Request(
            self._request.method,
            self._request.url,
            headers=headers,
            content=self._request.content,
            extensions=dict(self._request.extensions),
        )


def best_token(tokens: Sequence[Record], url: str) -> Record | None:
    """The token of the narrowest resource that covers ``url``; one without a resource belongs nowhere."""
    fitting = [token for token in tokens if token.get("resource") and covers(token["resource"], url)]
    return max(fitting, key=lambda token: len(token["resource"]), default=None)


def bearer(authorization: str) -> str | None:
    """The token in an ``Authorization`` header."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def require_own_origin(resource: str | None, url: str) -> None:
    """Refuses to show a token that is for ``resource`` to another origin.

    Raises:
        UnsafeAddressError: ``url`` is one.
    """
    if resource is not None and origin(resource) != origin(url):
        scheme, host, port = origin(url)
        raise UnsafeAddressError(f"token for {resource} must not be sent to {scheme}://{host}:{port}")


def expired(token: Record) -> bool:
    """Whether a token is over, or will be before a request arrives."""
    at = token.get("expires_at")
    return isinstance(at, int) and at - _EXPIRY_LEEWAY <= time.time()
