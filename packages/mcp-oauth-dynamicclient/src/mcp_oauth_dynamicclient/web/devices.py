"""The page where a user types the code a device shows (RFC 8628 section 3.3). Consent is asked as for any client."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from ..oauth.device import find_by_user_code
from ..secrets_at_rest import digest, same
from .authorize import Asked, AuthorizationEndpoints, ask_later, question_about
from .bodies import form_of, query_of
from .context import Context
from .cookies import FORM, Cookies
from .pages import device_page
from .pending import AUTHREQ_SECONDS, AuthorizationRequest


class DevicePage:
    """``/device``."""

    def __init__(self, context: Context, authorization: AuthorizationEndpoints) -> None:
        self._context = context
        self._authorization = authorization
        self._cookies = Cookies(context.settings)

    async def show(self, request: Request) -> Response:
        """Asks for the code; a code in the address is filled in but must still be sent."""
        browser = self._cookies.read_or_new(request, FORM)
        return self._page(browser, query_of(request).value("user_code") or "")

    async def submit(self, request: Request) -> Response:
        """Looks the code up and asks for consent."""
        incoming = await form_of(request)
        browser = self._cookies.read(request, FORM)
        if browser is None or not same(incoming.value("csrf_token") or "", digest(browser)):
            fresh = self._cookies.read_or_new(request, FORM)
            return self._page(fresh, "", "This form has expired. Enter the code again.", 400)
        await to_thread.run_sync(self._context.limit, "user_code", request)
        asked = await to_thread.run_sync(self._asked, incoming.value("user_code") or "", digest(browser))
        if asked is None:
            return self._page(browser, "", "This code is unknown or has expired.", 400)
        return self._authorization.ask(asked, browser)

    def _page(self, browser: str, user_code: str, note: str | None = None, status: int = 200) -> Response:
        response = device_page(user_code[:32], digest(browser), note, status)
        self._cookies.set(response, FORM, browser, AUTHREQ_SECONDS)
        return response

    def _asked(self, user_code: str, browser_digest: str) -> Asked | None:
        found = find_by_user_code(self._context.store, user_code)
        client = self._context.oauth.query_client(found[1].client_id) if found else None
        if found is None or client is None:
            return None
        device_digest, waiting = found
        request = AuthorizationRequest(
            parameters=[],
            client_id=client.client_id,
            redirect_uri="",
            scope=waiting.scope,
            browser_digest=browser_digest,
            device_digest=device_digest,
        )
        question = question_about(client, None, waiting.scope, waiting.resource)
        return ask_later(self._context, request, question)
