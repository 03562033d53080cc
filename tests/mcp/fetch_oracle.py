"""Compares the markdown of the fetch server with that of the official mcp-server-fetch, on the same local page.

usage: python tests/mcp/fetch_oracle.py

The texts differ: the official server keeps what a readability heuristic takes
for the article. Headings, links, code, tables and list items must be in both. The exit
status is 1 if one is missing.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import readabilipy
from foreign_tools import node, npm
from local_site import local_site
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from run_conformance import SERVERS, server

ELEMENTS: dict[str, Callable[[str], set[str]]] = {
    "headings": lambda text: set(re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)),
    "links": lambda text: {label for label, _ in re.findall(r"\[([^\]]+)\]\(([^)]+)\)", text)},
    "inline code": lambda text: set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)),
    "code blocks": lambda text: {block.strip() for block in re.findall(r"```\n(.*?)```", text, flags=re.DOTALL)},
    "table rows": lambda text: {
        " | ".join(cell.strip() for cell in row.strip("|").split("|"))
        for row in re.findall(r"^\|.*\|$", text, flags=re.MULTILINE)
        if set(row) - set("|-: ")
    },
    "list items": lambda text: set(re.findall(r"^\s*(?:[*+-]|\d+\.) +(.+?) *$", text, flags=re.MULTILINE)),
    "emphasis": lambda text: set(re.findall(r"\*+([^*\n]+)\*+", text)),
    "quotations": lambda text: set(re.findall(r"^> *(.+)$", text, flags=re.MULTILINE)),
}
EXPECTED = {
    "headings": {"How to boil", "Sizes", "See also"},
    "links": {"page on teapots", "history of kettles"},
    "inline code": {"boil()"},
    "code blocks": {"def boil(water):\n    while water.temperature < 100:\n        heat(water)"},
    "table rows": {"Kettle | Litres", "Small | 0.5", "Large | 1.7"},
    "list items": {"Fill the kettle.", "Switch it on.", "Teapots", "Samovars"},
    "emphasis": {"water", "not"},
    "quotations": {"A watched pot never boils, said somebody who had watched one for long enough to know."},
}


async def markdown(target: Any, page: str) -> str:
    """What a server makes of a page."""
    async with Client(target) as client:
        result = await client.call_tool("fetch", {"url": page, "max_length": 100_000})
    text: str = result.content[0].text
    if result.is_error:
        raise RuntimeError(text)
    return text


async def both(page: str, url: str, quiet: TextIO) -> tuple[str, str]:
    """Our markdown and theirs."""
    # The official server speaks stdio, and refuses loopback unless told otherwise.
    theirs = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mcp_server_fetch", "--allow-private-ips"],
        env={"PATH": os.pathsep.join((str(Path(node()).parent), os.environ["PATH"])), "PYTHONUTF8": "1"},
    )
    return await markdown(url, page), await markdown(stdio_client(theirs, errlog=quiet), page)


def ensure_readability() -> None:
    """Installs the JavaScript part of the official server's readability library, without which it drops links and code.

    The library would do so by itself at the first run, with whatever npm stands first on the path.
    """
    scripts = Path(readabilipy.__file__).parent / "javascript"
    if not (scripts / "node_modules").is_dir():
        npm("install", scripts)


def main() -> int:
    """Prints the table; returns the exit status."""
    ensure_readability()
    missing = 0
    with (
        local_site() as site,
        server(SERVERS["fetch"], {"FETCH_ALLOW_HOSTS": site.removeprefix("http://")}) as url,
        Path(os.devnull).open("w", encoding="utf-8") as quiet,
    ):
        ours, theirs = asyncio.run(both(f"{site}/article", url, quiet))
    for name, find in ELEMENTS.items():
        lacking = {who: EXPECTED[name] - find(text) for who, text in (("ours", ours), ("theirs", theirs))}
        missing += sum(map(len, lacking.values()))
        print(f"{'FAIL' if any(lacking.values()) else 'same'}  {name:<12} {len(EXPECTED[name])}")
        for who, elements in lacking.items():
            for element in sorted(elements):
                print(f"      missing in {who}: {element!r}")
    if missing:
        print(f"\n--- ours\n{ours}\n\n--- theirs\n{theirs}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
