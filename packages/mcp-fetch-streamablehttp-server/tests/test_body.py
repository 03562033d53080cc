"""How much of a body is taken: the size after decompression, the ratio, and what compression may look like."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from origin import Origin, Reply
from support import refusal_of, text_of

pytestmark = pytest.mark.anyio
URL = "http://site.example/"
MIB = 1024 * 1024


def packed(body: bytes, coding: str = "gzip") -> Reply:
    return Reply(body, headers={"content-type": "text/plain; charset=utf-8", "content-encoding": coding})


def chunked(parts: list[bytes], **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A reply that does not say how long it is."""

    def write(request: BaseHTTPRequestHandler) -> None:
        request.send_response_only(200)
        for name, value in {"content-type": "text/plain", "transfer-encoding": "chunked", **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        for part in [*parts, b""]:
            request.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    return write


async def test_largest_body_is_taken_and_one_byte_more_is_not(handler: Any, origin: Origin):
    made = handler(max_size=1000)
    origin.pages["/"] = Reply.text("x" * 1000)
    assert len(text_of(await made.handle_fetch({"url": URL}))) == 1000
    origin.pages["/"] = Reply.text("x" * 1001)
    assert refusal_of(await made.handle_fetch({"url": URL})) == (
        "refused by rule `size`: the body is larger than 1000 bytes"
    )


async def test_undeclared_size_counts_while_it_arrives(handler: Any, origin: Origin):
    origin.pages["/"] = chunked([b"x" * 600, b"y" * 600])
    assert "rule `size`" in refusal_of(await handler(max_size=1000).handle_fetch({"url": URL}))


async def test_size_counts_after_decompression(handler: Any, origin: Origin):
    origin.pages["/"] = packed(gzip.compress(bytes(range(32, 127)) * 20))
    assert "rule `size`" in refusal_of(await handler(max_size=1800).handle_fetch({"url": URL}))
    assert len(text_of(await handler(max_size=2000).handle_fetch({"url": URL}))) == 1900


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
async def test_gzip_is_decompressed(fetch: Any, origin: Origin, coding: str):
    origin.pages["/"] = packed(gzip.compress("grün".encode()), coding)
    assert text_of(await fetch(URL)) == "grün"


async def test_gzip_of_several_members(fetch: Any, origin: Origin):
    origin.pages["/"] = packed(gzip.compress(b"one ") + gzip.compress(b"two") + b"\x00\x00padding")
    assert text_of(await fetch(URL)) == "one two"


@pytest.mark.parametrize("window", [15, -15], ids=["zlib", "bare"])
async def test_deflate_in_both_shapes(fetch: Any, origin: Origin, window: int):
    packer = zlib.compressobj(wbits=window)
    origin.pages["/"] = packed(packer.compress(b"hello" * 10) + packer.flush() + b"padding", "deflate")
    assert text_of(await fetch(URL)) == "hello" * 10


async def test_bomb_is_refused_by_its_ratio(fetch: Any, origin: Origin):
    origin.pages["/"] = packed(gzip.compress(bytes(8 * MIB)))
    assert refusal_of(await fetch(URL)) == "refused by rule `ratio`: the body expands more than 100 times"


async def test_bomb_of_several_members_is_refused(fetch: Any, origin: Origin):
    origin.pages["/"] = packed(gzip.compress(bytes(MIB)) * 8)
    assert "rule `ratio`" in refusal_of(await fetch(URL))


async def test_bomb_in_small_chunks_is_refused(fetch: Any, origin: Origin):
    bomb = gzip.compress(bytes(8 * MIB))
    parts = [bomb[start : start + 10] for start in range(0, len(bomb), 10)]
    origin.pages["/"] = chunked(parts, content_encoding="gzip")
    assert "rule `ratio`" in refusal_of(await fetch(URL))


async def test_nested_bomb_is_not_unpacked_twice(fetch: Any, origin: Origin):
    origin.pages["/"] = packed(gzip.compress(gzip.compress(bytes(MIB))), "gzip, gzip")
    assert refusal_of(await fetch(URL)) == "the content encoding `gzip, gzip` is not supported"


async def test_short_repetitive_page_is_no_bomb(fetch: Any, origin: Origin):
    origin.pages["/"] = packed(gzip.compress(b"a" * 60_000))
    assert len(text_of(await fetch(URL))) == 60_000


async def test_compressed_nothing_ends_at_the_size_too(handler: Any, origin: Origin):
    origin.pages["/"] = chunked([gzip.compress(b"")] * 100, content_encoding="gzip")
    assert "rule `size`" in refusal_of(await handler(max_size=1000).handle_fetch({"url": URL}))


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "nonsense"])
async def test_unknown_coding_is_refused_by_name(fetch: Any, origin: Origin, coding: str):
    origin.pages["/"] = packed(b"x", coding)
    assert refusal_of(await fetch(URL)) == f"the content encoding `{coding}` is not supported"


async def test_damaged_and_cut_compression_is_an_error(fetch: Any, origin: Origin):
    origin.pages["/"] = packed(b"this is not gzip")
    assert refusal_of(await fetch(URL)) == "the compressed body is damaged"
    origin.pages["/"] = packed(gzip.compress(b"hello" * 1000)[:-20])
    assert refusal_of(await fetch(URL)) == "the compressed body ends too early"


async def test_body_of_an_error_is_cut_and_not_refused(handler: Any, origin: Origin):
    origin.pages["/"] = Reply(b"x" * 5000, 500, {"content-type": "text/plain"})
    result = await handler(max_size=1000).handle_fetch({"url": URL})
    assert result.is_error
    assert result.content[0].text.count("x") == 500
