"""robots.txt: what permits, what forbids, what is remembered, and that every hop is asked about."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest
from mcp_fetch_streamablehttp_server import FetchError, UrlPolicy
from mcp_fetch_streamablehttp_server.exchange import Page
from mcp_fetch_streamablehttp_server.robots import Robots, relevant_lines
from origin import Internet, Origin, Reply
from support import refusal_of, text_of

pytestmark = pytest.mark.anyio
URL = "http://site.example/page"
FORBIDDEN = "refused by rule `robots`: the robots.txt of the site forbids this page to this user agent"


@pytest.fixture
def ask(handler: Any, origin: Origin) -> Any:
    """Fetches with a handler that asks robots.txt."""
    origin.pages["/page"] = Reply.text("page")
    made = handler(ignore_robots=False)

    async def run(url: str = URL, **arguments: Any) -> Any:
        return await made.handle_fetch({"url": url, **arguments})

    return run


async def test_rules_are_obeyed(ask: Any, origin: Origin):
    origin.pages["/robots.txt"] = Reply.text("User-agent: *\nDisallow: /\nAllow: /pub\n")
    origin.pages["/pub"] = Reply.text("public")
    assert refusal_of(await ask()) == FORBIDDEN
    assert text_of(await ask("http://site.example/pub")) == "public"
    assert origin.paths() == ["/pub"]


async def test_rules_of_the_own_agent_count(ask: Any, origin: Origin):
    origin.pages["/robots.txt"] = Reply.text(
        "User-agent: other\nDisallow: /\n\nUser-agent: modelcontextprotocol\nDisallow: /secret\n"
    )
    origin.pages["/secret"] = Reply.text("secret")
    assert text_of(await ask()) == "page"
    assert refusal_of(await ask("http://site.example/secret")) == FORBIDDEN
    assert refusal_of(await ask(user_agent="Other/2.0 (test)")) == FORBIDDEN


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /*.pdf$", "/a.pdf", False),
        ("Disallow: /*.pdf$", "/a.pdfx", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Disallow: /a/b\nAllow: /a", "/a/b/c", False),
        ("Disallow: /p\nAllow: /p", "/p", True),
        ("Disallow:", "/p", True),
        ("Disallow: /ü", "/%C3%BC", False),
        ("Disallow: /q?x=", "/q?x=1", False),
    ],
)
async def test_longest_match_wins(ask: Any, origin: Origin, rules: str, path: str, allowed: bool):
    origin.pages["/robots.txt"] = Reply.text(f"User-agent: *\n{rules}\n")
    origin.pages[path] = Reply.text("page")
    result = await ask(f"http://site.example{path}")
    assert result.is_error is not allowed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429])
async def test_4xx_permits(ask: Any, origin: Origin, status: int):
    origin.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /", status)
    assert text_of(await ask()) == "page"


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_5xx_forbids(ask: Any, origin: Origin, status: int):
    origin.pages["/robots.txt"] = Reply(b"", status)
    assert refusal_of(await ask()) == f"refused by rule `robots`: robots.txt could not be read (status {status})"
    assert origin.paths() == []
    origin.pages["/robots.txt"] = Reply.text("")
    assert text_of(await ask()) == "page"


async def test_unreachable_forbids(ask: Any, origin: Origin):
    def hang_up(request: Any) -> None:
        request.close_connection = True

    origin.pages["/robots.txt"] = hang_up
    assert "robots.txt could not be read" in refusal_of(await ask())
    assert "could not be resolved" in refusal_of(await ask("http://unknown.test/"))
    assert origin.paths() == []


async def test_five_redirects_are_followed(ask: Any, origin: Origin):
    origin.pages["/robots.txt"] = Reply.to("/r1")
    origin.pages |= {f"/r{count}": Reply.to(f"/r{count + 1}") for count in range(1, 5)}
    origin.pages["/r5"] = Reply.text("User-agent: *\nDisallow: /")
    assert refusal_of(await ask()) == FORBIDDEN


async def test_more_redirects_count_as_unavailable(ask: Any, origin: Origin):
    origin.pages["/robots.txt"] = Reply.to("/robots.txt")
    assert text_of(await ask()) == "page"


async def test_redirect_of_robots_is_judged_by_the_policy(ask: Any, origin: Origin):
    origin.pages["/robots.txt"] = Reply.to("http://127.0.0.1/robots.txt")
    assert "rule `address`" in refusal_of(await ask())


async def test_every_hop_is_asked_about(ask: Any, origin: Origin):
    origin.pages |= {"/": Reply.to("/secret"), "/secret": Reply.text("secret")}
    origin.pages["/robots.txt"] = Reply.text("User-agent: *\nDisallow: /secret")
    assert refusal_of(await ask("http://site.example/")) == FORBIDDEN
    assert origin.paths() == ["/"]


async def test_other_origin_has_its_own_file(ask: Any, origin: Origin, internet: Internet):
    origin.pages["/"] = Reply.to("http://other.example/page")
    assert text_of(await ask("http://site.example/")) == "page"
    asked = [seen.headers["host"] for seen in origin.seen if seen.path == "/robots.txt"]
    assert asked == ["site.example", "other.example"]


async def test_file_is_remembered_per_origin(ask: Any, origin: Origin):
    for _ in range(3):
        assert text_of(await ask()) == "page"
    assert [seen.path for seen in origin.seen] == ["/robots.txt", "/page", "/page", "/page"]


async def test_many_at_once_ask_once(ask: Any, origin: Origin):
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(ask)
    assert [seen.path for seen in origin.seen].count("/robots.txt") == 1


async def test_only_the_first_500_kib_are_read(ask: Any, origin: Origin):
    rules = b"User-agent: *\nDisallow: /page\n" + b"#" * (500 * 1024) + b"\nUser-agent: *\nDisallow: /late\n"
    origin.pages |= {"/robots.txt": Reply(rules, headers={"content-type": "text/plain"}), "/late": Reply.text("late")}
    assert refusal_of(await ask()) == FORBIDDEN
    assert text_of(await ask("http://site.example/late")) == "late"


async def test_robots_txt_itself_may_be_fetched(ask: Any, origin: Origin):
    origin.pages["/robots.txt"] = Reply.text("User-agent: *\nDisallow: /")
    assert text_of(await ask("http://site.example/robots.txt")).startswith("User-agent")
    assert len(origin.seen) == 1


async def test_robots_can_be_ignored(handler: Any, origin: Origin):
    origin.pages |= {"/robots.txt": Reply.text("User-agent: *\nDisallow: /"), "/page": Reply.text("page")}
    assert text_of(await handler(ignore_robots=True).handle_fetch({"url": URL})) == "page"
    assert origin.paths() == ["/page"]


class Library:
    """Files of many origins, and a clock."""

    def __init__(self, text: str = "") -> None:
        self.asked: list[str] = []
        self.now = 0.0
        self.text = text

    async def ask(self, url: str, agent: str) -> Page:
        self.asked.append(url)
        return Page(200, UrlPolicy().check(url), httpx2.Headers(), self.text.encode())


async def test_file_is_kept_for_an_hour():
    library = Library()
    robots = Robots(library.ask, clock=lambda: library.now)
    target = UrlPolicy().check(URL)
    for now in (0, 3599, 3600, 3601):
        library.now = now
        await robots.require(target, "a")
    assert len(library.asked) == 2


async def test_least_recently_used_file_is_dropped():
    library = Library()
    robots = Robots(library.ask, cache_size=2)
    for host in ("a", "b", "a", "c", "a", "b"):
        await robots.require(UrlPolicy().check(f"http://{host}.example/"), "x")
    assert [url[7] for url in library.asked] == ["a", "b", "c", "b"]


async def test_cache_of_no_size_keeps_nothing():
    library = Library("User-agent: *\nDisallow: /x")
    robots = Robots(library.ask, cache_size=0)
    for _ in range(2):
        await robots.require(UrlPolicy().check(URL), "a")
    assert len(library.asked) == 2


async def test_memory_of_the_cache_is_bounded():
    library = Library("User-agent: *\n" + "Disallow: /abcdefgh" + "x" * 380_000)
    robots = Robots(library.ask)
    for number in range(45):
        await robots.require(UrlPolicy().check(f"http://h{number}.example/"), "x")
    library.asked.clear()
    await robots.require(UrlPolicy().check("http://h44.example/"), "x")
    await robots.require(UrlPolicy().check("http://h0.example/"), "x")
    assert library.asked == ["http://h0.example/robots.txt"]


async def test_large_file_is_obeyed():
    library = Library("User-agent: *\n" + "Disallow: /x\n" * 5000 + "Disallow: /page")
    with pytest.raises(FetchError, match="robots"):
        await Robots(library.ask).require(UrlPolicy().check(URL), "x")


def test_names_of_other_agents_are_dropped_but_not_their_groups():
    text = "User-agent: one\nUser-agent: two # note\nDisallow: /\n\nuseragent: *bot*\nUser-Agent: two\nAllow: /\n"
    assert relevant_lines(text, "My-Bot/1.0").splitlines() == [
        "User-agent: -",
        "Disallow: /",
        "",
        "User-agent: *bot*",
        "User-agent: -",
        "Allow: /",
    ]


def test_thousands_of_agents_cost_little():
    text = "".join(f"User-agent: a{number}\n" for number in range(20_000)) + "Disallow: /\n" * 10_000
    assert relevant_lines(text, "bot").count("User-agent") == 1
