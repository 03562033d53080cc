"""What the cases stand on: tools of a virtual environment, servers as child processes, and small projects."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "not-a-real-token"
PASSWORD = "not-a-real-password"
DEVPI = Path(__file__).with_name("devpi.txt")
JSON = "application/vnd.pypi.simple.v1+json"
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE")


class CaseError(AssertionError):
    """A case that did not hold."""


def check(condition: object, message: object) -> None:
    """Fails the case with a message unless the condition holds."""
    if not condition:
        raise CaseError(str(message))


@dataclass
class Outcome:
    """What a finished command left."""

    code: int
    text: str

    def ok(self) -> str:
        """Returns the output of a command that succeeded."""
        check(self.code == 0, f"exit code {self.code}:\n{self.text}")
        return self.text

    def failed(self) -> str:
        """Returns the output of a command that failed."""
        check(self.code != 0, f"unexpected success:\n{self.text}")
        return self.text


@dataclass
class Server:
    """A running index, whoever made it."""

    process: subprocess.Popen[bytes]
    url: str
    directory: Path

    @property
    def upload_url(self) -> str:
        """Where twine and uv upload to."""
        return f"{self.url}legacy/"

    @property
    def simple_url(self) -> str:
        """Where installers read from."""
        return f"{self.url}simple/"

    def kill(self) -> None:
        """Ends the server as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ends the server as a person does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.process.stdout:
            self.process.stdout.close()

    def listing(self, name: str) -> dict[str, dict]:
        """Returns the files of a project by name, empty when there is none."""
        request = urllib.request.Request(f"{self.simple_url}{name}/", headers={"Accept": JSON})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return {file["filename"]: file for file in json.load(response)["files"]}
        except urllib.error.HTTPError as error:
            check(error.code == 404, f"{error.code} for {name}")
            return {}

    def content(self, file: dict) -> bytes:
        """Returns the bytes of a listed file."""
        with urllib.request.urlopen(urllib.request.Request(self.url.rstrip("/") + file["url"]), timeout=20) as response:
            return response.read()


@dataclass
class Bench:
    """The tools, and a directory for one case."""

    python: Path
    server: list[str]
    client: list[str]
    work: Path
    serial: int = 0
    servers: list[Server] = field(default_factory=list)

    def directory(self, name: str) -> Path:
        """Makes a fresh directory."""
        self.serial += 1
        path = self.work / f"{self.serial:02}-{name}"
        path.mkdir(parents=True)
        return path

    def tool(self, name: str) -> str:
        """Returns the path of a program of the environment."""
        suffix = ".exe" if os.name == "nt" else ""
        return str(self.python.with_name(name + suffix))

    def environment(self) -> dict[str, str]:
        """Returns an environment that knows no index, no proxy and no cache but the case's own."""
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        kept |= {
            "HOME": str(self.work),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "UV_CACHE_DIR": str(self.work / "uv-cache"),
            "UV_NO_CONFIG": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "NO_COLOR": "1",
            "COLUMNS": "500",
        }
        return kept

    def run(self, *command: str | Path, **variables: str) -> Outcome:
        """Runs a command to its end."""
        result = subprocess.run(
            [str(part) for part in command],
            env=self.environment() | variables,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        return Outcome(result.returncode, result.stdout.decode(errors="replace"))

    def pip(self, *arguments: str | Path) -> Outcome:
        """Runs pip of the environment."""
        return self.run(self.python, "-m", "pip", *arguments)

    def twine(self, server: Server, *arguments: str | Path, token: str = TOKEN) -> Outcome:
        """Uploads with twine."""
        common = ["--non-interactive", "--disable-progress-bar", "--verbose", "--repository-url", server.upload_url]
        return self.run(
            self.tool("twine"), "upload", *common, *arguments, TWINE_USERNAME="__token__", TWINE_PASSWORD=token
        )

    @property
    def has_commands(self) -> bool:
        """Tells whether the server under test is the program itself, with its other commands."""
        return self.server[1:] == ["index", "serve"]

    def yank(self, server: Server, *arguments: str) -> Outcome:
        """Runs ``index yank`` on the directory of a server."""
        return self.run(self.server[0], "index", "yank", *arguments, "--dir", server.directory)

    def pyrel(self, root: Path, *arguments: str | Path, **variables: str) -> Outcome:
        """Runs the program in a workspace."""
        return self.run(self.server[0], "-C", root, *arguments, **variables)

    def put(self, upload_url: str, simple_url: str, *arguments: str | Path, **variables: str) -> Outcome:
        """Uploads with the client under test."""
        urls = ["--upload-url", upload_url, "--simple-url", simple_url]
        return self.run(*self.client, *urls, *arguments, **variables)

    def serve(self, directory: Path, *arguments: str) -> Server:
        """Starts the index under test."""
        process = subprocess.Popen(
            [*self.server, "--dir", str(directory), "--port", "0", *arguments],
            env=self.environment(),
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        line = process.stdout.readline().decode().strip() if process.stdout else ""
        check(line.startswith("http://127.0.0.1:"), f"the first line is no address: {line!r}")
        server = Server(process, line, directory)
        self.servers.append(server)
        return server

    @contextlib.contextmanager
    def background(self, port: int, *command: str | Path, **variables: str) -> Iterator[None]:
        """Runs a server until the block ends, and waits until it listens."""
        with (self.work / f"server-{port}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=self.environment() | variables,
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                wait_for(port)
                yield
            finally:
                process.terminate()
                process.wait()

    @contextlib.contextmanager
    def pypiserver(self, directory: Path, member: tuple[str, str] | None = None) -> Iterator[str]:
        """Runs pypiserver over a directory; gives its address. With a member, nobody else reads or writes."""
        port = free_port()
        options = ["-p", str(port), "-i", "127.0.0.1", "--disable-fallback"]
        if member:
            name, password = member
            digest = base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest()).decode()
            members = self.directory("members") / "htpasswd"
            members.write_text(f"{name}:{{SHA}}{digest}\n", encoding="utf-8")
            options += ["-a", "update,list,download", "-P", str(members)]
        else:
            options += ["-a", ".", "-P", "."]
        with self.background(port, self.tool("pypi-server"), "run", *options, directory):
            yield f"http://127.0.0.1:{port}/"

    def devpi_tool(self, name: str) -> Path:
        """Returns a program of devpi, which wants an older setuptools than the backends: it has its own environment."""
        scripts = self.python.parent
        home = scripts.parent / "devpi"
        program = home / scripts.name / Path(self.tool(name)).name
        if not program.exists():
            uv, python = self.tool("uv"), str(self.python)
            # Not hermetic: this comes from wherever the machine gets its packages.
            subprocess.run([uv, "venv", "-q", "--allow-existing", "--python", python, str(home)], check=True)
            subprocess.run([uv, "pip", "install", "-q", "--python", str(home), "-r", str(DEVPI)], check=True)
        return program

    @contextlib.contextmanager
    def devpi(self, directory: Path) -> Iterator[str]:
        """Runs devpi over a directory; gives the address of an index that keeps what it has."""
        port = free_port()
        init = ["--serverdir", directory, "--no-root-pypi", "--root-passwd", PASSWORD]
        self.run(self.devpi_tool("devpi-init"), *init).ok()
        options = ["--serverdir", directory, "--host", "127.0.0.1", "--port", str(port), "--offline-mode"]
        # What it hashes are passwords that protect nothing; at full cost that takes a quarter of a minute.
        options += ["--argon2-memory-cost", "8", "--argon2-parallelism", "1", "--argon2-time-cost", "1"]
        with self.background(port, self.devpi_tool("devpi-server"), *options):
            url = f"http://127.0.0.1:{port}/root/test/"
            request = urllib.request.Request(url, b'{"type": "stage", "volatile": false, "bases": []}', method="PUT")
            request.add_header("Content-Type", "application/json")
            request.add_header("Authorization", "Basic " + base64.b64encode(f"root:{PASSWORD}".encode()).decode())
            urllib.request.urlopen(request, timeout=60).close()
            yield url

    @contextlib.contextmanager
    def encrypted(self, server: Server) -> Iterator[tuple[str, Path]]:
        """Puts TLS and HTTP/2 in front of an index; gives the address and the authority of its certificate."""
        directory = self.directory("tls")
        self.run(self.python, "-m", "trustme", "--quiet", "--dir", directory, "--identities", "localhost").ok()
        port = free_port()
        options = ["--certfile", directory / "server.pem", "--keyfile", directory / "server.key"]
        options += ["--bind", f"127.0.0.1:{port}", "relay:relay"]
        command = [self.python, "-m", "hypercorn", *options]
        with self.background(port, *command, PYTHONPATH=str(Path(__file__).parent), RELAY_TO=server.url):
            yield f"https://localhost:{port}/", directory / "client.pem"

    def environment_in(self, directory: Path) -> Path:
        """Makes a virtual environment without pip; returns its interpreter."""
        self.run(self.tool("uv"), "venv", "--python", self.python, directory).ok()
        return directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def project(self, name: str, version: str, body: str = "", dependencies: tuple[str, ...] = ()) -> Path:
        """Builds a project with hatchling; returns the directory that holds its wheel and its sdist."""
        source = self.directory(f"{name}-{version}")
        module = name.replace("-", "_")
        (source / module).mkdir()
        (source / module / "__init__.py").write_text(
            f"{body}\n\n\ndef main():\n    print('{name} {version}')\n", encoding="utf-8"
        )
        (source / "README.md").write_text(f"# {name}\n\nGrüße, <b>bold</b> & *plain*.\n", encoding="utf-8")
        (source / "pyproject.toml").write_text(
            "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n\n"
            f"[project]\nname = '{name}'\nversion = '{version}'\ndescription = 'A small <project>'\n"
            "readme = 'README.md'\nrequires-python = '>=3.8'\nlicense = 'MIT'\n"
            f"dependencies = {list(dependencies)!r}\n\n"
            f"[project.scripts]\n{name} = '{module}:main'\n",
            encoding="utf-8",
        )
        out = source / "dist"
        self.run(
            self.python, "-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", out, source
        ).ok()  # fmt: skip
        return out

    def close(self) -> None:
        """Ends every server that the case started."""
        for server in self.servers:
            server.stop()
        self.servers.clear()


def free_port() -> int:
    """Returns a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    """Waits until somebody listens on a port."""
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise CaseError(f"nobody listens on port {port}")


def sha256(path: Path) -> str:
    """Returns the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stored(directory: Path) -> list[str]:
    """Returns the files that the store of a server holds."""
    return sorted(path.name for path in directory.glob("projects/*/*"))


def prepare(python: Path, work: Path) -> Path:
    """Returns an interpreter whose environment has the tools: the given one, or that of a new environment."""
    requirements = Path(__file__).with_name("requirements.txt")
    probe = "import build, hatchling, passlib, pypiserver, twine, uv"
    missing = subprocess.run(
        [python, "-c", probe], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode
    if not missing:
        return python
    print(f"installing {requirements.name} beside {python}", flush=True)
    subprocess.run([python, "-m", "venv", work / "tools"], check=True)
    scripts = sysconfig.get_path("scripts", vars={"base": str(work / "tools")})
    made = Path(scripts) / Path(sys.executable).name
    subprocess.run([made, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
    return made
