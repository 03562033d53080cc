"""One fetch on the network: request, redirects, bounded body. Every hop is judged anew by every rule.

Uses the transport directly: no cookies are kept, no environment is read, and no
redirect is followed but by :meth:`Exchange.run`.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from .body import Bound, read_body
from .failure import FetchError, UrlRefusedError
from .policy import Target, UrlPolicy
from .request_headers import request_headers

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_TO_GET = frozenset({301, 302, 303})


class TooManyRedirectsError(UrlRefusedError):
    """A chain of redirects longer than allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__("redirect", f"more than {limit} redirects")


HopCheck = Callable[[Target], Awaitable[None]]


@dataclass(frozen=True)
class Order:
    """What to fetch. ``headers`` are the caller's own, already checked."""

    url: str
    user_agent: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    max_redirects: int = 5
    follow_redirects: bool = True


@dataclass(frozen=True)
class Page:
    """What came back from the last hop."""

    status: int
    target: Target
    headers: httpx2.Headers
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the server said that this is what was asked for."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class _Hop:
    target: Target
    method: str
    headers: Mapping[str, str]
    body: str | None

    def next(self, location: str, status: int, policy: UrlPolicy) -> _Hop:
        """The hop a redirect asks for, judged from the first rule on."""
        try:
            target = policy.check(str(self.target.url.join(location)))
        except httpx2.InvalidURL as error:
            raise UrlRefusedError("redirect", "the redirect leads to a malformed URL") from error
        except UrlRefusedError as error:
            raise UrlRefusedError(error.rule, f"in a redirect: {str(error).partition(': ')[2]}") from error
        if self.target.scheme == "https" and target.scheme != "https":
            raise UrlRefusedError("redirect", "the redirect leads from https to http")
        method, headers, body = self.method, self.headers, self.body
        if status in _REDIRECTS_TO_GET and method == "POST":
            method, body = "GET", None
            headers = {name: value for name, value in headers.items() if not name.startswith("content-")}
        if target.origin != self.target.origin:
            # Whatever the caller meant for one server, credentials above all, is not another's to see.
            headers = {}
        return _Hop(target, method, headers, body)


class Exchange:
    """Sends requests under a policy, with a time limit for every step of them."""

    def __init__(
        self, transport: httpx2.AsyncBaseTransport, policy: UrlPolicy, *, connect_seconds: float, step_seconds: float
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._timeout = {
            "connect": connect_seconds,
            "read": step_seconds,
            "write": step_seconds,
            "pool": step_seconds,
        }

    async def run(self, order: Order, bound: Callable[[int], Bound], before_hop: HopCheck) -> Page:
        """Carries an order out; ``bound`` says by status how much of the body to read.

        Raises:
            FetchError: a rule forbids a hop, or the network fails.
        """
        hop = _Hop(self._policy.check(order.url), order.method, order.headers, order.body)
        for count in range(order.max_redirects + 1):
            await before_hop(hop.target)
            async with self._sent(hop, order.user_agent) as response:
                location = response.headers.get("location")
                redirect = order.follow_redirects and response.status_code in _REDIRECTS and location is not None
                if not redirect:
                    body = await read_body(response, bound(response.status_code))
                    return Page(response.status_code, hop.target, response.headers, body)
            if count < order.max_redirects:
                hop = hop.next(location or "", response.status_code, self._policy)
        raise TooManyRedirectsError(order.max_redirects)

    @asynccontextmanager
    async def _sent(self, hop: _Hop, user_agent: str) -> AsyncIterator[httpx2.Response]:
        request = httpx2.Request(
            hop.method,
            hop.target.url,
            headers=request_headers(hop.headers, user_agent),
            content=hop.body.encode("utf-8", "replace") if hop.body is not None else None,
            extensions={"timeout": dict(self._timeout)},
        )
        try:
            response = await self._transport.handle_async_request(request)
            try:
                yield response
            finally:
                await response.aclose()
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise FetchError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """One line about a failure of the network, without the address it happened at."""
    tls = _tls_error(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return f"the TLS certificate was not accepted: {tls.verify_message}"
    if tls is not None:
        return f"the TLS connection failed: {(tls.reason or 'protocol error').replace('_', ' ').lower()}"
    for kind, text in _REASONS:
        if isinstance(error, kind):
            return text
    return "the request failed"


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (httpx2.ConnectTimeout, "the server did not accept a connection in time"),
    (httpx2.TimeoutException, "the server did not answer in time"),
    (httpx2.ConnectError, "the connection could not be established"),
    (httpx2.ReadError, "the server closed the connection too early"),
    (httpx2.WriteError, "the server closed the connection while the request was being sent"),
    (httpx2.RemoteProtocolError, "the server does not speak HTTP correctly"),
    (httpx2.ProxyError, "the proxy refused the request"),
    (httpx2.LocalProtocolError, "the request cannot be sent over HTTP"),
)


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None
