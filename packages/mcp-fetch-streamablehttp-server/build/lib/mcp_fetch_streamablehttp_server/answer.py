"""From a fetched page to the result of the tool: conversion in a thread, truncation, images, failures."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import mcp_types as types

from .charset import decode, without_surrogates
from .conversion import Converter, Document
from .exchange import Page
from .extraction import extract_main
from .failure import FetchError
from .markup import ConversionStopped
from .media import Kind, kind_of, media_type
from .tool import FetchArguments

SHOWN_OF_AN_ERROR = 500
_T = TypeVar("_T")


class Answerer:
    """Turns pages into results; at most ``workers`` documents are converted at a time."""

    def __init__(self, workers: int) -> None:
        self._workers = anyio.CapacityLimiter(workers)

    async def answer(self, page: Page, arguments: FetchArguments) -> types.CallToolResult:
        """The result for a page.

        Raises:
            FetchError: the content cannot be shown.
        """
        media = media_type(page.headers.get("content-type"))
        kind = kind_of(media, page.body)
        if not page.good:
            return await self._refused(page, media, kind)
        if kind is Kind.IMAGE:
            return _image(page, media or "")
        if kind is Kind.BINARY:
            raise FetchError(f"content of type `{media or 'unknown'}` is binary and cannot be shown")
        document, encoding = await self._work(lambda stop: _read(page, kind, arguments, stop))
        return _text(page, media, encoding, document, arguments)

    async def _refused(self, page: Page, media: str | None, kind: Kind) -> types.CallToolResult:
        lines = [_status_line(page)]
        encoding = None
        if kind not in (Kind.IMAGE, Kind.BINARY) and page.body:
            plain = FetchArguments(url="", user_agent="", format="text")
            document, encoding = await self._work(lambda stop: _read(page, kind, plain, stop))
            if document.text:
                lines.append(document.text[:SHOWN_OF_AN_ERROR])
        data = _facts(page, media, encoding=encoding)
        return types.CallToolResult(
            content=[types.TextContent(text="\n\n".join(lines))], structured_content=data, is_error=True
        )

    async def _work(self, job: Callable[[threading.Event], _T]) -> _T:
        """Runs a job in a thread that is told to stop when nobody waits for it any more."""
        stop = threading.Event()
        try:
            return await anyio.to_thread.run_sync(job, stop, abandon_on_cancel=True, limiter=self._workers)
        except ConversionStopped as error:
            raise FetchError("the conversion was stopped") from error
        finally:
            stop.set()


def failure(text: str) -> types.CallToolResult:
    """The result of a fetch that did not work out."""
    return types.CallToolResult(content=[types.TextContent(text=without_surrogates(text))], is_error=True)


def _read(page: Page, kind: Kind, arguments: FetchArguments, stop: threading.Event) -> tuple[Document, str]:
    text, encoding = decode(page.body, page.headers.get("content-type"), html=kind is Kind.HTML)
    if kind is Kind.JSON and arguments.format != "raw":
        return Document(None, _pretty(text)), encoding
    if kind is not Kind.HTML:
        return Document(None, text), encoding
    converter = Converter(str(page.target), stop)
    if arguments.format == "raw":
        return Document(converter.title(text), text), encoding
    if arguments.extract:
        main = extract_main(text, str(page.target), markdown=arguments.format == "markdown")
        return Document(converter.title(text), main), encoding
    return (converter.markdown if arguments.format == "markdown" else converter.text)(text), encoding


def _pretty(text: str) -> str:
    try:
        shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        # What calls itself JSON and is not is shown as it came.
        return text
    return without_surrogates(shown)


def _text(
    page: Page, media: str | None, encoding: str, document: Document, arguments: FetchArguments
) -> types.CallToolResult:
    start, total = arguments.start_index, len(document.text)
    if start and start >= total:
        raise FetchError(f"`start_index` {start} is beyond the end: there are {total} characters")
    end = start + arguments.max_length
    data = _facts(page, media, encoding=encoding, title=document.title, next_index=end if end < total else None)
    return types.CallToolResult(content=[types.TextContent(text=document.text[start:end])], structured_content=data)


def _image(page: Page, media: str) -> types.CallToolResult:
    encoded = base64.b64encode(page.body).decode("ascii")
    return types.CallToolResult(
        content=[types.ImageContent(data=encoded, mime_type=media)], structured_content=_facts(page, media)
    )


def _facts(
    page: Page,
    media: str | None,
    *,
    encoding: str | None = None,
    title: str | None = None,
    next_index: int | None = None,
) -> dict[str, Any]:
    return {
        "status_code": page.status,
        "final_url": str(page.target),
        "content_type": media,
        "encoding": encoding,
        "title": without_surrogates(title) if title else None,
        "truncated": next_index is not None,
        "next_index": next_index,
    }


def _status_line(page: Page) -> str:
    try:
        phrase = f" {HTTPStatus(page.status).phrase}"
    except ValueError:
        phrase = ""
    location = page.headers.get("location") if 300 <= page.status < 400 else None
    return f"the server answered {page.status}{phrase}" + (f", location {location[:2000]}" if location else "")
