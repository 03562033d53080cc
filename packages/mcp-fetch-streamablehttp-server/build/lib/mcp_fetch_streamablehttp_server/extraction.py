"""The main content of a page, through ``trafilatura`` when the extra ``[extract]`` is installed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .about import NAME
from .failure import FetchError


def extract_main(html: str, address: str, *, markdown: bool) -> str:
    """Article text without navigation and footers.

    Raises:
        FetchError: the extra is not installed, or there is no main content.
    """
    if "<html" not in html.lower():
        # The library takes whole documents only; browsers do not need the tag.
        html = f"<html><body>{html}</body></html>"
    extracted = _library().extract(
        html,
        url=address,
        output_format="markdown" if markdown else "txt",
        include_links=markdown,
        include_tables=True,
        include_formatting=markdown,
        include_comments=False,
    )
    if not extracted:
        raise FetchError("no main content was found in the page; fetch it without `extract`")
    return str(extracted).strip()


def _library() -> ModuleType:
    try:
        return import_module("trafilatura")
    except ModuleNotFoundError as error:
        raise FetchError(
            f"`extract` needs an extra that is not installed on the server: pip install '{NAME}[extract]'"
        ) from error
