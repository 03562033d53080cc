"""HTML to markdown and text: what is kept, what is dropped, and that hostile documents cost little."""

from __future__ import annotations

import threading
import time

import pytest
from mcp_fetch_streamablehttp_server import FetchError
from mcp_fetch_streamablehttp_server.conversion import Converter
from mcp_fetch_streamablehttp_server.markup import ConversionStopped, defused

BASE = "https://site.example/dir/page?q=1"
AFFORDABLE_SECONDS = 20
"""Generous: what this guards against takes minutes."""


def markdown(html: str) -> str:
    return Converter(BASE).markdown(html).text


def text(html: str) -> str:
    return Converter(BASE).text(html).text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>A</h1><h3>B</h3>", "# A\n\n### B"),
        ("<ul><li>a</li><li>b</li></ul>", "* a\n* b"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<pre><code>x = 1\n  y</code></pre>", "```\nx = 1\n  y\n```"),
        ("<p>a <code>b</code> <strong>c</strong> <em>d</em></p>", "a `b` **c** *d*"),
        ("<blockquote>a</blockquote>", "> a"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
            "| a | b |\n| --- | --- |\n| 1 | 2 |",
        ),
    ],
)
def test_markdown(html: str, expected: str):
    assert markdown(html) == expected


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("/a", "https://site.example/a"),
        ("b", "https://site.example/dir/b"),
        ("?x", "https://site.example/dir/page?x"),
        ("#part", "https://site.example/dir/page?q=1#part"),
        ("//other.example/c", "https://other.example/c"),
        ("mailto:a@site.example", "mailto:a@site.example"),
        (" /a ", "https://site.example/a"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_links_become_absolute(link: str, absolute: str):
    assert markdown(f"<a href='{link}'>x</a>") == f"[x]({absolute})"


def test_base_element_counts():
    assert markdown("<base href='/other/'><a href='b'>x</a>") == "[x](https://site.example/other/b)"
    assert markdown("<base href='http://[broken'><a href='b'>x</a>") == "[x](https://site.example/dir/b)"


def test_bytes_in_disguise_are_dropped():
    assert "base64" not in markdown("<img alt='dot' src='data:image/png;base64,AAAA'>")


@pytest.mark.parametrize("tag", ["script", "style", "noscript", "template", "iframe", "svg", "title"])
def test_what_nobody_reads_is_dropped(tag: str):
    html = f"<body>a<{tag}>hidden</{tag}>b<!-- hidden --></body>"
    assert "hidden" not in markdown(html)
    assert "hidden" not in text(html)


def test_text_keeps_blocks_apart_and_words_together():
    html = "<div>a<p>b <b>c</b>d\n e</p>f</div>g<br>h<ul><li>i</li></ul><table><tr><td>j</td><td>k</td></tr></table>"
    assert [line.split() for line in text(html).splitlines() if line] == [
        ["a"],
        ["b", "cd", "e"],
        ["f"],
        ["g"],
        ["h"],
        ["i"],
        ["j", "k"],
    ]


def test_text_keeps_preformatted_lines():
    assert text("<p>a</p><pre>x\n   y</pre>") == "a\n\nx\n   y"


def test_title():
    assert Converter(BASE).markdown("<title> a\n b </title>x").title == "a b"
    assert Converter(BASE).title("<svg></svg><p>x") is None
    assert Converter(BASE).text("<title></title>x").title is None
    assert len(Converter(BASE).title(f"<title>{'x' * 900}</title>") or "") == 500


def test_unfinished_markup_becomes_text():
    assert defused("a<b>c<!-- d <i>e <f") == "a<b>c&lt;!-- d <i>e &lt;f"
    assert defused("<!-- a --><p>b") == "<!-- a --><p>b"


@pytest.mark.parametrize(
    "html",
    [
        "<a " * 50_000,
        "<a b='" * 30_000,
        "<!--" * 50_000,
        "<!--" * 50_000 + ">",
        "</" * 50_000,
        "<script>" + "</script " * 20_000,
        "<b" + " a" * 50_000 + ">",
        "<p>x" * 20_000,
        "<div>" * 20_000 + "x",
        "<div>x" * 20_000,
        "<a>" * 10_000 + "</b>" * 10_000,
    ],
    ids=lambda html: html[:12],
)
def test_hostile_documents_cost_little(html: str):
    started = time.monotonic()
    markdown(html)
    text(html)
    assert time.monotonic() - started < AFFORDABLE_SECONDS


def test_deep_nesting_falls_back_to_words():
    assert markdown("<div>" * 5000 + "deep" + "</div>" * 5000) == "deep"


@pytest.mark.parametrize("work", ["markdown", "text", "title"])
def test_conversion_can_be_stopped(work: str):
    stop = threading.Event()
    stop.set()
    with pytest.raises(ConversionStopped):
        getattr(Converter(BASE, stop), work)("<p>x")


@pytest.mark.parametrize("after", [1, 2, 3, 5, 8])
def test_conversion_stops_wherever_it_is(after: int):
    class Soon(threading.Event):
        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > after

    with pytest.raises(ConversionStopped):
        Converter(BASE, Soon()).markdown("<p>a</p><!doctype x><?pi?><a href='b'>c</a>" * 3)
    with pytest.raises(ConversionStopped):
        Converter(BASE, Soon()).text("<p>a</p><a href='b'>c</a>" * 3)


def test_html_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch):
    def reject(*_: object) -> None:
        raise AssertionError("unknown declaration")

    monkeypatch.setattr("html.parser.HTMLParser.parse_html_declaration", reject)
    with pytest.raises(FetchError, match="cannot be read"):
        markdown("<!doctype html>x")
