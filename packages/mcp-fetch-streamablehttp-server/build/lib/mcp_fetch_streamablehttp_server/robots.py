"""robots.txt by RFC 9309: asked for once per origin and agent, kept for an hour, decided before every hop.

The file is fetched by the caller's own means, under the same policy as any page.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
from protego import Protego

from .exchange import Page, TooManyRedirectsError
from .failure import FetchError, UrlRefusedError
from .policy import Target

LARGEST_FILE = 500 * 1024
KEPT_SECONDS = 3600
MOST_REDIRECTS = 5
DEFAULT_CACHE_SIZE = 1000
_KEPT_CHARACTERS = 16 * 1024 * 1024
"""Bounds the memory of the cache whatever its number of entries."""
_PARSED_INLINE = 32 * 1024
_MOST_AGENTS = 50
_AGENT_LINE = re.compile(r"\s*user[- ]?agent\s*:?\s*(.*?)\s*(?:#.*)?", re.IGNORECASE)

AskRobots = Callable[[str, str], Awaitable[Page]]
"""Fetches a robots.txt (URL, user agent), following at most five redirects."""


@dataclass(frozen=True)
class _Kept:
    rules: Protego | None
    characters: int
    until: float


class Robots:
    """Answers whether an agent may fetch a URL."""

    def __init__(
        self, ask: AskRobots, *, cache_size: int = DEFAULT_CACHE_SIZE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._size = cache_size
        self._clock = clock
        self._kept: OrderedDict[tuple[object, str], _Kept] = OrderedDict()
        self._characters = 0
        self._asking: dict[tuple[object, str], anyio.Lock] = {}

    async def require(self, target: Target, agent: str) -> None:
        """Lets a permitted fetch pass.

        Raises:
            FetchError: robots.txt forbids it, or cannot be read.
        """
        if target.url.path == "/robots.txt":
            return
        rules = await self._rules(target, agent)
        if rules is not None and not rules.can_fetch(str(target.url), agent):
            raise FetchError(
                "refused by rule `robots`: the robots.txt of the site forbids this page to this user agent"
            )

    async def _rules(self, target: Target, agent: str) -> Protego | None:
        key = (target.origin, agent.lower())
        kept = self._find(key)
        if kept is not None:
            return kept.rules
        # One question per origin at a time; whoever waited finds the answer in the cache.
        lock = self._asking.setdefault(key, anyio.Lock())
        try:
            async with lock:
                kept = self._find(key)
                if kept is None:
                    kept = await self._fetch(target, agent)
                    self._keep(key, kept)
                return kept.rules
        finally:
            if not lock.statistics().tasks_waiting and not lock.locked():
                self._asking.pop(key, None)

    async def _fetch(self, target: Target, agent: str) -> _Kept:
        until = self._clock() + KEPT_SECONDS
        try:
            page = await self._ask(str(target.url.copy_with(raw_path=b"/robots.txt")), agent)
        except TooManyRedirectsError:
            # RFC 9309 2.3.1.2: more than five redirects count as unavailable, which permits.
            return _Kept(None, 0, until)
        except FetchError as error:
            if isinstance(error, UrlRefusedError) and error.rule == "address":
                raise
            raise FetchError(f"refused by rule `robots`: robots.txt could not be read ({error})") from error
        if page.status >= 500:
            raise FetchError(f"refused by rule `robots`: robots.txt could not be read (status {page.status})")
        if not page.good:
            return _Kept(None, 0, until)
        text = relevant_lines(page.body[:LARGEST_FILE].decode("utf-8-sig", "replace"), agent)
        if len(text) > _PARSED_INLINE:
            rules = await anyio.to_thread.run_sync(Protego.parse, text)
        else:
            rules = Protego.parse(text)
        return _Kept(rules, len(text), until)

    def _find(self, key: tuple[object, str]) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def _keep(self, key: tuple[object, str], kept: _Kept) -> None:
        self._drop(key)
        self._kept[key] = kept
        self._characters += kept.characters
        while self._kept and (len(self._kept) > self._size or self._characters > _KEPT_CHARACTERS):
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[object, str]) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._characters -= dropped.characters


def relevant_lines(text: str, agent: str) -> str:
    """The file without the names of other agents.

    A file may name thousands of agents before thousands of rules; the parser
    would store every rule once per name.
    """
    lowered = agent.lower()
    lines: list[str] = []
    group: list[str] = []
    for line in text.splitlines():
        found = _AGENT_LINE.fullmatch(line)
        if found is None:
            lines.append(line)
            if line.strip() and not line.lstrip().startswith("#"):
                group = []
            continue
        name = found.group(1).lower()
        shown = name if name and name.replace("*", "") in lowered else "-"
        if shown not in group and len(group) < _MOST_AGENTS:
            group.append(shown)
            lines.append(f"User-agent: {shown}")
    return "\n".join(lines)
