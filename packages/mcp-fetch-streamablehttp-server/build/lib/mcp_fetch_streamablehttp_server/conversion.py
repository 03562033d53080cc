"""From HTML to markdown or plain text, with the title and absolute links. Runs no script, loads nothing."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.builder import ParserRejectedMarkup
from bs4.element import CData, NavigableString, PreformattedString, RubyParenthesisString, RubyTextString
from markdownify import ATX, MarkdownConverter

from .failure import FetchError
from .markup import ConversionStopped, parse

UNREADABLE = ("script", "style", "noscript", "template", "iframe", "svg")
_LINKS = (("a", "href"), ("area", "href"), ("img", "src"))
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "fieldset", "figcaption",
     "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p",
     "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)  # fmt: skip
_CELLS = frozenset({"td", "th"})
_SPOKEN = (NavigableString, CData, RubyTextString, RubyParenthesisString)
_BLANK_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_TRAILING = re.compile(r"[ \t\r\f\v\u00a0]+$", re.MULTILINE)
_LONGEST_TITLE = 500


@dataclass(frozen=True)
class Document:
    """What a page says."""

    title: str | None
    text: str


class Converter:
    """Converts documents found at ``base``; ``stop`` set from another thread ends the work."""

    def __init__(self, base: str, stop: threading.Event | None = None) -> None:
        self._base = base
        self._stop = stop or threading.Event()

    def markdown(self, html: str) -> Document:
        """The document as markdown with ATX headings."""
        soup, title = self._readable(html)
        try:
            text = str(_Markdown(self._stop).convert_soup(soup))
        except RecursionError:
            # Nested deeper than the interpreter allows: its words are still readable.
            text = self._words(soup)
        return Document(title, _tidy(text))

    def text(self, html: str) -> Document:
        """The words of the document, one block per line."""
        soup, title = self._readable(html)
        return Document(title, _tidy(self._words(soup)))

    def title(self, html: str) -> str | None:
        """The title alone."""
        return _title(self._parsed(html))

    def _parsed(self, html: str) -> BeautifulSoup:
        try:
            return parse(html, self._stop)
        except ParserRejectedMarkup as error:
            raise FetchError("the HTML of the page cannot be read; try format `raw`") from error

    def _readable(self, html: str) -> tuple[BeautifulSoup, str | None]:
        """The tree without what nobody reads, with absolute links, and the title that was in it."""
        soup = self._parsed(html)
        title = _title(soup)
        for element in soup.find_all((*UNREADABLE, "title")):
            element.decompose()
        base = self._base
        declared = soup.find("base", href=True)
        if isinstance(declared, Tag):
            base = _joined(base, str(declared["href"])) or base
        for name, attribute in _LINKS:
            for element in soup.find_all(name):
                self._check()
                _make_absolute(element, attribute, base)
        return soup, title

    def _words(self, soup: BeautifulSoup) -> str:
        parts: list[str] = []
        inside: list[tuple[str, Iterator[Any]]] = [("", iter(soup.children))]
        preformatted = 0
        while inside:
            self._check()
            name, children = inside[-1]
            node = next(children, None)
            if node is None:
                inside.pop()
                preformatted -= name == "pre"
                parts.append(_edge(name))
            elif isinstance(node, Tag):
                inside.append((node.name, iter(node.children)))
                preformatted += node.name == "pre"
                parts.append(_edge(node.name))
            elif isinstance(node, _SPOKEN) and (isinstance(node, CData) or not isinstance(node, PreformattedString)):
                parts.append(str(node) if preformatted else _SPACES.sub(" ", node))
        return "".join(parts)

    def _check(self) -> None:
        if self._stop.is_set():
            raise ConversionStopped


class _Markdown(MarkdownConverter):
    """The converter of the library, able to stop."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__(heading_style=ATX)
        self._stop = stop

    def process_tag(self, node: Tag, parent_tags: Any = None) -> str:
        """Converts one element and what is in it."""
        if self._stop.is_set():
            raise ConversionStopped
        converted: str = super().process_tag(node, parent_tags=parent_tags)  # type: ignore[misc]  # its stub lacks it
        return converted


def _edge(name: str) -> str:
    """What separates an element from its neighbours."""
    if name in _BLOCKS:
        return "\n"
    return " " if name in _CELLS else ""


def _title(soup: BeautifulSoup) -> str | None:
    element = soup.find("title")
    if not isinstance(element, Tag):
        return None
    return _SPACES.sub(" ", element.get_text()).strip()[:_LONGEST_TITLE] or None


def _make_absolute(element: Tag, attribute: str, base: str) -> None:
    value = element.get(attribute)
    if not isinstance(value, str):
        return
    address = value.strip()
    if address.lower().startswith("data:"):
        # Bytes in disguise: kilobytes nobody can read.
        del element[attribute]
        return
    absolute = _joined(base, address)
    if absolute is not None:
        element[attribute] = absolute


def _joined(base: str, address: str) -> str | None:
    try:
        return urljoin(base, address)
    except ValueError:
        return None


def _tidy(text: str) -> str:
    lines = _TRAILING.sub("", text)
    return _BLANK_LINES.sub("\n\n", lines).strip()
