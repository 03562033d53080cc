"""The way out: a connection pool that connects only to addresses it has resolved and judged itself.

A name is resolved once per connection, every address is judged, and the
connection goes to the judged literal, so that no second look-up can point
elsewhere (DNS rebinding). TLS server name and Host header keep the name.
Redirects, proxies, cookies and environment variables are not known here.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any

import anyio
import httpcore2
import httpx2

from .failure import FetchError
from .policy import UrlPolicy
from .resolver import Resolver

_KEEPALIVE_SECONDS = 5
_MOST_ADDRESSES = 8


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Network backend that resolves, judges every address, and connects to the judged literal."""

    def __init__(self, policy: UrlPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connects to the first address that answers.

        Raises:
            UrlRefusedError: one of the addresses is not public.
            FetchError: the name does not resolve.
        """
        clock = anyio.current_time
        end = None if timeout is None else clock() + timeout
        addresses = await self._addresses(host, port, timeout)
        failure: Exception = httpcore2.ConnectError("no address answered")
        for place, address in enumerate(addresses):
            share = None if end is None else max(0.0, end - clock()) / (len(addresses) - place)
            try:
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the library's
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Never: a socket file is no public address."""
        raise FetchError("socket files are not fetched")

    async def sleep(self, seconds: float) -> None:
        """Waits between attempts of the pool."""
        await anyio.sleep(seconds)

    async def _addresses(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            with anyio.fail_after(seconds):
                addresses = list(await self._resolver(host, port))
        except TimeoutError as error:
            raise FetchError("the host name could not be resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise FetchError("the host name could not be resolved") from error
        if not addresses:
            raise FetchError("the host name could not be resolved")
        self._policy.require_addresses(host, port, addresses)
        return addresses[:_MOST_ADDRESSES]


class PinnedTransport(httpx2.AsyncBaseTransport):
    """Transport over a pool of pinned connections; HTTP/1.1, no proxy, no environment."""

    def __init__(
        self, policy: UrlPolicy, resolver: Resolver, tls: ssl.SSLContext, *, max_connections: int = 100
    ) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            network_backend=PinnedBackend(policy, resolver),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends one request. Errors are those of ``httpx2``, :class:`FetchError` passes through."""
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            raise TypeError("the request has no asynchronous body")
        try:
            answer = await self._pool.handle_async_request(
                httpcore2.Request(
                    method=request.method,
                    url=httpcore2.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except Exception as error:
            raise _translated(error) from error
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                yield part
        except Exception as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        await self._stream.aclose()


def _translated(error: Exception) -> Exception:
    """The exception of ``httpx2`` with the name of one of ``httpcore2``; any other is returned as it is."""
    if type(error).__module__.startswith("httpcore2"):
        for kind in type(error).__mro__:
            twin = getattr(httpx2, kind.__name__, None)
            if isinstance(twin, type) and issubclass(twin, httpx2.TransportError):
                return twin(str(error))
    return error


def tls_context(verify: bool) -> ssl.SSLContext:
    """The TLS settings: the system's trust store (or ``SSL_CERT_FILE``), or no verification at all."""
    return httpx2.create_ssl_context(verify=verify)


def proxy_transport(address: str, tls: ssl.SSLContext) -> httpx2.AsyncBaseTransport:
    """Transport through a proxy, which then is what keeps requests away from private addresses."""
    return httpx2.AsyncHTTPTransport(proxy=httpx2.Proxy(address), verify=tls, trust_env=False)
