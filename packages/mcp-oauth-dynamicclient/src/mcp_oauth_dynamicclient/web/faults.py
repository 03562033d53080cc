"""Errors of the HTTP layer, and how every error becomes an answer."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class WebError(Exception):
    """A request that is answered with a JSON error in the form of RFC 6749 section 5.2."""

    def __init__(self, status: int, error: str, description: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description
        self.headers = dict(headers or {})


def error_response(status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A JSON error that nobody keeps."""
    document = {"error": error, "error_description": description}
    return JSONResponse(document, status, headers={**NO_STORE, **(headers or {})})


def answer_fault(request: Request, error: Exception) -> Response:
    """Handler of :class:`WebError`."""
    if not isinstance(error, WebError):
        raise TypeError("registered for another exception")
    return error_response(error.status, error.error, error.description, error.headers)


def answer_unavailable(request: Request, error: Exception) -> Response:
    """Handler of ``StoreUnavailableError``: nothing was decided, so nothing is allowed."""
    return error_response(503, "temporarily_unavailable", "the store does not answer", {"Retry-After": "1"})


def answer_http(request: Request, error: Exception) -> Response:
    """Handler of unknown paths and methods."""
    if not isinstance(error, HTTPException):
        raise TypeError("registered for another exception")
    return error_response(error.status_code, "invalid_request", str(error.detail), error.headers)
