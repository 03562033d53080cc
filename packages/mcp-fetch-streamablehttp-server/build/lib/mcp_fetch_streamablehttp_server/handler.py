"""The fetch tool at work: checks a call, waits for its turn, fetches within the time limit, answers.

Everything the caller may be told becomes a result with ``isError``; everything
else is an exception and the business of the server.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import anyio
import httpx2
import mcp_types as types

from .answer import Answerer, failure
from .body import Bound
from .egress import PinnedTransport, proxy_transport, tls_context
from .exchange import Exchange, Order, Page
from .failure import FetchError
from .policy import DEFAULT_SCHEMES, Target, UrlPolicy
from .request_headers import LONGEST_USER_AGENT, checked_headers, checked_value
from .resolver import Resolver, system_resolver
from .robots import DEFAULT_CACHE_SIZE, LARGEST_FILE, MOST_REDIRECTS, Robots
from .tool import FetchArguments, FetchTool
from .turnstile import Turnstile

DEFAULT_USER_AGENT = "ModelContextProtocol/1.0"
DEFAULT_MAX_SIZE = 10 * 1024 * 1024
_ERROR_BODY_BYTES = 64 * 1024
_WAIT_FACTOR = 4
"""A fetch may wait for its turn this many times as long as it may take; a caller in a hurry goes away by itself."""


@dataclass(frozen=True)
class FetchLimits:
    """Bounds and habits of a handler. Times in seconds, sizes in bytes."""

    max_size: int = DEFAULT_MAX_SIZE
    timeout: float = 30
    connect_timeout: float = 5
    concurrency: int = 20
    concurrency_per_user: int = 4
    robots_cache_size: int = DEFAULT_CACHE_SIZE
    ignore_robots: bool = False
    verify_tls: bool = True
    user_agent: str = DEFAULT_USER_AGENT
    proxy: str | None = None

    def __repr__(self) -> str:
        # The address of a proxy may carry a password.
        return f"FetchLimits(max_size={self.max_size}, timeout={self.timeout}, concurrency={self.concurrency})"


class FetchHandler:
    """Fetches URLs for a model.

    Without ``policy`` public http and https addresses are fetched. ``resolver``
    replaces the system's name resolution; what it returns is judged like any
    address. ``transport`` replaces the network altogether, and with it the
    judgement of addresses: only for tests and proxies. Close the handler, or use it
    as an asynchronous context manager; after closing it can be used again.
    """

    def __init__(
        self,
        allowed_schemes: Sequence[str] = DEFAULT_SCHEMES,
        max_redirects: int = 5,
        *,
        policy: UrlPolicy | None = None,
        resolver: Resolver | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        limits: FetchLimits | None = None,
    ) -> None:
        self.policy = policy or UrlPolicy(schemes=tuple(allowed_schemes))
        self.limits = limits or FetchLimits()
        self._resolver = resolver or system_resolver
        self._given_transport = transport
        self._tool = FetchTool(self.limits.user_agent, max_redirects)
        self._running: _Running | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections. A transport that was given stays open."""
        running, self._running = self._running, None
        if running is not None and self._given_transport is None:
            await running.transport.aclose()

    def get_tools(self) -> list[types.Tool]:
        """The one tool there is."""
        return [self._tool.definition()]

    async def handle_fetch(self, arguments: Mapping[str, Any], *, user: str | None = None) -> types.CallToolResult:
        """Carries out one call of the tool for ``user``, who is nobody in particular by default."""
        try:
            return await self._fetch(self._tool.read(arguments), user)
        except FetchError as error:
            return failure(str(error))

    async def _fetch(self, arguments: FetchArguments, user: str | None) -> types.CallToolResult:
        order = _order(arguments)
        self.policy.check(order.url)
        running = self._started()
        async with running.turnstile.turn(user):
            try:
                with anyio.fail_after(self.limits.timeout):
                    page = await running.exchange.run(order, self._bound, running.permission(order.user_agent))
                    return await running.answerer.answer(page, arguments)
            except TimeoutError as error:
                raise FetchError(f"the fetch took longer than {self.limits.timeout:g} seconds") from error

    def _bound(self, status: int) -> Bound:
        if 200 <= status < 300:
            return Bound(self.limits.max_size)
        return Bound(min(self.limits.max_size, _ERROR_BODY_BYTES), cut=True)

    def _started(self) -> _Running:
        if self._running is None:
            self._running = _Running(self._given_transport or self._transport(), self.policy, self.limits)
        return self._running

    def _transport(self) -> httpx2.AsyncBaseTransport:
        tls = tls_context(self.limits.verify_tls)
        if self.limits.proxy is not None:
            return proxy_transport(self.limits.proxy, tls)
        # Every fetch may also be asking for a robots.txt on another connection.
        return PinnedTransport(self.policy, self._resolver, tls, max_connections=2 * self.limits.concurrency)


class _Running:
    """What a handler needs while it works: connections, caches, queues."""

    def __init__(self, transport: httpx2.AsyncBaseTransport, policy: UrlPolicy, limits: FetchLimits) -> None:
        self.transport = transport
        self.exchange = Exchange(transport, policy, connect_seconds=limits.connect_timeout, step_seconds=limits.timeout)
        self.turnstile = Turnstile(
            limits.concurrency, limits.concurrency_per_user, wait_seconds=_WAIT_FACTOR * limits.timeout
        )
        self.answerer = Answerer(max(1, min(4, os.cpu_count() or 1)))
        self._ignore_robots = limits.ignore_robots
        self._robots = Robots(self._ask_robots, cache_size=limits.robots_cache_size)

    def permission(self, user_agent: str) -> _Permission:
        """What is asked before every hop."""
        return _Permission(None if self._ignore_robots else self._robots, user_agent)

    async def _ask_robots(self, url: str, user_agent: str) -> Page:
        order = Order(url, user_agent, max_redirects=MOST_REDIRECTS)
        return await self.exchange.run(order, lambda _: Bound(LARGEST_FILE, cut=True), _Permission(None, user_agent))


@dataclass(frozen=True)
class _Permission:
    """Asks robots.txt about a hop, if it is asked at all."""

    robots: Robots | None
    user_agent: str

    async def __call__(self, target: Target) -> None:
        if self.robots is not None:
            await self.robots.require(target, self.user_agent)


def _order(arguments: FetchArguments) -> Order:
    headers = checked_headers(arguments.headers)
    if "user-agent" in headers:
        raise FetchError("refused by rule `header`: User-Agent is set with the argument `user_agent`")
    user_agent = checked_value("user_agent", arguments.user_agent)
    if not user_agent or len(user_agent) > LONGEST_USER_AGENT:
        raise FetchError(f"refused by rule `header`: user_agent must have 1 to {LONGEST_USER_AGENT} characters")
    return Order(
        url=arguments.url,
        user_agent=user_agent,
        method=arguments.method,
        headers=headers,
        body=arguments.body,
        max_redirects=arguments.max_redirects,
        follow_redirects=arguments.follow_redirects,
    )
