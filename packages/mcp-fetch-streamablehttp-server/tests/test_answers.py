"""What a page becomes: markdown, text, JSON, images, errors; and how long texts are cut."""

from __future__ import annotations

import base64
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp_fetch_streamablehttp_server.tool import OUTPUT_SCHEMA
from origin import Origin, Reply
from support import refusal_of, text_of

pytestmark = pytest.mark.anyio
URL = "http://site.example/"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
PAGE = """<!doctype html><html><head><title> The
 title </title><style>p {color: red}</style></head><body><script>alert("no")</script>
<h1>Head</h1><p>Some <a href="/more">words</a>.</p><noscript>no</noscript><template>no</template>
<iframe src="x">no</iframe><svg><text>no</text></svg><img src="i.png" alt="Image"></body></html>"""


def reply(body: str | bytes, content_type: str | None, status: int = 200) -> Reply:
    data = body.encode() if isinstance(body, str) else body
    return Reply(data, status, {"content-type": content_type} if content_type else {})


async def test_html_becomes_markdown(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.html(PAGE)
    result = await fetch(URL)
    assert text_of(result) == (
        "# Head\n\nSome [words](http://site.example/more).\n\n![Image](http://site.example/i.png)"
    )
    assert result.structured_content == {
        "status_code": 200,
        "final_url": URL,
        "content_type": "text/html",
        "encoding": "utf-8",
        "title": "The title",
        "truncated": False,
        "next_index": None,
    }


async def test_html_becomes_text(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.html(PAGE)
    result = await fetch(URL, format="text")
    assert text_of(result).split() == ["Head", "Some", "words."]
    assert result.structured_content["title"] == "The title"


async def test_html_stays_raw_when_asked(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.html(PAGE)
    result = await fetch(URL, format="raw")
    assert text_of(result) == PAGE
    assert result.structured_content["title"] == "The title"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/problem+json", "text/json"])
async def test_json_is_indented(fetch: Any, origin: Origin, content_type: str):
    origin.pages["/"] = reply('{"b":[1,2],"a":"ü"}', content_type)
    assert text_of(await fetch(URL)) == '{\n  "b": [\n    1,\n    2\n  ],\n  "a": "ü"\n}'
    assert text_of(await fetch(URL, format="raw")) == '{"b":[1,2],"a":"ü"}'


@pytest.mark.parametrize("body", ["{not json", "[" * 5000])
async def test_what_only_claims_to_be_json_is_shown_as_it_is(fetch: Any, origin: Origin, body: str):
    origin.pages["/"] = reply(body, "application/json")
    assert text_of(await fetch(URL)) == body


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/css",
        "text/markdown; charset=utf-8",
        "application/xml",
        "image+nonsense",
        "application/atom+xml",
        "application/yaml",
        "application/x-ndjson",
        "application/javascript",
        None,
        "nonsense",
    ],
)
async def test_text_is_shown_as_it_is(fetch: Any, origin: Origin, content_type: str | None):
    origin.pages["/"] = reply("<a>\r\n  {1}", content_type)
    assert text_of(await fetch(URL)) == "<a>\r\n  {1}"


async def test_html_without_a_type_is_recognized(fetch: Any, origin: Origin):
    origin.pages["/"] = reply(" <!-- x --> <!DOCTYPE html><h1>Head</h1>", None)
    assert text_of(await fetch(URL)) == "# Head"


@pytest.mark.parametrize(
    "content_type", ["application/pdf", "application/zip", "application/octet-stream", "video/mp4", "font/woff2"]
)
async def test_binary_is_refused_by_name(fetch: Any, origin: Origin, content_type: str):
    origin.pages["/"] = reply(b"%PDF", content_type)
    assert refusal_of(await fetch(URL)) == f"content of type `{content_type}` is binary and cannot be shown"


async def test_binary_without_a_type_is_refused(fetch: Any, origin: Origin):
    origin.pages["/"] = reply(b"MZ\x00\x01", None)
    assert "`unknown` is binary" in refusal_of(await fetch(URL))


async def test_image_comes_whole(fetch: Any, origin: Origin):
    origin.pages["/"] = reply(PNG, "image/png")
    result = await fetch(URL, max_length=10)
    assert not result.is_error
    assert (result.content[0].type, result.content[0].mime_type) == ("image", "image/png")
    assert base64.b64decode(result.content[0].data) == PNG
    assert result.structured_content["truncated"] is False
    assert result.structured_content["encoding"] is None


async def test_image_beyond_the_size_is_refused(handler: Any, origin: Origin):
    origin.pages["/"] = reply(PNG, "image/png")
    assert "rule `size`" in refusal_of(await handler(max_size=100).handle_fetch({"url": URL}))


async def test_parts_join_to_the_whole(fetch: Any, origin: Origin):
    whole = "aß𝄞e\u0301" * 25
    origin.pages["/"] = Reply.text(whole)
    parts, start = [], 0
    while start is not None:
        result = await fetch(URL, start_index=start, max_length=7)
        parts.append(text_of(result))
        data = result.structured_content
        assert data["truncated"] is (data["next_index"] is not None)
        assert data["next_index"] in (start + 7, None)
        start = data["next_index"]
    assert "".join(parts) == whole
    assert max(map(len, parts)) == 7


async def test_exact_length_is_not_truncated(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.text("x" * 10)
    assert (await fetch(URL, max_length=10)).structured_content["truncated"] is False
    assert (await fetch(URL, max_length=9)).structured_content["next_index"] == 9


async def test_default_length_is_100000(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.text("x" * 100_001)
    result = await fetch(URL)
    assert (len(text_of(result)), result.structured_content["next_index"]) == (100_000, 100_000)
    assert len(text_of(await fetch(URL, max_length=1_000_000))) == 100_001


async def test_start_beyond_the_end_is_an_error(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.text("abc")
    assert refusal_of(await fetch(URL, start_index=3)) == "`start_index` 3 is beyond the end: there are 3 characters"
    origin.pages["/"] = Reply.text("")
    assert text_of(await fetch(URL)) == ""


@pytest.mark.parametrize("status", [400, 401, 404, 418, 500, 503, 599])
async def test_status_beyond_2xx_is_an_error_with_a_little_body(fetch: Any, origin: Origin, status: int):
    origin.pages["/"] = reply("<p>" + "word " * 200 + "</p>", "text/html", status)
    result = await fetch(URL)
    assert result.is_error
    first, _, body = result.content[0].text.partition("\n\n")
    assert first.startswith(f"the server answered {status}")
    assert len(body) == 500
    assert "<p>" not in body
    assert result.structured_content["status_code"] == status
    Draft202012Validator(OUTPUT_SCHEMA).validate(result.structured_content)


async def test_error_without_readable_body_is_one_line(fetch: Any, origin: Origin):
    origin.pages["/"] = reply(PNG, "image/png", 404)
    assert refusal_of(await fetch(URL)) == "the server answered 404 Not Found"
    origin.pages["/"] = Reply(status=500)
    assert refusal_of(await fetch(URL)) == "the server answered 500 Internal Server Error"


async def test_other_2xx_are_good(fetch: Any, origin: Origin):
    origin.pages["/"] = reply("made", "text/plain", 201)
    result = await fetch(URL, method="POST", body="x")
    assert (text_of(result), result.structured_content["status_code"]) == ("made", 201)


async def test_lone_surrogates_do_not_reach_the_wire(fetch: Any, origin: Origin):
    origin.pages["/"] = reply(r'{"a":"\ud83d"}', "application/json")
    assert "\ufffd" in text_of(await fetch(URL))
    origin.pages["/"] = Reply.html("<title>&#xd83d;</title><p>&#xd83d;&#xdc00;</p>")
    for chosen in ("markdown", "text"):
        result = await fetch(URL, format=chosen)
        (text_of(result) + result.structured_content["title"]).encode()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "'url' is a required property"),
        ({"url": 1}, "url: 1 is not of type 'string'"),
        ({"url": URL, "method": "PUT"}, "method: 'PUT' is not one of ['GET', 'POST']"),
        ({"url": URL, "max_length": 0}, "max_length: 0 is less than the minimum of 1"),
        ({"url": URL, "max_length": 1_000_001}, "max_length: 1000001 is greater than the maximum of 1000000"),
        ({"url": URL, "start_index": -1}, "start_index: -1 is less than the minimum of 0"),
        ({"url": URL, "headers": {"a": 1}}, "headers.a: 1 is not of type 'string'"),
        ({"url": URL, "format": "pdf"}, "format: 'pdf' is not one of ['markdown', 'text', 'raw']"),
        ({"url": URL, "max_redirects": 6}, "max_redirects: 6 is greater than the maximum of 5"),
        ({"url": URL, "extract": True, "format": "raw"}, "extract: needs format markdown or text"),
        ({"url": URL, "nonsense": 1}, "Additional properties are not allowed ('nonsense' was unexpected)"),
    ],
)
async def test_wrong_arguments_are_named(handler: Any, arguments: dict[str, Any], complaint: str):
    text = refusal_of(await handler().handle_fetch(arguments))
    assert text == f"Invalid arguments for fetch: {complaint}"


async def test_whole_numbers_may_come_as_floats(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.text("abcdef")
    assert text_of(await fetch(URL, start_index=1.0, max_length=2.0)) == "bc"


async def test_extract_takes_the_main_content(fetch: Any, origin: Origin):
    pytest.importorskip("trafilatura")
    article = "<p>The quick brown fox jumps over the lazy dog, again and again, all day long.</p>" * 5
    navigation = "<nav><ul><li><a href='/'>Navigation</a></li></ul></nav>"
    origin.pages["/"] = Reply.html(f"<title>T</title>{navigation}<article><h1>Foxes</h1>{article}</article>")
    for chosen in ("markdown", "text"):
        result = await fetch(URL, extract=True, format=chosen)
        assert "quick brown fox" in text_of(result)
        assert "Navigation" not in text_of(result)
        assert result.structured_content["title"] == "T"
    origin.pages["/"] = Reply.html("<html><body></body></html>")
    assert "no main content" in refusal_of(await fetch(URL, extract=True))


async def test_extract_says_how_to_install_what_it_needs(fetch: Any, origin: Origin, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    origin.pages["/"] = Reply.html(PAGE)
    assert refusal_of(await fetch(URL, extract=True)) == (
        "`extract` needs an extra that is not installed on the server: "
        "pip install 'mcp-fetch-streamablehttp-server[extract]'"
    )
