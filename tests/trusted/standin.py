"""Stands in for what cannot be reached: a CI's identity service, and an index that mints tokens for identities.

It refuses what the real ones refuse, with their words: an identity with a wrong signature, issuer or audience, one
that has lapsed or was used before, a publisher that no project has, a token that has lapsed or is not for the
project. What it takes it hands on to the embedded index, which judges and keeps it.
"""

from __future__ import annotations

import base64
import email.parser
import email.policy
import http.client
import json
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from sigstore_standin import RefusedError as SigstoreRefusedError
from sigstore_standin import Sigstore

GITHUB = "https://token.actions.githubusercontent.com"
LEEWAY = 30
CLAIMS = {
    "sub": "repo:acme/tools:environment:release",
    "repository": "acme/tools",
    "repository_owner": "acme",
    "workflow_ref": "acme/tools/.github/workflows/release.yml@refs/tags/v1",
    "job_workflow_ref": "acme/tools/.github/workflows/release.yml@refs/tags/v1",
    "ref": "refs/tags/v1",
    "sha": "0123456789abcdef0123456789abcdef01234567",
    "environment": "release",
}


@dataclass(frozen=True)
class Publisher:
    """What a project trusts: one workflow of one repository, in one environment if it names one."""

    project: str
    repository: str = "acme/tools"
    workflow: str = "release.yml"
    environment: str = ""


@dataclass
class World:
    """What the stand-in knows and how it behaves. Tests change it and read what happened."""

    upstream: str
    upstream_token: str
    publishers: list[Publisher]
    audience: str = "pypi"
    lifetime: int = 900
    claims: dict[str, Any] = field(default_factory=lambda: dict(CLAIMS))
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}))
    request_token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    drop_mints: int = 0
    forget_after: int | None = None
    distrust_after: int | None = None
    tokens: dict[str, tuple[float, set[str]]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    identities: list[str] = field(default_factory=list)
    mints: int = 0
    uploads: list[tuple[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    sigstore: Sigstore = field(init=False)

    def __post_init__(self) -> None:
        self.sigstore = Sigstore(self.key)

    def identity(self, audience: str, **changes: Any) -> str:
        """Returns a signed identity token, good for five minutes."""
        now = int(time.time())
        claims = {"iss": GITHUB, "aud": audience, "iat": now, "nbf": now, "exp": now + 300, "jti": secrets.token_hex(8)}
        token = jwt.encode({"alg": "RS256", "typ": "JWT"}, {**claims, **self.claims, **changes}, self.key)
        self.identities.append(token)
        return token

    def judge(self, token: str) -> dict[str, Any]:
        """Returns the claims of an identity that may mint; raises ``RefusedError`` for any other."""
        try:
            claims = jwt.decode(token, self.key, algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            raise RefusedError("invalid-token", "malformed or invalid token") from error
        now = time.time()
        sound = all(name in claims for name in ("iss", "iat", "exp", "aud"))
        if not sound or claims["aud"] != self.audience or claims["exp"] + LEEWAY < now:
            raise RefusedError("invalid-token", "malformed or invalid token")
        if claims["iss"] != GITHUB:
            raise RefusedError("invalid-payload", "unknown trusted publishing issuer")
        if claims["jti"] in self.used:
            raise RefusedError("invalid-reuse-token", "invalid token: already used")
        self.used.add(claims["jti"])
        return claims

    def projects(self, claims: dict[str, Any]) -> set[str]:
        """The projects that trust these claims."""
        workflow = str(claims.get("job_workflow_ref", "")).partition("@")[0].rpartition("/")[2]
        return {
            publisher.project
            for publisher in self.publishers
            if publisher.repository.lower() == str(claims.get("repository", "")).lower()
            and publisher.workflow == workflow
            and publisher.environment in ("", claims.get("environment"))
        }

    def mint(self, token: str) -> dict[str, Any]:
        """Exchanges an identity for a token."""
        claims = self.judge(token)
        projects = self.projects(claims)
        if not projects:
            text = "valid token, but no corresponding publisher (Publisher with matching claims was not found)"
            raise RefusedError("invalid-publisher", text)
        minted = f"pypi-{secrets.token_urlsafe(24)}"
        expires = time.time() + self.lifetime
        self.tokens[minted] = (expires, projects)
        self.mints += 1
        return {"success": True, "token": minted, "expires": int(expires)}


class RefusedError(Exception):
    """An identity that mints nothing."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.errors = [{"code": code, "description": description}]


def fields_of(content_type: str, body: bytes) -> dict[str, str]:
    """The text fields of a form."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    found = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None:
            found[name] = part.get_payload(decode=True).decode("utf-8", "replace")
        elif name == "content":
            found["filename"] = str(part.get_filename())
    return found


class Handler(BaseHTTPRequestHandler):
    """The three services on one port."""

    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def answer(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        world = self.world
        world.requests.append(f"GET {parts.path}")
        if parts.path == "/_/oidc/audience":
            self.answer(200, {"audience": world.audience})
        elif parts.path == "/identity":
            query = parse_qs(parts.query)
            if self.headers["Authorization"] != f"Bearer {world.request_token}" or query.get("api-version") != ["2.0"]:
                self.answer(401, {"message": "the request token is not this job's"})
            else:
                self.answer(200, {"count": 1, "value": world.identity(query["audience"][0])})
        elif parts.path.startswith("/rekor/api/v1/log/entries/"):
            with world.lock:
                self.answer(200, world.sigstore.log.entry(int(parts.path.rpartition("/")[2], 16)))
        else:
            self.hand_on("GET", b"", {"Accept": self.headers.get("Accept", "*/*")})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.world.requests.append(f"POST {self.path}")
        if self.path == "/_/oidc/mint-token":
            with self.world.lock:
                self.mint(body)
        elif self.path in ("/fulcio/api/v2/signingCert", "/rekor/api/v1/log/entries"):
            with self.world.lock:
                self.sigstore(json.loads(body))
        elif self.path == "/legacy/":
            self.upload(body)
        else:
            self.answer(404, {"message": "Not Found"})

    def sigstore(self, body: dict[str, Any]) -> None:
        """Answers for the authority and for the log."""
        sigstore = self.world.sigstore
        try:
            if self.path.startswith("/fulcio/"):
                self.answer(200, sigstore.sign(body))
                return
            status, index = sigstore.enter(body)
        except SigstoreRefusedError as refused:
            self.answer(refused.status, {"code": refused.status, "message": refused.message})
            return
        if sigstore.drop_entries:
            sigstore.drop_entries -= 1
            self.close_connection = True
            self.connection.close()
        elif status == 409:
            message = "an equivalent entry already exists in the transparency log"
            self.answer(409, {"code": 409, "message": message}, {"Location": f"{self.path}/{index:064x}"})
        else:
            self.answer(status, sigstore.log.entry(index))

    def mint(self, body: bytes) -> None:
        world = self.world
        try:
            minted = world.mint(json.loads(body)["token"])
        except RefusedError as refused:
            self.answer(422, {"message": "Token request failed", "errors": refused.errors})
            return
        if world.drop_mints:
            world.drop_mints -= 1
            self.close_connection = True
            self.connection.close()
            return
        self.answer(200, minted)

    def upload(self, body: bytes) -> None:
        world = self.world
        fields = fields_of(self.headers["Content-Type"], body)
        scheme, _, pair = self.headers.get("Authorization", "").partition(" ")
        user, _, token = base64.b64decode(pair).decode().partition(":") if scheme == "Basic" else ("", "", "")
        with world.lock:
            expires, projects = world.tokens.get(token, (0.0, set()))
            known = user == "__token__" and token in world.tokens
        if not known:
            self.answer(403, {"code": "403 Invalid or non-existent authentication information."})
            return
        if expires < time.time():
            self.answer(403, {"code": "403 Invalid API Token: token is expired"})
            return
        if fields["name"] not in projects:
            self.answer(403, {"code": "403 Invalid API Token: OIDC scoped token is not valid for this project"})
            return
        self.hand_on("POST", body, {"Content-Type": self.headers["Content-Type"]})
        with world.lock:
            world.uploads.append((fields["filename"], token))
            if world.forget_after == len(world.uploads):
                world.tokens.clear()
            if world.distrust_after == len(world.uploads):
                world.publishers.clear()

    def hand_on(self, method: str, body: bytes, headers: dict[str, str]) -> None:
        upstream = urlsplit(self.world.upstream)
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=30)
        pair = base64.b64encode(f"__token__:{self.world.upstream_token}".encode()).decode()
        connection.request(method, self.path, body or None, {**headers, "Authorization": f"Basic {pair}"})
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()


class QuietServer(ThreadingHTTPServer):
    """A server that keeps handshakes that fail to itself: the client under test tells them."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Raises nothing but what is a mistake of the stand-in."""
        if not isinstance(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def running(world: World, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Runs the stand-in on a free port of this machine, encrypted or not; yields its address."""
    handler = type("Bound", (Handler,), {"world": world})
    server = QuietServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
