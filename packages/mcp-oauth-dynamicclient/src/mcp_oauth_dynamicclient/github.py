"""GitHub as the place where users sign in. Passes nothing of what GitHub says on to clients but who the user is."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx

from .settings import Settings

_SECONDS = 10.0
_LARGEST = 256 * 1024


class GitHubUnavailableError(Exception):
    """GitHub did not answer in time, or answered with an error of its own."""


class GitHubRefusedError(Exception):
    """GitHub did not accept the sign-in."""


@dataclass(frozen=True)
class User:
    """Who signed in. ``sub`` is GitHub's numeric id, which survives a change of the login name."""

    sub: str
    login: str
    name: str
    email: str | None


class GitHub:
    """The upstream login, by the authorization code flow with PKCE."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._callback = f"{settings.issuer}/callback"

    @property
    def origin(self) -> str:
        """Where the browser goes to sign in."""
        url = httpx.URL(self._settings.github_url)
        return f"{url.scheme}://{url.netloc.decode('ascii')}"

    def sign_in_url(self, state: str, verifier: str, *, email: bool) -> str:
        """The address that asks the user to sign in."""
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": self._settings.github_client_id,
            "redirect_uri": self._callback,
            "scope": "read:user user:email" if email else "read:user",
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._settings.github_url}/login/oauth/authorize?{urlencode(query)}"

    async def user_of(self, code: str, verifier: str, *, email: bool) -> User:
        """Exchanges a code and asks who signed in.

        Raises:
            GitHubUnavailableError: no usable answer within ten seconds.
            GitHubRefusedError: GitHub does not accept the code.
        """
        try:
            with anyio.fail_after(_SECONDS):
                return await self._user_of(code, verifier, email=email)
        except (httpx.HTTPError, TimeoutError, httpx.InvalidURL) as error:
            raise GitHubUnavailableError(type(error).__name__) from error

    async def _user_of(self, code: str, verifier: str, *, email: bool) -> User:
        form = {
            "client_id": self._settings.github_client_id,
            "client_secret": self._settings.github_client_secret.get_secret_value(),
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": verifier,
        }
        answer = await self._ask("POST", f"{self._settings.github_url}/login/oauth/access_token", data=form)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise GitHubRefusedError("no access token")
        headers = {"Authorization": f"Bearer {token}"}
        profile = await self._ask("GET", f"{self._settings.github_api_url}/user", headers=headers)
        if not isinstance(profile, dict) or not isinstance(profile.get("id"), int) or not profile.get("login"):
            raise GitHubUnavailableError("no user in the answer")
        address = await self._email(headers) if email else None
        login = str(profile["login"])
        return User(str(profile["id"]), login, str(profile.get("name") or login), address)

    async def _email(self, headers: dict[str, str]) -> str | None:
        """The primary address, if it is verified."""
        entries = await self._ask("GET", f"{self._settings.github_api_url}/user/emails", headers=headers)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("primary") is True and entry.get("verified") is True:
                return str(entry.get("email") or "") or None
        return None

    async def _ask(self, method: str, url: str, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        sent = {"Accept": "application/json", **(headers or {})}
        async with self._client.stream(method, url, headers=sent, **more) as response:
            if response.status_code >= 500 or response.status_code == 429:
                raise GitHubUnavailableError(f"status {response.status_code}")
            if response.status_code != 200:
                raise GitHubRefusedError(f"status {response.status_code}")
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _LARGEST:
                    raise GitHubUnavailableError("an answer that is too long")
        try:
            return httpx.Response(200, content=body).json()
        except ValueError as error:
            raise GitHubUnavailableError("an answer that is not JSON") from error


def upstream_client() -> httpx.AsyncClient:
    """The HTTP client for GitHub. Follows no redirects; its limits keep slow answers from piling up."""
    return httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False, limits=httpx.Limits(max_connections=100))
