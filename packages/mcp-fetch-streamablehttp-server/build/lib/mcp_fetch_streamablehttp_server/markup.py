"""Parses HTML into a tree, within time: the parser can be stopped, and hostile input is defused first.

The parser of older Python releases takes quadratic time on tags and comments
that never end. They are no markup anyway: :func:`defused` turns them into text
before the parser sees them.
"""

from __future__ import annotations

import threading
from typing import Any

from bs4 import BeautifulSoup
from bs4.builder import ParserRejectedMarkup
from bs4.builder._htmlparser import BeautifulSoupHTMLParser, HTMLParserTreeBuilder


class ConversionStopped(Exception):  # noqa: N818 - it reports no error of the document
    """The conversion was given up because nobody waits for it any more."""


class _Parser(BeautifulSoupHTMLParser):
    """The parser of the library, able to stop at every construct."""

    stop: threading.Event

    def parse_starttag(self, i: int) -> int:
        """Parses a start tag."""
        self._check()
        return super().parse_starttag(i)

    def parse_endtag(self, i: int) -> int:
        """Parses an end tag."""
        self._check()
        return super().parse_endtag(i)

    def parse_html_declaration(self, i: int) -> int:
        """Parses a comment or declaration."""
        self._check()
        return super().parse_html_declaration(i)

    def parse_pi(self, i: int) -> int:
        """Parses a processing instruction."""
        self._check()
        return super().parse_pi(i)

    def _check(self) -> None:
        if self.stop.is_set():
            raise ConversionStopped


class _Builder(HTMLParserTreeBuilder):
    """Feeds the stoppable parser."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def feed(self, markup: Any, *_: Any) -> None:
        """Parses the document into the tree."""
        arguments, options = self.parser_args
        if self.soup is None:
            raise RuntimeError("the tree is made before its parser")
        parser = _Parser(self.soup, *arguments, **options)
        parser.stop = self._stop
        try:
            parser.feed(markup)
            parser.close()
        except AssertionError as error:
            raise ParserRejectedMarkup(error) from error


def parse(html: str, stop: threading.Event) -> BeautifulSoup:
    """The tree of a document.

    Raises:
        ConversionStopped: ``stop`` was set meanwhile.
    """
    if stop.is_set():
        raise ConversionStopped
    return BeautifulSoup(defused(html), builder=_Builder(stop))


def defused(html: str) -> str:
    """The document with tags and comments that never end turned into text."""
    closed = html.rfind("-->") + 1
    html = html[:closed] + html[closed:].replace("<!--", "&lt;!--")
    end = html.rfind(">") + 1
    return html[:end] + html[end:].replace("<", "&lt;")
