"""What a caller may send: no routing or framing headers, no line breaks, one User-Agent."""

from __future__ import annotations

from typing import Any

import pytest
from origin import Origin, Reply
from support import refusal_of, text_of

pytestmark = pytest.mark.anyio
URL = "http://site.example/"


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "TE",
        "Trailer",
        "Proxy-Authorization",
        "Proxy-Connection",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "x-forwarded-anything",
        "X-User-Id",
        "x-user-name",
        "X_Forwarded_For",
        "X_User_Id",
        "Forwarded",
        "X-Real-IP",
    ],
)
async def test_header_that_is_not_the_callers_is_refused(fetch: Any, origin: Origin, name: str):
    assert refusal_of(await fetch(URL, headers={name: "x"})) == f"refused by rule `header`: {name} may not be set"
    assert origin.seen == []


@pytest.mark.parametrize("value", ["a\r\nX-User-Id: b", "a\nb", "a\rb", "a\x00b", "a\x0bb", "\x7f"])
async def test_line_breaks_and_nul_in_a_value_are_refused(fetch: Any, origin: Origin, value: str):
    assert "control characters" in refusal_of(await fetch(URL, headers={"X-A": value}))
    assert "control characters" in refusal_of(await fetch(URL, user_agent=value))
    assert origin.seen == []


@pytest.mark.parametrize("name", ["", "X A", "X\r\nY", "X:", "Ä", "X\x00"])
async def test_malformed_name_is_refused(fetch: Any, name: str):
    assert refusal_of(await fetch(URL, headers={name: "x"})) == "refused by rule `header`: a header name is malformed"


@pytest.mark.parametrize("url", [f"{URL}\r\nX-A: b", f"{URL}a\x00b", "http://site.example\r\n/"])
async def test_line_breaks_and_nul_in_the_url_are_refused(fetch: Any, origin: Origin, url: str):
    assert "rule `host`" in refusal_of(await fetch(url))
    assert origin.seen == []


async def test_header_given_twice_is_refused(fetch: Any):
    assert "X-a is given twice" in refusal_of(await fetch(URL, headers={"X-A": "1", "X-a": "2"}))


async def test_too_many_or_too_long_headers_are_refused(fetch: Any):
    assert "more than 50" in refusal_of(await fetch(URL, headers={f"X-{number}": "1" for number in range(51)}))
    assert "longer than 8192" in refusal_of(await fetch(URL, headers={"X-A": "x" * 8193}))


async def test_user_agent_has_one_place(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.text("x")
    assert "argument `user_agent`" in refusal_of(await fetch(URL, headers={"User-Agent": "mine"}))
    assert "1 to 256" in refusal_of(await fetch(URL, user_agent="x" * 257))
    assert "1 to 256" in refusal_of(await fetch(URL, user_agent=" "))
    text_of(await fetch(URL, user_agent="mine/1"))
    text_of(await fetch(URL))
    assert [seen.headers["user-agent"] for seen in origin.seen] == ["mine/1", "ModelContextProtocol/1.0"]


async def test_own_headers_and_body_arrive(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.text("x")
    headers = {"Accept": "text/plain", "X-Text": "grün", "Authorization": "Bearer not-a-real-secret"}
    text_of(await fetch(URL, method="POST", headers=headers, body="{ä}"))
    (seen,) = origin.seen
    assert (seen.method, seen.body) == ("POST", "{ä}".encode())
    assert seen.headers["accept"] == "text/plain"
    assert seen.headers["x-text"].encode("latin-1") == "grün".encode()
    assert seen.headers["authorization"] == "Bearer not-a-real-secret"
    assert seen.headers["host"] == "site.example"


async def test_body_needs_post(fetch: Any):
    assert "needs method POST" in refusal_of(await fetch(URL, body="x"))


async def test_defaults_are_sent(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.text("x")
    text_of(await fetch(URL))
    assert origin.seen[0].headers["accept-encoding"] == "gzip, deflate"
    assert "text/html" in origin.seen[0].headers["accept"]
    assert "content-length" not in origin.seen[0].headers
