"""The whole gateway on this machine: the services of the compose file, two edges, one authorization server for each.

Commands and environment are the compose file's; only addresses, ports and the
child of the proxy are this machine's.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import shutil
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import compose
import httpx
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from person import REDIRECT_PORT, Person
from processes import Child, free_port, until
from wire import modern_call

HERE = Path(__file__).resolve().parent
STDIO_SERVER = [sys.executable, str(HERE / "stdio_server.py")]
EDGES = ("caddy", "nginx")
SERVICES = ("echo-stateful", "echo-stateless", "fetch", "proxy")
REDIRECT = f"http://127.0.0.1:{REDIRECT_PORT}/callback"
WEB_ORIGIN = "https://web.example.org"
_PORT_VARIABLES = ("MCP_ECHO_PORT", "MCP_PORT", "PORT")
_HOST_VARIABLES = ("MCP_ECHO_HOST", "MCP_BIND_HOST", "HOST")
_WORKERS = 4


@dataclass
class Tokens:
    """What a client holds after signing in."""

    client_id: str
    access: str
    refresh: str

    @property
    def header(self) -> dict[str, str]:
        """The Authorization header."""
        return {"Authorization": f"Bearer {self.access}"}


@dataclass
class Gateway:
    """One edge with everything behind it."""

    edge: str
    port: int
    context: ssl.SSLContext
    stack: Stack
    auth: Child
    auth_port: int
    proxy: Child
    _tokens: dict[tuple[str, str], Tokens] = field(default_factory=dict)
    issued: list[Tokens] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """The issuer, which is also where the authorization server is."""
        return self.origin("auth")

    def origin(self, name: str) -> str:
        """The public origin of a host."""
        return f"https://{name}.localhost:{self.port}"

    def url(self, service: str) -> str:
        """The public endpoint of a service, which is also its resource."""
        return f"{self.origin(service)}/mcp"

    def http(self, **options: Any) -> httpx.Client:
        """A client that trusts the edge's certificate."""
        return httpx.Client(verify=self.context, timeout=60, **options)

    def call(self, service: str, tool: str, arguments: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        """A modern ``tools/call`` through the edge."""
        standard, body = modern_call(tool, arguments)
        with self.http() as http:
            return http.post(self.url(service), content=body, headers={**standard, **headers})

    def register(self) -> str:
        """Registers a public client with a redirect address nobody listens on."""
        metadata = {"redirect_uris": [REDIRECT], "client_name": "raw", "token_endpoint_auth_method": "none"}
        with self.http() as http:
            answer = http.post(f"{self.issuer}/register", json=metadata)
        assert answer.status_code == 201, answer.text
        registered = answer.json()
        self.stack.seen_secrets.append(registered["registration_access_token"])
        return str(registered["client_id"])

    def authorization(self, client_id: str, resource: str) -> tuple[str, str, str]:
        """An authorization address, its verifier and its state."""
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": REDIRECT,
            "state": state,
            "resource": resource,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.issuer}/authorize?{urlencode(query)}", verifier, state

    def approve(self, client_id: str, resource: str) -> dict[str, str]:
        """Consents and signs in; the token request's parameters, code included."""
        address, verifier, state = self.authorization(client_id, resource)
        landed = self.stack.person.decide(address, last=False).headers["location"]
        found = {name: values[0] for name, values in parse_qs(urlsplit(landed).query).items()}
        assert landed.startswith(REDIRECT)
        assert found["state"] == state
        assert found["iss"] == self.issuer
        self.stack.seen_secrets += [found["code"], state, verifier]
        return {
            "grant_type": "authorization_code",
            "code": found["code"],
            "code_verifier": verifier,
            "redirect_uri": REDIRECT,
            "client_id": client_id,
            "resource": resource,
        }

    def token(self, **form: str) -> httpx.Response:
        """Asks the token endpoint."""
        with self.http() as http:
            return http.post(f"{self.issuer}/token", data=form)

    def tokens(self, service: str, user: str = "alice") -> Tokens:
        """Tokens of ``user`` for ``service``; signed in once, then kept."""
        if (service, user) not in self._tokens:
            self._tokens[service, user] = self.sign_in(service, user)
        return self._tokens[service, user]

    def sign_in(self, service: str, user: str = "alice") -> Tokens:
        """Registers, consents and signs in, all new."""
        client_id = self.register()
        with self.stack.signed_in(user):
            answer = self.token(**self.approve(client_id, self.url(service)))
        assert answer.status_code == 200, answer.text
        token = answer.json()
        self.issued.append(Tokens(client_id, token["access_token"], token["refresh_token"]))
        return self.issued[-1]

    def restart_auth(self) -> None:
        """Starts the authorization server again after it was stopped."""
        self.auth.start().wait_for_http(f"http://127.0.0.1:{self.auth_port}/health")


class Stack:
    """Everything that runs. Made by :func:`running_stack`."""

    def __init__(self, directory: Path, exits: ExitStack) -> None:
        self.directory = directory
        self._exits = exits
        authority = trustme.CA()
        self.ca = directory / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        certificate = authority.issue_cert("localhost", *(f"{name}.localhost" for name in ("auth", *SERVICES)))
        self.certificate, self.key = directory / "edge.pem", directory / "edge.key"
        for part in certificate.cert_chain_pems:
            part.write_to_path(str(self.certificate), append=True)
        certificate.private_key_pem.write_to_path(str(self.key))
        self.context = ssl.create_default_context(cafile=str(self.ca))
        self.person = Person(self.context)
        self.ports = {edge: free_port() for edge in EDGES}
        self.redis_port, self.redis_password = free_port(), secrets.token_hex(16)
        self.github = f"http://127.0.0.1:{free_port()}"
        self._key = _private_key()
        self.gateways: dict[str, Gateway] = {}
        self.seen_secrets: list[str] = []

    def start(self) -> None:
        """Starts everything; what takes long starts at once."""
        self.redis = self._redis()
        github = self._child("github", [sys.executable, str(_fake_github()), "--port", self.github.rpartition(":")[2]])
        services = {name: self._service(name) for name in ("echo-stateful", "echo-stateless", "fetch", "proxy")}
        workers = [self._workers(number) for number in range(2)]
        auths = {edge: self._auth(edge) for edge in EDGES}
        self.proxy = services["proxy"][0]
        github.wait_for_port(int(self.github.rpartition(":")[2]))
        for child, port in (*services.values(), *auths.values()):
            child.wait_for_http(f"http://127.0.0.1:{port}/health")
        for child, _ in workers:
            until(lambda child=child: child.text().count("startup complete") == _WORKERS, f"workers\n{child.text()}")
        upstreams = {name: port for name, (_, port) in services.items()}
        for edge in EDGES:
            start = self._caddy if edge == "caddy" else self._nginx
            start(edge, auths[edge][1], upstreams, [port for _, port in workers])
            child, port = auths[edge]
            self.gateways[edge] = Gateway(edge, self.ports[edge], self.context, self, child, port, self.proxy)
        for gateway in self.gateways.values():
            until(lambda gateway=gateway: _answers(gateway), f"{gateway.edge} answers")

    @contextmanager
    def signed_in(self, user: str) -> Iterator[None]:
        """Lets somebody be signed in at GitHub."""
        number = {"alice": 1001, "bob": 1002, "mallory": 1003}[user]
        profile = {"id": number, "login": user, "name": user.title(), "email": f"{user}@example.org"}
        httpx.post(f"{self.github}/_control", json={"user": profile}).raise_for_status()
        yield
        httpx.post(f"{self.github}/_control", json={}).raise_for_status()

    def environment(self, edge: str) -> dict[str, str]:
        """What an operator would write into ``.env``, for the domain of one edge."""
        return {
            "BASE_DOMAIN": f"localhost:{self.ports[edge]}",
            "GITHUB_CLIENT_ID": "github-client",
            "GITHUB_CLIENT_SECRET": "not-a-real-secret",
            "GITHUB_URL": self.github,
            "GITHUB_API_URL": f"{self.github}/api",
            "ALLOWED_GITHUB_USERS": "alice,bob",
            "JWT_PRIVATE_KEY_B64": self._key,
            "REDIS_PASSWORD": self.redis_password,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/{EDGES.index(edge)}",
            "REGISTRATION_RATE": "1000/hour",
            "TOKEN_RATE": "1000/min",
            "WEB_ORIGIN": WEB_ORIGIN,
        }

    def _service(self, name: str) -> tuple[Child, int]:
        described = compose.services(self.environment(EDGES[0]))[name]
        command, port = list(described["command"]), free_port()
        if name == "proxy":
            command = [*command[: command.index("--") + 1], *STDIO_SERVER]
        return self._child(name, [_script(command[0]), *command[1:]], self._local(name, port)), port

    def start_proxy(self, child_command: list[str]) -> None:
        """Puts another stdio server behind the proxy, on the port the edges know."""
        self.proxy.stop()
        described = compose.services(self.environment(EDGES[0]))["proxy"]
        command = list(described["command"])
        command = [_script(command[0]), *command[1 : command.index("--") + 1], *child_command]
        self.proxy = self._child("proxy-again", command, self._local("proxy", self._proxy_port))
        self.proxy.wait_for_http(f"http://127.0.0.1:{self._proxy_port}/health")

    def _local(self, name: str, port: int) -> dict[str, str]:
        """A service's environment: the compose file's, on loopback, and for the hosts of both edges."""
        if name == "proxy":
            self._proxy_port = port
        each = [compose.services(self.environment(edge))[name]["environment"] for edge in EDGES]
        environment = {variable: str(value) for variable, value in each[0].items()}
        for variable in environment:
            if variable in _PORT_VARIABLES:
                environment[variable] = str(port)
            if variable in _HOST_VARIABLES:
                environment[variable] = "127.0.0.1"
        hosts = [str(found["MCP_ALLOWED_HOSTS"]) for found in each]
        return {**environment, "MCP_ALLOWED_HOSTS": ",".join(hosts)}

    def _workers(self, number: int) -> tuple[Child, int]:
        """The stateless echo as its manual runs it behind more than one worker."""
        port = free_port()
        application = "mcp_echo_streamablehttp_server_stateless:app"
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            application,
            "--port",
            port,
            "--workers",
            _WORKERS,
            "--no-access-log",
        ]
        return self._child(f"workers-{number}", command, self._local("echo-stateless", port)), port

    def _auth(self, edge: str) -> tuple[Child, int]:
        described = compose.services(self.environment(edge))["auth"]
        script, port = described["command"][0], free_port()
        environment = {name: str(value) for name, value in described["environment"].items()}
        command = [_script(script), "--host", "127.0.0.1", "--port", port]
        return self._child(f"auth-{edge}", command, environment), port

    def _redis(self) -> Child:
        command = ["redis-server", "--port", self.redis_port, "--bind", "127.0.0.1", "--save", ""]
        child = self._child("redis", [*command, "--requirepass", self.redis_password])
        child.wait_for_port(self.redis_port)
        return child

    def _caddy(self, edge: str, auth: int, upstreams: dict[str, int], workers: list[int]) -> Child:
        environment = {
            "EDGE_HTTP_PORT": str(free_port()),
            "EDGE_HTTPS_PORT": str(self.ports[edge]),
            "EDGE_DOMAIN": "localhost",
            "EDGE_WEB_ORIGIN": WEB_ORIGIN,
            "EDGE_TLS": f"{self.certificate} {self.key}",
            "AUTH_UPSTREAM": _loopback(auth),
            "ECHO_STATEFUL_UPSTREAM": _loopback(upstreams["echo-stateful"]),
            "ECHO_STATELESS_UPSTREAMS": _loopback(upstreams["echo-stateless"]),
            "FETCH_UPSTREAM": _loopback(upstreams["fetch"]),
            "PROXY_UPSTREAM": _loopback(upstreams["proxy"]),
            "XDG_DATA_HOME": str(self.directory / "caddy-data"),
            "XDG_CONFIG_HOME": str(self.directory / "caddy-config"),
        }
        child = self._child(
            "caddy", ["caddy", "run", "--config", str(compose.CADDYFILE), "--adapter", "caddyfile"], environment
        )
        child.wait_for_port(self.ports[edge])
        return child

    def _nginx(self, edge: str, auth: int, upstreams: dict[str, int], workers: list[int]) -> Child:
        values = {
            "EDGE_HTTPS_PORT": str(self.ports[edge]),
            "EDGE_DOMAIN": "localhost",
            "EDGE_WEB_ORIGIN": WEB_ORIGIN,
            "EDGE_CERTIFICATE": str(self.certificate),
            "EDGE_CERTIFICATE_KEY": str(self.key),
            "AUTH_UPSTREAM": _loopback(auth),
            "ECHO_STATEFUL_UPSTREAM": _loopback(upstreams["echo-stateful"]),
            "ECHO_STATELESS_SERVERS": " ".join(f"server {_loopback(port)};" for port in workers),
            "FETCH_UPSTREAM": _loopback(upstreams["fetch"]),
            "PROXY_UPSTREAM": _loopback(upstreams["proxy"]),
        }
        rendered = Template(compose.NGINX.read_text(encoding="utf-8")).safe_substitute(values)
        home = self.directory / "nginx"
        home.mkdir()
        (home / "gateway.conf").write_text(rendered, encoding="utf-8")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {home}/{kind};\n" for kind in kinds)
        main = home / "nginx.conf"
        main.write_text(
            f"daemon off; pid {home}/pid; error_log stderr warn; worker_processes 1;\n"
            f"events {{ worker_connections 512; }}\nhttp {{ access_log off;\n{paths}include {home}/gateway.conf; }}\n"
        )
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        child = self._child("nginx", [nginx, "-e", str(home / "error.log"), "-p", str(home), "-c", str(main)])
        child.wait_for_port(self.ports[edge])
        return child

    def _child(self, name: str, command: list[Any], environment: dict[str, str] | None = None) -> Child:
        child = Child(name, command, self.directory, environment)
        self._exits.callback(child.stop)
        return child.start()


@contextmanager
def running_stack(directory: Path) -> Iterator[Stack]:
    """Runs the whole gateway below ``directory``; shows the logs when it does not come up."""
    with ExitStack() as exits:
        stack = Stack(directory, exits)
        stack.start()
        yield stack


def _answers(gateway: Gateway) -> bool:
    try:
        with gateway.http() as http:
            return http.get(f"{gateway.issuer}/health").is_success
    except httpx.HTTPError:
        return False


def _script(name: str) -> str:
    """An installed console script, next to this interpreter or on the path."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"not installed: {name}"
    return found


def _fake_github() -> Path:
    return HERE.parents[2] / "packages" / "mcp-oauth-dynamicclient" / "tests" / "fake_github.py"


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return base64.b64encode(pem).decode()


def _loopback(port: int) -> str:
    return f"127.0.0.1:{port}"
