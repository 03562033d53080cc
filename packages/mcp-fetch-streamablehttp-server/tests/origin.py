"""A web site on loopback that answers as a test wants, and an Internet that leads to it.

:class:`Origin` is a real server on a socket. :class:`Internet` makes public
addresses lead to it: names are resolved by a table, and a connection to an
address must name one that the table gave out.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "2606:4700::6810:85e5"


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What to answer. ``headers`` of None values are left out."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def html(cls, text: str, **headers: str) -> Reply:
        return cls(text.encode(), headers={"content-type": "text/html; charset=utf-8", **headers})

    @classmethod
    def text(cls, text: str, **headers: str) -> Reply:
        return cls(text.encode(), headers={"content-type": "text/plain; charset=utf-8", **headers})

    @classmethod
    def to(cls, location: str, status: int = 302) -> Reply:
        return cls(status=status, headers={"location": location})


class Origin:
    """The site. ``pages`` maps paths to replies, or to functions of (handler) that write what they like."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Reply | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.seen: list[Seen] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """The paths asked for, without robots.txt."""
        return [seen.path for seen in self.seen if seen.path != "/robots.txt"]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                origin.seen.append(Seen(self.command, self.path, headers, self.rfile.read(length)))
                page = origin.pages.get(self.path, Reply(b"not here", 404, {"content-type": "text/plain"}))
                if not isinstance(page, Reply):
                    page(self)
                    return
                self.send_response_only(page.status)
                for name, value in {"content-length": str(len(page.body)), **page.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page.body)

            do_GET = do_POST = answer  # noqa: N815 - the base class calls them so

            def handle(self) -> None:
                try:
                    super().handle()
                except (ConnectionError, ssl.SSLError):
                    self.close_connection = True

            def finish(self) -> None:
                try:
                    super().finish()
                except (ConnectionError, ValueError, ssl.SSLError):
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


class Internet:
    """Name service and routing. ``names`` maps a name to the answers of successive look-ups, the last one for ever."""

    def __init__(self) -> None:
        self.names: dict[str, list[Sequence[str]]] = {}
        self.ports: dict[int, int] = {}
        self.looked_up: list[str] = []
        self.connected: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The resolver to give to a handler. Like the system's it passes addresses through."""
        self.looked_up.append(host)
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            answers = self.names.get(host, [[PUBLIC]] if host.endswith(".example") else [[]])
        if len(answers) > 1:
            return answers.pop(0)
        if not answers[0]:
            raise OSError("no such name")
        return answers[0]

    @contextmanager
    def in_place(self, monkeypatch: Any) -> Iterator[Internet]:
        """Makes connections to public addresses end at the origins."""
        real = httpcore2.AnyIOBackend.connect_tcp

        async def connect(backend: Any, host: str, port: int, *more: Any) -> Any:
            ipaddress.ip_address(host)
            self.connected.append((host, port))
            return await real(backend, "127.0.0.1", self.ports.get(port, port), *more)

        with monkeypatch.context() as patch:
            patch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
            yield self


class Authority:
    """A certificate authority that lives as long as a test run."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._certificate = self._sign(name, name, self._key, None)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self._folder = folder

    def server(self, host: str) -> ssl.SSLContext:
        """The TLS settings of a server called ``host``."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(name, self._certificate.subject, key, host)
        path = self._folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _sign(self, subject: x509.Name, issuer: x509.Name, key: Any, host: str | None) -> x509.Certificate:
        now = dt.datetime.now(dt.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(_usage(authority=host is None), critical=True)
        )
        if host is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    """What a key may be used for; Python 3.13 and later insist that an authority's says so."""
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        decipher_only=False,
        **dict.fromkeys(names, False),
    )
