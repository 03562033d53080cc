"""Waits on 127.0.0.1 for the one redirect that ends an authorization (RFC 8252, section 7.3).

Answers a single path, only to the ``state`` it waits for, once. Everything
else gets an error page and changes nothing, so that other programs on this
machine cannot end or steer a flow.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
from urllib.parse import parse_qs, urlsplit

import anyio
from mcp.shared.auth import AuthorizationCodeResult

from mcp_streamablehttp_client.errors import AuthorizationError
from mcp_streamablehttp_client.log_output import fields
from mcp_streamablehttp_client.masking import without_secrets

logger = logging.getLogger(__name__)

PATH = "/callback"
WAIT_SECONDS = 300
_HEAD_BYTES = 16 * 1024
_HEAD_SECONDS = 10
_PAGE = (
    "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n"
    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n{body}"
)


class RedirectListener:
    """A bound port. :meth:`wait` serves it until the redirect with the right ``state`` arrives."""

    def __init__(self, port: int = 0) -> None:
        """Binds 127.0.0.1; a ``port`` that is taken raises ``OSError``, 0 takes any free one."""
        self._socket = socket.create_server(("127.0.0.1", port), backlog=8)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._state = ""
        self._answer: dict[str, str] | None = None
        self._arrived = anyio.Event()

    @property
    def redirect_uri(self) -> str:
        """The address to register and to redirect to."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def close(self) -> None:
        """Releases the port."""
        self._socket.close()

    async def wait(self, state: str, *, seconds: float = WAIT_SECONDS) -> AuthorizationCodeResult:
        """What the redirect brought.

        Raises:
            AuthorizationError: it brought an error, or did not come in time.
        """
        self._state = state
        server = await asyncio.start_server(self._serve, sock=self._socket, limit=_HEAD_BYTES)
        try:
            with anyio.move_on_after(seconds):
                await self._arrived.wait()
        finally:
            server.close()
        if self._answer is None:
            raise AuthorizationError(
                f"nobody answered the authorization request within {seconds:.0f} seconds",
                hint="start again and finish the page in the browser",
            )
        return result_of(self._answer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with anyio.move_on_after(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._respond(head))
                await writer.drain()
                if self._answer is not None:
                    self._arrived.set()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            logger.debug(fields("callback_connection_dropped", cause=type(error).__name__))
        finally:
            writer.close()

    def _respond(self, head: bytes) -> bytes:
        answer = _answer_in(head, self._state)
        if self._answer is not None or answer is None:
            return _page("404 Not Found", "Nothing is waiting here.")
        self._answer = answer
        text = "Authorization refused." if "error" in answer else "Authorization complete."
        return _page("200 OK", f"{text} You can close this window.")


def result_of(answer: dict[str, str]) -> AuthorizationCodeResult:
    """The code of an authorization response.

    Raises:
        AuthorizationError: the response is an error (RFC 6749, section 4.1.2.1) or holds no code.
    """
    if "error" in answer:
        reason = " ".join(part for part in (answer["error"], answer.get("error_description")) if part)
        raise AuthorizationError(
            f"the authorization server refused: {without_secrets(reason)}",
            hint="start again and approve the request, or ask the operator for access",
        )
    if not answer.get("code"):
        raise AuthorizationError("the authorization response holds no code", hint="start again")
    return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))


def _answer_in(head: bytes, state: str) -> dict[str, str] | None:
    """The parameters of the awaited redirect, or nothing if this is another request."""
    line = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(line) != 3 or line[0] != "GET":
        return None
    target = urlsplit(line[1])
    parameters = {name: values[0] for name, values in parse_qs(target.query).items()}
    if target.path != PATH or not hmac.compare_digest(parameters.get("state", "").encode(), state.encode()):
        return None
    return parameters


def _page(status: str, text: str) -> bytes:
    body = f"<!doctype html><html lang=en><meta charset=utf-8><title>MCP client</title><p>{text}</p></html>"
    return _PAGE.format(status=status, length=len(body.encode()), body=body).encode()
