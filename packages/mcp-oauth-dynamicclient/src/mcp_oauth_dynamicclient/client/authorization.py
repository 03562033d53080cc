"""One authorization code flow: address, browser, answer, its checks, the code. Stores nothing.

OAuth 2.1 with PKCE (RFC 7636, S256), ``state``, ``resource`` (RFC 8707) and the
issuer check of RFC 9207.
"""

from __future__ import annotations

import hmac
import inspect
import secrets
import webbrowser
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio
from anyio import to_thread

from .addresses import require_secure
from .discovery import ServerMetadata
from .errors import AuthorizationError

Show = Callable[[str], Any]
_T = TypeVar("_T")


def new_secret() -> str:
    """A fresh ``state`` or code verifier: 43 characters, 256 bits (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(32)


def shows_of(open_browser: Show | bool | None, on_authorize_url: Show | None) -> list[Show]:
    """Everybody who is to see the authorization address, the one who only wants to know first."""
    told = [on_authorize_url] if on_authorize_url is not None else []
    if callable(open_browser):
        return [*told, open_browser]
    if open_browser is True or (open_browser is None and not told):
        return [*told, _system_browser]
    return told


def _system_browser(url: str) -> None:
    if not webbrowser.open(url):
        raise AuthorizationError("no browser could be opened; give `on_authorize_url` to show the address yourself")


async def answer_while_showing(url: str, shows: list[Show], wait: Callable[[], Awaitable[_T]]) -> _T:
    """Shows ``url`` to the person by every callable of ``shows`` and waits for the answer meanwhile.

    A callable may be a coroutine function; any other runs in a thread, for a browser that blocks.
    """
    require_secure(url, "the authorization address")
    failure: Exception | None = None
    answer: list[_T] = []

    async def show() -> None:
        nonlocal failure
        try:
            for each in shows:
                await _shown(each, url)
        except Exception as error:  # noqa: BLE001 - raised below: the task group would wrap it
            failure = error
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(show)
        try:
            answer.append(await wait())
        except AuthorizationError as error:
            failure = error
        tasks.cancel_scope.cancel()
    if answer:
        return answer[0]
    raise failure or AuthorizationError("authorization ended without an answer")


async def _shown(show: Show, url: str) -> None:
    if inspect.iscoroutinefunction(show):
        await show(url)
        return
    result = await to_thread.run_sync(show, url, abandon_on_cancel=True)
    if inspect.isawaitable(result):
        await result


def authorization_code(answer: Mapping[str, str], *, state: str, server: ServerMetadata) -> str:
    """The code in an authorization response that is meant for this request.

    ``state`` first, then the issuer, and only then what the answer says: an error
    of somebody else is no error of ours (RFC 9207, section 2.4).

    Raises:
        AuthorizationError: the answer is somebody else's, or a refusal.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise AuthorizationError("answer carries another `state` than this request")
    issuer = answer.get("iss")
    if issuer is None and server.iss_parameter:
        raise AuthorizationError(f"answer lacks `iss`, which the authorization server promises: {server.issuer}")
    if issuer is not None and issuer != server.issuer:
        raise AuthorizationError(f"answer comes from another issuer than asked: {server.issuer}")
    if "error" in answer:
        # The description is the server's, checked above to be the one that was asked.
        said = ": ".join(answer[name] for name in ("error", "error_description") if answer.get(name))
        raise AuthorizationError(f"authorization refused ({said})", code=answer["error"])
    if not answer.get("code"):
        raise AuthorizationError("answer carries neither a code nor an error")
    return answer["code"]
