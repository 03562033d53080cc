"""What the endpoints of one application share. Built once by ``create_app``; holds no state of requests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request

from ..cimd import DocumentFetcher
from ..github import GitHub
from ..oauth.server import OAuthServer
from ..proxies import TrustedProxies
from ..resources import ProtectedResources
from ..secrets_at_rest import digest
from ..settings import Settings
from ..store.contract import Store
from .faults import WebError


@dataclass(frozen=True)
class Context:
    """Settings and the objects made from them."""

    settings: Settings
    store: Store
    oauth: OAuthServer
    github: GitHub
    documents: DocumentFetcher
    proxies: TrustedProxies
    resources: ProtectedResources

    async def know_document(self, request: Request, client_id: str | None) -> str | None:
        """Fetches the document of a client id unless it is known; returns why it is unusable.

        Raises:
            WebError: 429, when the address made the server fetch too many.
        """
        if not self.settings.enable_cimd:
            return None
        return await self.documents.ensure(client_id, partial(self.limit, "document", request))

    def limit(self, bucket: str, request: Request, who: str = "") -> None:
        """Counts a request of ``who`` at an address.

        Raises:
            WebError: 429, when there were too many.
        """
        rate = self.settings.rate_of("registration" if bucket == "register" else "token")
        key = digest(f"{who}\n{self.proxies.client_ip(request)}")[:32]
        count, left = self.store.hit(bucket, key, rate.window)
        if count > rate.limit:
            raise WebError(429, "temporarily_unavailable", "too many requests", headers={"Retry-After": str(left)})
