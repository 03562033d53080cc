"""Sends OAuth requests: to judged addresses only, redirects within the origin only, answers of at most 1 MiB.

Never sends a request of the MCP protocol, and never sends an OAuth request the
way MCP requests go: those carry the bearer token.
"""

from __future__ import annotations

import ssl
import urllib.request
from urllib.parse import urlsplit

import httpx2

from mcp_streamablehttp_client.errors import AuthorizationError

from .policy import UrlPolicy

MAX_RESPONSE_BYTES = 1024 * 1024
_REDIRECTS = 5
_KEEPS_METHOD = frozenset({307, 308})
_REDIRECT_STATUS = frozenset({301, 302, 303, *_KEEPS_METHOD})


class OAuthHttp:
    """The only way OAuth requests leave this process."""

    def __init__(self, policy: UrlPolicy, *, verify: ssl.SSLContext | bool = True, timeout: float = 30) -> None:
        self.policy = policy
        self._verify = verify
        self._timeout = timeout

    async def send(self, request: httpx2.Request, what: str = "OAuth endpoint") -> httpx2.Response:
        """Sends a request and returns the whole answer; a redirect that may not be followed is the answer itself.

        Raises:
            AuthorizationError: an address was refused, the answer is too large, or nobody answered.
        """
        async with httpx2.AsyncClient(verify=self._verify, timeout=self._timeout) as client:
            for _ in range(_REDIRECTS):
                response = await self._send_once(client, request, what)
                following = _within_origin(request, response)
                if following is None:
                    return response
                request = following
        return response

    async def _send_once(self, client: httpx2.AsyncClient, request: httpx2.Request, what: str) -> httpx2.Response:
        addresses = await self.policy.check(str(request.url), what)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._fetch(client, request, address, what)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
            except httpx2.TransportError as error:
                failure = error
                break
        raise AuthorizationError(
            f"the {what} does not answer: {_origin(str(request.url))} ({type(failure).__name__})",
            hint="check the network and the certificate of the server, then try again",
        ) from failure

    async def _fetch(
        self, client: httpx2.AsyncClient, request: httpx2.Request, address: str, what: str
    ) -> httpx2.Response:
        sent = _pinned(request, address)
        response = await client.send(sent, stream=True, follow_redirects=False)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_RESPONSE_BYTES:
                    raise AuthorizationError(
                        f"the {what} answers with more than 1 MiB: {_origin(str(request.url))}",
                        hint="this is no OAuth answer; report it to the operator of the server",
                    )
        finally:
            await response.aclose()
        # The body is decoded already, so headers that describe its coding no longer hold.
        headers = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name.lower() not in ("content-encoding", "content-length", "transfer-encoding")
        ]
        return httpx2.Response(response.status_code, headers=headers, content=bytes(body), request=request)


def _pinned(request: httpx2.Request, address: str) -> httpx2.Request:
    """The same request to one address, so that a name cannot mean another host by the time it is used."""
    host = request.url.host
    if _goes_through_proxy(request.url.scheme, host):
        return request
    headers = httpx2.Headers(request.headers)
    headers["host"] = request.url.netloc.decode("ascii")
    extensions = {**request.extensions, "sni_hostname": host}
    url = request.url.copy_with(host=address.partition("%")[0])
    return httpx2.Request(request.method, url, headers=headers, content=request.content, extensions=extensions)


def _goes_through_proxy(scheme: str, host: str) -> bool:
    """Whether the environment sends this host through a proxy, which then resolves the name itself."""
    proxies = urllib.request.getproxies()
    return bool(proxies.get(scheme) or proxies.get("all")) and not urllib.request.proxy_bypass(host)


def _within_origin(request: httpx2.Request, response: httpx2.Response) -> httpx2.Request | None:
    location = response.headers.get("location")
    if response.status_code not in _REDIRECT_STATUS or not location:
        return None
    if request.method != "GET" and response.status_code not in _KEEPS_METHOD:
        return None
    url = request.url.join(location)
    if (url.scheme, url.host, url.port) != (request.url.scheme, request.url.host, request.url.port):
        return None
    return httpx2.Request(request.method, url, headers=request.headers, content=request.content)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
