"""Redirects are followed by hand: every hop is judged, methods change as they should, secrets stay at home."""

from __future__ import annotations

from typing import Any

import pytest
from origin import Internet, Origin, Reply
from support import refusal_of, text_of

pytestmark = pytest.mark.anyio
SITE = "http://site.example"


async def test_redirects_are_followed(fetch: Any, origin: Origin):
    origin.pages |= {"/": Reply.to("/a"), "/a": Reply.to("b?x=1", 301), "/b?x=1": Reply.text("there")}
    result = await fetch(f"{SITE}/")
    assert text_of(result) == "there"
    assert result.structured_content["final_url"] == f"{SITE}/b?x=1"


async def test_five_redirects_are_followed_and_six_are_not(fetch: Any, origin: Origin):
    origin.pages |= {f"/{count}": Reply.to(f"/{count + 1}") for count in range(1, 7)}
    origin.pages["/7"] = Reply.text("end")
    assert text_of(await fetch(f"{SITE}/2")) == "end"
    assert refusal_of(await fetch(f"{SITE}/1")) == "refused by rule `redirect`: more than 5 redirects"


async def test_loop_ends(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.to("/")
    assert "more than 5 redirects" in refusal_of(await fetch(f"{SITE}/"))
    assert len(origin.seen) == 6


async def test_call_may_lower_the_limit_and_never_raise_it(fetch: Any, origin: Origin):
    origin.pages |= {"/": Reply.to("/a"), "/a": Reply.text("there")}
    assert "more than 0 redirects" in refusal_of(await fetch(f"{SITE}/", max_redirects=0))
    assert text_of(await fetch(f"{SITE}/", max_redirects=1)) == "there"
    assert "Invalid arguments" in refusal_of(await fetch(f"{SITE}/", max_redirects=6))


async def test_redirects_can_be_left_alone(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply.to("/a")
    result = await fetch(f"{SITE}/", follow_redirects=False)
    assert refusal_of(result) == "the server answered 302 Found, location /a"
    assert result.structured_content["status_code"] == 302
    assert origin.paths() == ["/"]


async def test_redirect_without_location_is_an_answer(fetch: Any, origin: Origin):
    origin.pages["/"] = Reply(status=302)
    assert refusal_of(await fetch(f"{SITE}/")) == "the server answered 302 Found"


@pytest.mark.parametrize(
    ("location", "rule"),
    [
        ("http://127.0.0.1/", "address"),
        ("http://[::ffff:10.0.0.1]/", "address"),
        ("http://2130706433/", "address"),
        ("//localhost/", "address"),
        ("http://169.254.169.254/latest/meta-data/", "address"),
        ("http://site.example:22/", "port"),
        ("http://user:word@other.example/", "userinfo"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://site.example/", "scheme"),
        ("http://exa\\mple.example/", "host"),
        ("http://[::1/", "redirect"),
    ],
)
async def test_every_hop_is_judged_from_the_first_rule(fetch: Any, origin: Origin, location: str, rule: str):
    origin.pages["/"] = Reply.to(location)
    assert f"rule `{rule}`" in refusal_of(await fetch(f"{SITE}/"))
    assert origin.paths() == ["/"]


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_post_becomes_get_where_it_should(fetch: Any, origin: Origin, status: int, method: str):
    origin.pages |= {"/": Reply.to("/a", status), "/a": Reply.text("there")}
    result = await fetch(f"{SITE}/", method="POST", body="data", headers={"Content-Type": "text/plain", "X-A": "1"})
    assert text_of(result) == "there"
    last = origin.seen[-1]
    assert (last.method, last.body) == (method, b"data" if method == "POST" else b"")
    assert ("content-type" in last.headers) is (method == "POST")
    assert last.headers["x-a"] == "1"


async def test_caller_headers_are_dropped_when_the_origin_changes(fetch: Any, origin: Origin):
    mine = {"Authorization": "not-a-real-secret", "Cookie": "a=b", "X-Api-Key": "not-a-real-secret"}
    origin.pages |= {"/": Reply.to("/a"), "/a": Reply.to("http://other.example/b"), "/b": Reply.to(f"{SITE}/c")}
    origin.pages["/c"] = Reply.text("there")
    assert text_of(await fetch(f"{SITE}/", headers=mine)) == "there"
    sent = [{name for name in seen.headers if name in ("authorization", "cookie", "x-api-key")} for seen in origin.seen]
    # They do not come back either when the chain returns to where it began.
    assert sent == [{"authorization", "cookie", "x-api-key"}] * 2 + [set()] * 2


async def test_another_port_is_another_origin(fetch: Any, origin: Origin):
    origin.pages |= {"/": Reply.to("http://site.example:8080/a"), "/a": Reply.text("there")}
    assert text_of(await fetch(f"{SITE}/", headers={"Cookie": "a=b"})) == "there"
    assert "cookie" not in origin.seen[-1].headers


async def test_https_never_leads_to_http(fetch: Any, tls_origin: Origin, origin: Origin):
    tls_origin.pages["/"] = Reply.to("http://site.example/")
    assert refusal_of(await fetch("https://site.example/")).endswith("the redirect leads from https to http")
    assert origin.seen == []


async def test_http_may_lead_to_https(fetch: Any, tls_origin: Origin, origin: Origin, internet: Internet):
    origin.pages["/"] = Reply.to("https://site.example/safe")
    tls_origin.pages["/safe"] = Reply.text("safe")
    assert text_of(await fetch(f"{SITE}/", headers={"Cookie": "a=b"})) == "safe"
    assert "cookie" not in tls_origin.seen[0].headers
    assert [port for _, port in internet.connected] == [80, 443]


async def test_cookies_of_a_server_are_not_kept(fetch: Any, origin: Origin):
    origin.pages |= {"/": Reply(status=302, headers={"location": "/a", "set-cookie": "a=b"}), "/a": Reply.text("x")}
    await fetch(f"{SITE}/")
    await fetch(f"{SITE}/a")
    assert not [seen for seen in origin.seen if "cookie" in seen.headers]
