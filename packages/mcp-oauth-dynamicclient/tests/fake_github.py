"""A GitHub small enough for tests: the login page, the token endpoint and the user API, on loopback.

It checks what GitHub checks (client id and secret, redirect URI, single use of
codes, PKCE) and can be told to misbehave. Use it as a context manager::

    with FakeGitHub() as github:
        github.behave(user={"id": 7, "login": "bob"})
        ...  # github.url, github.api_url

or as a program: ``python fake_github.py --port 0`` prints its address and
serves until it is ended; ``POST /_control`` takes the behaviour as JSON.

The user is signed in already and approves at once: ``GET /login/oauth/authorize``
redirects straight back.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID = "github-client"
CLIENT_SECRET = "not-a-real-secret"
ALICE = {"id": 1001, "login": "alice", "name": "Alice Example", "email": "alice@example.org"}


class Behaviour:
    """What the next requests meet.

    ``user``: who is signed in. ``emails``: what ``/user/emails`` lists; by default the user's address.
    ``deny``: the user declines. ``delay``: seconds every back channel answer takes.
    ``status``: answer the back channel with this status. ``fail_at``: only at this path.
    ``token_error``: the token endpoint answers this error with status 200, as GitHub does.
    """

    def __init__(self) -> None:
        self.user: dict[str, Any] = dict(ALICE)
        self.emails: list[dict[str, Any]] | None = None
        self.deny = False
        self.delay = 0.0
        self.status = 200
        self.fail_at: str | None = None
        self.token_error: str | None = None


class FakeGitHub:
    """The server. ``seen`` lists the paths asked for, ``issued`` the secrets that must not reach a log."""

    def __init__(self, port: int = 0) -> None:
        self.behaviour = Behaviour()
        self.seen: list[str] = []
        self.issued: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, set[str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._server.github = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """For ``GITHUB_URL``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def api_url(self) -> str:
        """For ``GITHUB_API_URL``."""
        return f"{self.url}/api"

    def behave(self, **changes: Any) -> None:
        """Starts from correct behaviour and applies ``changes``."""
        fresh = Behaviour()
        for name, value in changes.items():
            if not hasattr(fresh, name):
                raise ValueError(f"no such behaviour: {name}")
            setattr(fresh, name, value)
        self.behaviour = fresh

    def __enter__(self) -> FakeGitHub:  # noqa: PYI034 - typing.Self needs Python 3.11
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def serve_forever(self) -> None:
        """Serves in this thread."""
        self._server.serve_forever()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def github(self) -> FakeGitHub:
        return self.server.github  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.github.seen.append(parts.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/login/oauth/authorize":
            self._authorize(query)
        elif parts.path in {"/api/user", "/api/user/emails"}:
            self._user(parts.path)
        else:
            self._answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        self.github.seen.append(parts.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if parts.path == "/_control":
            self.github.behave(**json.loads(body or "{}"))
            self._answer(200, {})
        elif parts.path == "/login/oauth/access_token":
            if not self._misbehaved(parts.path):
                self._token({key: values[0] for key, values in parse_qs(body).items()})
        else:
            self._answer(404, {"message": "Not Found"})

    def _authorize(self, query: dict[str, str]) -> None:
        wanted = {"client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"}
        if missing := wanted - set(query):
            self._answer(400, {"message": f"missing: {', '.join(sorted(missing))}"})
            return
        if query["client_id"] != CLIENT_ID or query["code_challenge_method"] != "S256":
            self._answer(400, {"message": "wrong client or challenge method"})
            return
        if self.github.behaviour.deny:
            answer = {"error": "access_denied", "error_description": "The user has denied <b>your</b> application"}
        else:
            code = secrets.token_hex(10)
            self.github.codes[code] = query
            self.github.issued.append(code)
            answer = {"code": code}
        self._redirect(f"{query['redirect_uri']}?{urlencode({**answer, 'state': query['state']})}")

    def _token(self, form: dict[str, str]) -> None:
        asked = self.github.codes.pop(form.get("code", ""), None)
        if self.github.behaviour.token_error:
            self._answer(200, {"error": self.github.behaviour.token_error})
            return
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            self._answer(200, {"error": "incorrect_client_credentials"})
            return
        if asked is None:
            self._answer(200, {"error": "bad_verification_code"})
            return
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            self._answer(200, {"error": "bad_verification_code"})
            return
        token = f"gho_{secrets.token_hex(16)}"
        self.github.tokens[token] = set(asked["scope"].replace(",", " ").split())
        self.github.issued.append(token)
        self._answer(200, {"access_token": token, "token_type": "bearer", "scope": asked["scope"]})

    def _user(self, path: str) -> None:
        if self._misbehaved(path):
            return
        scopes = self.github.tokens.get(self.headers.get("authorization", "").partition(" ")[2])
        user = self.github.behaviour.user
        if scopes is None:
            self._answer(401, {"message": "Bad credentials"})
        elif path == "/api/user":
            self._answer(200, {**user, "email": None})
        elif "user:email" not in scopes:
            self._answer(404, {"message": "Not Found"})
        else:
            own = [{"email": user.get("email"), "primary": True, "verified": True}]
            self._answer(200, own if self.github.behaviour.emails is None else self.github.behaviour.emails)

    def _misbehaved(self, path: str) -> bool:
        behaviour = self.github.behaviour
        if behaviour.fail_at is not None and behaviour.fail_at != path:
            return False
        if behaviour.delay:
            time.sleep(behaviour.delay)
        if behaviour.status == 200:
            return False
        self._answer(behaviour.status, {"message": "internal detail that no client may see"})
        return True

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller stopped waiting, which slow answers are meant to cause

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Says nothing."""


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(description="A fake GitHub for tests.")
    parser.add_argument("--port", type=int, default=0)
    github = FakeGitHub(parser.parse_args().port)
    print(github.url, flush=True)
    try:
        github.serve_forever()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
