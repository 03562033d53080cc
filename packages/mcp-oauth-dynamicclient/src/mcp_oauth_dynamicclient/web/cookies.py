"""The two cookies: one ties forms to the browser that was shown them, one ties GitHub's answer to the approval.

Both hold nothing but a random value whose digest is stored with the request.
A browser keeps its value over several sign-ins at once, so that they do not
push each other out.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from ..secrets_at_rest import new_secret
from ..settings import Settings

FORM, SIGN_IN = "mcp_form", "mcp_auth"
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


class Cookies:
    """Reads and sets them with the strictest attributes the issuer's scheme allows."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = "" if settings.insecure_cookies else "__Host-"
        self._secure = not settings.insecure_cookies

    def name(self, cookie: str) -> str:
        """The name on the wire. Without TLS, which only loopback may do, it has no prefix."""
        return self._prefix + cookie

    def read(self, request: Request, cookie: str) -> str | None:
        """The value, if it is one of ours by its looks."""
        value = request.cookies.get(self.name(cookie), "")
        return value if _VALUE.fullmatch(value) else None

    def read_or_new(self, request: Request, cookie: str) -> str:
        """The value, or a fresh one to be set."""
        return self.read(request, cookie) or new_secret()

    def set(self, response: Response, cookie: str, value: str, seconds: int) -> None:
        """Sets it for this host alone."""
        response.set_cookie(
            self.name(cookie), value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
        )
