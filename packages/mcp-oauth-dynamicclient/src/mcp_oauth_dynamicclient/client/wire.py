"""HTTP to the authorization server: bounded answers, no redirect to another origin. Knows no OAuth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from .addresses import origin, require_secure
from .errors import OAuthClientError, UnsafeAddressError

MAX_ANSWER_BYTES = 1024 * 1024
MAX_REDIRECTS = 3


class Wire:
    """Sends OAuth requests over an ``httpx.AsyncClient`` that somebody else closes."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, url: str, purpose: str) -> httpx.Response:
        """Reads a document, following redirects within its origin.

        Raises:
            UnsafeAddressError: the address is not secure, or a redirect leaves the origin.
            OAuthClientError: no answer, too many redirects, or an answer that is too large.
        """
        address = url
        for _ in range(MAX_REDIRECTS + 1):
            response = await self.send("GET", address, purpose, headers={"Accept": "application/json"})
            if response.next_request is None:
                return response
            target = str(response.next_request.url)
            require_same_origin(url, target)
            address = target
        raise OAuthClientError(f"{purpose} redirects more than {MAX_REDIRECTS} times: {url}")

    async def send(
        self,
        method: str,
        url: str,
        purpose: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> httpx.Response:
        """One request, no redirect followed; the answer is read up to a megabyte.

        Raises:
            UnsafeAddressError: the address is not secure.
            OAuthClientError: no answer, or one that is too large.
        """
        require_secure(url, purpose)
        request = self._http.build_request(method, url, headers=dict(headers), content=body)
        # The client's own cookies and credentials have no business at an OAuth endpoint.
        request.headers.pop("cookie", None)
        try:
            response = await self._http.send(request, stream=True, follow_redirects=False, auth=None)
            try:
                content = await _bounded(response, purpose)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise OAuthClientError(f"{purpose} does not answer ({type(error).__name__}): {url}") from error
        return _whole(response, content)


def require_same_origin(start: str, target: str) -> None:
    """Refuses a redirect that leaves the origin of ``start``.

    Raises:
        UnsafeAddressError: it does.
    """
    if origin(start) != origin(target):
        scheme, host, port = origin(target)
        raise UnsafeAddressError(f"redirect to another origin refused: {start} to {scheme}://{host}:{port}")


def json_object(response: httpx.Response) -> dict[str, Any] | None:
    """The JSON object an answer carries, or nothing."""
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


async def _bounded(response: httpx.Response, purpose: str) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise OAuthClientError(f"{purpose} answers with more than {MAX_ANSWER_BYTES} bytes: {response.url}")
    return bytes(content)


def _whole(response: httpx.Response, content: bytes) -> httpx.Response:
    """The streamed answer as one that can be read at leisure; the content is decoded already."""
    headers = [
        (name, value)
        for name, value in response.headers.multi_items()
        if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
    ]
    whole = httpx.Response(response.status_code, headers=headers, content=content, request=response.request)
    whole.next_request = response.next_request
    return whole
