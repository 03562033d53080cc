"""The loopback listener that receives the authorization response (RFC 8252, section 7.3).

Bound to 127.0.0.1 alone, good for one answer, gone when its time is over. It
looks at nothing but the request line and Host, and never shows what it received.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import anyio
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from .errors import AuthorizationError

PATH = "/callback"
WAIT_SECONDS = 300.0
_REQUEST_SECONDS = 10.0
_MAX_REQUEST_BYTES = 32 * 1024
_DONE = "You are signed in as far as this program is concerned. You may close this window."
_FAILED = "The sign-in did not succeed. You may close this window; the program that asked says why."


class CallbackListener:
    """One authorization response, awaited. Made by :func:`listening`."""

    def __init__(self, port: int) -> None:
        self.redirect_uri = f"http://127.0.0.1:{port}{PATH}"
        self._host = f"127.0.0.1:{port}"
        self._arrived = anyio.Event()
        self._parameters: Mapping[str, str] | None = None

    async def wait(self, seconds: float) -> Mapping[str, str]:
        """The parameters of the answer.

        Raises:
            AuthorizationError: nothing came within ``seconds``.
        """
        with anyio.move_on_after(seconds):
            await self._arrived.wait()
        if self._parameters is None:
            raise AuthorizationError(f"no answer from the browser within {seconds:g} seconds")
        return self._parameters

    async def serve(self, stream: SocketStream) -> None:
        """Answers one connection. The wait ends only when the browser has its page."""
        async with stream:
            try:
                with anyio.fail_after(_REQUEST_SECONDS):
                    head = await BufferedByteReceiveStream(stream).receive_until(b"\r\n\r\n", _MAX_REQUEST_BYTES)
                    await stream.send(self._answer(head.decode("latin-1")))
            except (anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound, TimeoutError):
                return  # a connection that asks nothing gets nothing
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return  # the browser went away; its answer, if it gave one, counts all the same
            finally:
                if self._parameters is not None:
                    self._arrived.set()

    def _answer(self, head: str) -> bytes:
        request, *lines = head.split("\r\n")
        method, _, rest = request.partition(" ")
        path, _, query = rest.partition(" ")[0].partition("?")
        hosts = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")]
        if hosts != [self._host]:
            return _page(421, "Misdirected Request", "This address is for one sign-in only.")
        if path != PATH:
            return _page(404, "Not Found", "Nothing is here.")
        if method != "GET":
            return _page(405, "Method Not Allowed", "Only GET is answered here.")
        if self._parameters is not None:
            return _page(410, "Gone", "This sign-in is over.")
        return self._accept(query)

    def _accept(self, query: str) -> bytes:
        found = parse_qs(query, keep_blank_values=True)
        # A repeated parameter is an error (RFC 6749, section 3.1): its value is nothing, and every check of it fails.
        self._parameters = {name: values[0] if len(values) == 1 else "" for name, values in found.items()}
        return _page(200, "OK", _DONE if self._parameters.get("code") else _FAILED)


@asynccontextmanager
async def listening(port: int = 0) -> AsyncIterator[CallbackListener]:
    """Listens on 127.0.0.1, on any free port when ``port`` is 0.

    Raises:
        AuthorizationError: the port is taken.
    """
    try:
        sockets = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    except OSError as error:
        raise AuthorizationError(f"cannot listen for the browser ({error.strerror}): 127.0.0.1 port {port}") from error
    async with sockets:
        local_port: int = sockets.extra(SocketAttribute.local_port)  # noqa: S610 - anyio's, not Django's
        listener = CallbackListener(local_port)
        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sockets.serve, listener.serve)
            try:
                yield listener
            except Exception as error:  # noqa: BLE001 - raised below: the task group would wrap it
                failure = error
            finally:
                tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def _page(status: int, reason: str, text: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>Sign-in</title><p>{text}</p>\n".encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
