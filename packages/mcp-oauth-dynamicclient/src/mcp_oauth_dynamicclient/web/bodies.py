"""Reads bodies with limits and turns them into what the OAuth layer takes. Refuses what it cannot read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ..oauth.messages import Incoming, Parameters, Reply
from .faults import NO_STORE, WebError

LARGEST_BODY = 64 * 1024
_MOST_PARAMETERS = 100
_FORM = "application/x-www-form-urlencoded"


async def read_body(request: Request) -> bytes:
    """The body.

    Raises:
        WebError: 413, when it is larger than 64 KiB.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise WebError(
                    413, "invalid_request", "the body is larger than 64 KiB", headers={"Connection": "close"}
                )
    except ClientDisconnect as error:
        raise WebError(400, "invalid_request", "the body is incomplete") from error
    return bytes(body)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def parse_parameters(text: str) -> Parameters:
    """Reads query or form parameters.

    Raises:
        WebError: 400, when they are malformed or too many.
    """
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise WebError(400, "invalid_request", "the parameters are malformed or too many") from error


async def form_of(request: Request) -> Incoming:
    """The request with the parameters of its form.

    Raises:
        WebError: it is no form.
    """
    if _media_type(request) != _FORM:
        raise WebError(400, "invalid_request", f"the body must be {_FORM}")
    try:
        text = (await read_body(request)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise WebError(400, "invalid_request", "the body is not UTF-8") from error
    return Incoming(request.method, request.url.path, parse_parameters(text), dict(request.headers))


def query_of(request: Request) -> Incoming:
    """The request with the parameters of its query."""
    return Incoming(request.method, request.url.path, parse_parameters(request.url.query), dict(request.headers))


async def document_of(request: Request, subject: str | None = None) -> Incoming:
    """The request with its JSON body; one without a body has no document.

    Raises:
        WebError: the body is not JSON.
    """
    document: Any = None
    if request.method in {"POST", "PUT"}:
        if _media_type(request) != "application/json":
            raise WebError(400, "invalid_client_metadata", "the body must be application/json")
        try:
            document = json.loads(await read_body(request))
        except (ValueError, RecursionError) as error:
            raise WebError(400, "invalid_client_metadata", "the body is not JSON") from error
    return Incoming(request.method, request.url.path, headers=dict(request.headers), document=document, subject=subject)


def respond(reply: Reply) -> Response:
    """Sends what the OAuth layer answers. None of it may be cached."""
    headers = {name: value for name, value in reply.headers if name.lower() not in {"content-type", "content-length"}}
    headers = {**headers, **NO_STORE}
    if isinstance(reply.body, dict):
        return JSONResponse(reply.body, reply.status, headers)
    return Response(reply.body or None, reply.status, headers)
