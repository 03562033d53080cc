"""Reads a POST body once: bounds it, notes method and name, enforces the protocol allow-list.

Everything else about a message is left to the SDK, which sees the same bytes.
"""

from __future__ import annotations

import json
from typing import Any

from mcp_types import UNSUPPORTED_PROTOCOL_VERSION
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .protocol import ASSUMED_VERSION, ProtocolPolicy
from .record import RequestRecord, record_of

MAX_BODY_BYTES = 4 * 1024 * 1024
_LARGEST_LOGGED_BODY = 64 * 1024


class EnvelopeLayer:
    """ASGI layer between admission and the SDK's session manager."""

    def __init__(self, app: ASGIApp, policy: ProtocolPolicy, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self._policy = policy
        self._restricted = not policy.unrestricted
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forwards the request with its body replayed, or answers 413 or 400."""
        headers = Headers(scope=scope)
        document: Any = None
        if scope["method"] == "POST":
            body = await self._read(headers, receive)
            if isinstance(body, Response):
                await body(scope, receive, send)
                return
            if self._restricted or len(body) <= _LARGEST_LOGGED_BODY:
                document = _lenient_json(body)
            _note(record_of(scope), document)
            if self._restricted and _is_initialize(document) and self._negotiate(document):
                body = json.dumps(document).encode()
                MutableHeaders(scope=scope)["content-length"] = str(len(body))
            receive = _replaying(body, receive)
        refusal = self._refusal(headers, document) if self._restricted else None
        await (refusal or self.app)(scope, receive, send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | Response:
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_body_bytes:
            return PlainTextResponse("Request body too large", status_code=413)
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return PlainTextResponse("Client closed the request", status_code=400)
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._max_body_bytes:
                return PlainTextResponse("Request body too large", status_code=413)
        return bytes(body)

    def _negotiate(self, document: dict[str, Any]) -> bool:
        """Rewrites the revision an ``initialize`` asks for; returns whether anything changed."""
        params = document.get("params")
        if not isinstance(params, dict) or not isinstance(params.get("protocolVersion"), str):
            return False
        offer = self._policy.offer(params["protocolVersion"])
        if offer is None or offer == params["protocolVersion"]:
            return False
        params["protocolVersion"] = offer
        return True

    def _refusal(self, headers: Headers, document: Any) -> Response | None:
        version = headers.get("mcp-protocol-version")
        if version in self._policy.supported:
            return None
        legacy = version is None or version in ProtocolPolicy().handshake
        if legacy and _is_initialize(document) and self._policy.handshake:
            return None
        if version is None:
            version = ASSUMED_VERSION
            known_session = "mcp-session-id" in headers and self._policy.handshake
            if known_session or version in self._policy.supported:
                return None
        request_id = document.get("id") if isinstance(document, dict) else None
        error = {
            "code": UNSUPPORTED_PROTOCOL_VERSION,
            "message": "Unsupported protocol version",
            "data": {"supported": list(self._policy.supported), "requested": version},
        }
        request_id = request_id if isinstance(request_id, (str, int)) else None
        return JSONResponse({"jsonrpc": "2.0", "id": request_id, "error": error}, status_code=400)


def _lenient_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        # The SDK parses the same bytes and answers with the protocol's own parse error.
        return None


def _is_initialize(document: Any) -> bool:
    return isinstance(document, dict) and document.get("method") == "initialize"


def _note(record: RequestRecord, document: Any) -> None:
    if not isinstance(document, dict):
        return
    method, params = document.get("method"), document.get("params")
    if isinstance(method, str):
        record.rpc_method = method
    if isinstance(params, dict) and isinstance(params.get("name"), str):
        record.rpc_name = params["name"]


def _replaying(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
