"""Reads a response body within bounds: size before and after decompression, and the ratio between them."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from .failure import FetchError

LARGEST_RATIO = 100
_RATIO_FREE_BYTES = 64 * 1024
"""Bytes that may come out of next to nothing: a short page of one repeated character is no attack."""
_STEP = 64 * 1024
_GZIP_WINDOW = 31
_ZLIB_WINDOW = 15
_RAW_WINDOW = -15
_ZLIB_METHOD = 0x08
_GZIP_MAGIC = b"\x1f"


@dataclass(frozen=True)
class Bound:
    """How much of a body to take, and whether the rest is cut off (``cut``) or an error."""

    size: int
    cut: bool = False


class _Decoder(Protocol):
    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Decodes the next part of the body, in small steps and only as far as asked."""

    def finish(self) -> None:
        """Complains about a body that ended too early."""


async def read_body(response: httpx2.Response, bound: Bound) -> bytes:
    """Reads a streamed response up to the bound.

    Raises:
        FetchError: it is too large, expands too much, or is compressed in an unknown or broken way.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    decoder = _decoder(coding)
    declared = response.headers.get("content-length", "")
    if not bound.cut and declared.isdecimal() and int(declared) > bound.size:
        raise _too_large(bound)
    body = bytearray()
    async for piece in _decoded(response, decoder, bound):
        body += piece
        if len(body) > bound.size:
            if bound.cut:
                return bytes(body[: bound.size])
            raise _too_large(bound)
    return bytes(body)


async def _decoded(response: httpx2.Response, decoder: _Decoder, bound: Bound) -> AsyncIterator[bytes]:
    received = produced = 0
    if not isinstance(response.stream, httpx2.AsyncByteStream):
        raise TypeError("the response has no asynchronous body")
    async for raw in response.stream:
        received += len(raw)
        if received > bound.size and not bound.cut:
            # Compressed data that yields nothing must end, too.
            raise _too_large(bound)
        for start in range(0, len(raw), _STEP):
            for piece in decoder.pieces(raw[start : start + _STEP]):
                produced += len(piece)
                if produced > max(_RATIO_FREE_BYTES, received * LARGEST_RATIO):
                    raise FetchError(f"refused by rule `ratio`: the body expands more than {LARGEST_RATIO} times")
                yield piece
    decoder.finish()


def _too_large(bound: Bound) -> FetchError:
    return FetchError(f"refused by rule `size`: the body is larger than {bound.size} bytes")


def _decoder(coding: str) -> _Decoder:
    if coding in ("", "identity"):
        return _Identity()
    if coding in ("gzip", "x-gzip"):
        return _Inflate(_GZIP_WINDOW)
    if coding == "deflate":
        return _Inflate(None)
    raise FetchError(f"the content encoding `{coding[:40]}` is not supported")


class _Identity:
    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        pass


class _Inflate:
    """Inflates gzip (of several members, too), zlib or bare deflate (which some servers call deflate)."""

    def __init__(self, window: int | None) -> None:
        self._window = window
        self._stream: Any = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The decoded parts, never more than one step at a time."""
        while data:
            if self._stream is None:
                self._stream = self._new_stream(data)
            try:
                piece = self._stream.decompress(data, _STEP)
            except zlib.error as error:
                raise FetchError("the compressed body is damaged") from error
            if piece:
                yield piece
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data = self._next_member()

    def finish(self) -> None:
        """Refuses a body that is cut off."""
        if self._stream is not None and not self._stream.eof:
            raise FetchError("the compressed body ends too early")

    def _new_stream(self, data: bytes) -> Any:
        if self._window is None:
            # RFC 9110 8.4.1.2: deflate means the zlib format, but bare deflate is in the field.
            self._window = _ZLIB_WINDOW if data[0] & 0x0F == _ZLIB_METHOD else _RAW_WINDOW
        return zlib.decompressobj(self._window)

    def _next_member(self) -> bytes:
        rest: bytes = self._stream.unused_data
        if self._window != _GZIP_WINDOW or not rest.startswith(_GZIP_MAGIC):
            # Padding after the end carries nothing.
            return b""
        self._stream = None
        return rest
