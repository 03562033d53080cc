"""The HTTP client under the SDK's transport: a failure of one request never ends the connection.

What went wrong is answered as a JSON-RPC error instead, as the server could
have sent it, with ``data.http_status``. A lost session is replaced once and the
request sent again. Requests that certainly did not leave are retried. Nothing
here knows what the messages mean.
"""

from __future__ import annotations

import json
import logging
import ssl
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
from mcp_types import INTERNAL_ERROR

from .errors import AuthorizationError, AuthorizationRequired, ClientError
from .log_output import fields

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
SESSION_HEADER = "mcp-session-id"
VERSION_HEADER = "mcp-protocol-version"
_RETRY_DELAYS = (0.25, 1.0)
_GOODBYE_SECONDS = 2.0
_SMALL_BYTES = 64 * 1024
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


@dataclass
class Exchange:
    """What became of the POST of one message. Whoever sends the message puts it in :data:`current_exchange`."""

    status: int | None = None


current_exchange: ContextVar[Exchange | None] = ContextVar("current_exchange", default=None)


def tls(*, verify: bool) -> ssl.SSLContext:
    """One TLS configuration to share: building it is slow and takes memory."""
    return httpx2.create_ssl_context(verify=verify)


class UpstreamClient(httpx2.AsyncClient):
    """Talks to one MCP endpoint. Errors of POSTs come back as answers; GET and DELETE behave as usual."""

    def __init__(
        self,
        *,
        auth: httpx2.Auth | None,
        headers: Mapping[str, str] | None = None,
        verify: ssl.SSLContext | bool = True,
        request_timeout: float = 30,
        silence_timeout: float = 300,
    ) -> None:
        """``request_timeout`` bounds connecting and sending, ``silence_timeout`` the gaps in an answer."""
        super().__init__(
            auth=auth,
            headers=headers,
            verify=verify,
            timeout=httpx2.Timeout(request_timeout, read=silence_timeout, pool=None),
            # Every request in flight holds a connection, so a limit would be a limit of requests.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=32),
        )
        self.failure: ClientError | None = None
        """The last authorization that failed; the answer of the request carries only its text."""
        self._request_timeout = request_timeout
        self._initialize: httpx2.Request | None = None
        self._session: str | None = None
        self._lost: set[str] = set()
        self._replacing = anyio.Lock()

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Sends a request; see the class for what becomes of failures."""
        self._use_current_session(request)
        if request.method == "DELETE":
            request.extensions["timeout"] = httpx2.Timeout(_GOODBYE_SECONDS).as_dict()
        if request.method != "POST":
            return await self._again_in_new_session(request, await super().send(request, **options), options)
        exchange = current_exchange.get()
        try:
            response = await self._send_surely(request, options)
            response = await self._again_in_new_session(request, response, options)
            if exchange is not None:
                exchange.status = response.status_code
            return await self._settled(request, response)
        except ClientError as error:
            self.failure = error
            return _error_answer(request, str(error), _reason(error), 401)
        except httpx2.HTTPError as error:
            return _error_answer(request, f"the MCP server cannot be reached ({type(error).__name__})", None, None)
        except Exception:
            # Raised further, it would end the SDK's transport and with it every other request.
            logger.exception(fields("request_failed_unexpectedly"))
            return _error_answer(request, "Internal error", None, None)

    async def _send_surely(self, request: httpx2.Request, options: dict[str, Any]) -> httpx2.Response:
        """Retries while no connection can be made: such a request has certainly not been sent."""
        for delay in _RETRY_DELAYS:
            try:
                return await super().send(request, **options)
            except _NOT_SENT as error:
                logger.warning(fields("connection_failed", cause=type(error).__name__, retry_in=delay))
                await anyio.sleep(delay)
        return await super().send(request, **options)

    async def _settled(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        """The answer with its body read, unless it is a stream: what fails later than this would end the transport."""
        if response.is_success and _media_type(response) == "text/event-stream":
            self._remember_session(request, response)
            return response
        body = await _read(response)
        if body is None:
            return _error_answer(
                request, f"the MCP server answered with more than {MAX_MESSAGE_BYTES} bytes", None, response.status_code
            )
        if response.is_error and not _is_jsonrpc_error(body):
            return _error_answer(
                request, f"the MCP server answered HTTP {response.status_code}", None, response.status_code
            )
        if response.is_success and not _answers(request, body):
            return _error_answer(request, "the MCP server answered another request", None, response.status_code)
        self._remember_session(request, response)
        settled = httpx2.Response(response.status_code, headers=_plain(response), content=body, request=request)
        settled.next_request = response.next_request
        return settled

    # -- sessions ----------------------------------------------------------------------------------

    def _remember_session(self, request: httpx2.Request, response: httpx2.Response) -> None:
        """Keeps the handshake that made a session, to repeat it when the session is lost."""
        session = response.headers.get(SESSION_HEADER)
        if session and response.is_success and SESSION_HEADER not in request.headers:
            self._initialize = request
            self._session = session
            self._lost.clear()

    def _use_current_session(self, request: httpx2.Request) -> None:
        """The SDK keeps the id of the first session; a request that carries a lost one gets its successor."""
        if request.headers.get(SESSION_HEADER) in self._lost and self._session is not None:
            request.headers[SESSION_HEADER] = self._session

    async def _again_in_new_session(
        self, request: httpx2.Request, response: httpx2.Response, options: dict[str, Any]
    ) -> httpx2.Response:
        """Answers a 404 for a session with a new session and the same request (streamable HTTP, session management)."""
        lost = request.headers.get(SESSION_HEADER)
        if response.status_code != 404 or lost is None or request.method == "DELETE" or self._initialize is None:
            return response
        async with self._replacing:
            replaced = lost in self._lost or await self._replace_session(lost, request)
        if not replaced:
            return response
        await response.aclose()
        self._use_current_session(request)
        return await super().send(request, **options)

    async def _replace_session(self, lost: str, request: httpx2.Request) -> bool:
        assert self._initialize is not None  # noqa: S101 - the caller has looked
        handshake = json.loads(self._initialize.content)
        handshake["id"] = f"again-{uuid.uuid4().hex}"
        headers = httpx2.Headers(self._initialize.headers)
        for name in ("content-length", "authorization"):
            headers.pop(name, None)
        response = await super().send(self.build_request("POST", request.url, json=handshake, headers=headers))
        session = response.headers.get(SESSION_HEADER)
        if not response.is_success or session is None:
            logger.warning(fields("session_not_replaced", status=response.status_code))
            return False
        headers[SESSION_HEADER] = session
        if VERSION_HEADER in request.headers:
            headers[VERSION_HEADER] = request.headers[VERSION_HEADER]
        notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        await super().send(self.build_request("POST", request.url, json=notification, headers=headers))
        self._lost.add(lost)
        self._session = session
        logger.info(fields("session_replaced", lost=lost[:8], session=session[:8]))
        return True


def _reason(error: ClientError) -> str:
    if isinstance(error, AuthorizationRequired):
        return "authorization_required"
    return "authorization_failed" if isinstance(error, AuthorizationError) else "configuration"


def _error_answer(request: httpx2.Request, message: str, reason: str | None, status: int | None) -> httpx2.Response:
    """An answer as a server could send it; the SDK's transport puts the id of the request in."""
    data: dict[str, Any] = {"http_status": status}
    if reason is not None:
        data["reason"] = reason
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": INTERNAL_ERROR, "message": message, "data": data}}
    logger.warning(fields("request_failed", cause=message, status=status))
    return httpx2.Response(502 if status is None or status < 400 else status, json=body, request=request)


def _is_jsonrpc_error(body: bytes) -> bool:
    try:
        error = json.loads(body)["error"]
        return isinstance(error["code"], int) and isinstance(error["message"], str)
    except (ValueError, KeyError, TypeError, IndexError):
        return False


def _answers(request: httpx2.Request, body: bytes) -> bool:
    """Whether a JSON body carries the id of the request; one with another id would leave its sender waiting for ever.

    Large bodies are not read twice for this: who builds ten mebibytes got the id right.
    """
    if len(body) > _SMALL_BYTES:
        return True
    try:
        sent, answer = json.loads(request.content), json.loads(body)
    except ValueError:
        return True  # empty, or unreadable: the SDK's transport says so
    if "id" not in sent or "method" not in sent or not isinstance(answer, dict):
        return True
    return bool(answer.get("id") == sent["id"])


def _media_type(response: httpx2.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _plain(response: httpx2.Response) -> list[tuple[str, str]]:
    """The headers without those that describe a coding which is already undone."""
    described = ("content-encoding", "content-length", "transfer-encoding")
    return [(name, value) for name, value in response.headers.multi_items() if name.lower() not in described]


async def _read(response: httpx2.Response) -> bytes | None:
    """The whole body, or nothing if it is larger than any message may be."""
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_MESSAGE_BYTES:
                return None
    finally:
        await response.aclose()
    return bytes(body)
