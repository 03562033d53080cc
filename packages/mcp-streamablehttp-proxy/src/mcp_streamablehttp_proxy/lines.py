"""Cuts a stream of bytes into lines of bounded length. Knows nothing about what the lines say."""

from __future__ import annotations

from collections.abc import Iterator


class LineTooLongError(Exception):
    """A line grew beyond its limit."""


class LineSplitter:
    """Feeds on chunks, gives whole lines without their end; refuses a line over ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that ``chunk`` completes.

        Raises:
            LineTooLongError: a line, complete or not, is over the limit.
        """
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._grow(chunk[start:end])
            line = bytes(self._rest)
            self._rest.clear()
            start = end + 1
            yield line
        self._grow(chunk[start:])

    def _grow(self, piece: bytes) -> None:
        if len(self._rest) + len(piece) > self._limit:
            raise LineTooLongError
        self._rest += piece


class TextLines:
    """The same for text meant for people: long lines are cut, never refused, and the rest of them is dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that ``chunk`` completes, cut to the limit."""
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            self._keep(piece)
            yield self.flush()
        self._keep(rest)

    def flush(self) -> str:
        """What has been gathered of a line, which is over with this."""
        text = self._rest.decode("utf-8", "replace").rstrip("\r")
        self._rest.clear()
        return text

    def _keep(self, piece: bytes) -> None:
        self._rest += piece[: max(0, self._limit - len(self._rest))]
