"""Fetches client ID metadata documents: public hosts only, no redirects, 5 seconds, 5 KiB, one request per URL."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

import anyio
import httpcore
from anyio import to_thread

from .cimd_documents import (
    DocumentError,
    cache_seconds,
    cached_document,
    checked_metadata,
    is_document_url,
    remember_document,
    remember_failure,
)
from .pinned import AddressRefusedError, PinnedBackend, Resolver, system_resolver
from .service.log_output import fields
from .store.contract import Store

_SECONDS = 5.0
_LARGEST = 5 * 1024
_AT_ONCE = 10
_TYPES = ("application/json", "application/cimd+json")
_logger = logging.getLogger(__name__)


class DocumentFetcher:
    """Sees to it that the store knows about the document of a client id."""

    def __init__(
        self,
        store: Store,
        *,
        allowed_hosts: Collection[str] = (),
        private_hosts: Collection[str] = (),
        resolver: Resolver = system_resolver,
    ) -> None:
        self._store = store
        self._allowed = tuple(host.lower().lstrip(".") for host in allowed_hosts)
        self._backend = PinnedBackend(private_hosts, resolver)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def ensure(self, client_id: str | None, admit: Callable[[], None] | None = None) -> str | None:
        """Makes the document of ``client_id`` known; returns why it is unusable, ``None`` if all is well.

        Client ids that are no URLs are none of its business. ``admit`` is called, in a
        thread, before anything is fetched, and may raise to prevent it.
        """
        if client_id is None or not is_document_url(client_id):
            return None
        found = await to_thread.run_sync(cached_document, self._store, client_id)
        if found is None:
            if admit is not None:
                await to_thread.run_sync(admit)
            await self._fetch_once(client_id)
            found = await to_thread.run_sync(cached_document, self._store, client_id)
        return found.fault if found else "the client metadata document could not be kept"

    async def _fetch_once(self, url: str) -> None:
        """Joins the fetch under way for the URL or starts it. A caller that leaves does not stop the others."""
        task = self._running.get(url)
        if task is None:
            task = asyncio.create_task(self._fetch_and_keep(url))
            self._running[url] = task
            task.add_done_callback(lambda _: self._running.pop(url, None))
        await asyncio.shield(task)

    async def _fetch_and_keep(self, url: str) -> None:
        try:
            async with self._slots:
                body, seconds = await self._fetch(url)
            metadata = checked_metadata(url, body)
        except DocumentError as error:
            _logger.info(fields("client_document_refused", {"host": urlsplit(url).netloc, "reason": str(error)}))
            await to_thread.run_sync(remember_failure, self._store, url, str(error))
            return
        await to_thread.run_sync(remember_document, self._store, url, metadata, seconds)

    async def _fetch(self, url: str) -> tuple[bytes, int]:
        if self._allowed and not self._allows((urlsplit(url).hostname or "").rstrip(".")):
            raise DocumentError("client metadata documents of this host are not accepted")
        try:
            with anyio.fail_after(_SECONDS):
                return await self._request(url)
        except AddressRefusedError as error:
            raise DocumentError(f"the client metadata document cannot be fetched: {error}") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, TimeoutError) as error:
            raise DocumentError("the client metadata document cannot be fetched") from error
        except (httpcore.UnsupportedProtocol, ssl.SSLError, OSError, UnicodeError, ValueError) as error:
            raise DocumentError("the client metadata document cannot be fetched") from error

    def _allows(self, host: str) -> bool:
        return any(host == allowed or host.endswith(f".{allowed}") for allowed in self._allowed)

    async def _request(self, url: str) -> tuple[bytes, int]:
        headers = [("Host", urlsplit(url).netloc), ("Accept", "application/json"), ("Accept-Encoding", "identity")]
        timeouts = {"timeout": {"connect": _SECONDS, "read": _SECONDS, "write": _SECONDS, "pool": _SECONDS}}
        pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=self._backend, max_keepalive_connections=0
        )
        async with pool, pool.stream("GET", url, headers=headers, extensions=timeouts) as response:
            if response.status != 200:
                raise DocumentError("the client metadata document was not answered with status 200")
            sent = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if sent.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
                raise DocumentError("the client metadata document is not sent as JSON")
            body = b""
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) > _LARGEST:
                    raise DocumentError("the client metadata document is larger than 5 KiB")
            return body, cache_seconds(sent.get("cache-control", ""))
