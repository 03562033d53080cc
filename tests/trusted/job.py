"""A workspace with three packages, and the program that uploads them as a job of a CI would."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from standin import Publisher, World

PYREL = os.environ.get("PYREL_UNDER_TEST", "pyrel")
PROJECTS = ("base", "middle", "top")
KEPT = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP")


def write_package(root: Path, name: str, dependencies: tuple[str, ...] = ()) -> None:
    package = root / "packages" / name
    (package / "src" / name).mkdir(parents=True)
    (package / "src" / name / "__init__.py").write_text("")
    (package / "README.md").write_text(f"# {name}\n\nOne of three.\n")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\ndescription = "One of three"\nreadme = "README.md"\n'
        f'requires-python = ">=3.8"\ndependencies = {list(dependencies)}\n'
        f'[tool.hatch.build.targets.wheel]\npackages = ["src/{name}"]\n'
    )


@contextmanager
def serving(store: Path) -> Iterator[str]:
    """Runs the embedded index on a folder; gives its address."""
    store.mkdir()
    with subprocess.Popen(
        [PYREL, "index", "serve", "--dir", str(store), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


class Job:
    """A workspace with three packages in a row, and the index that it uploads to."""

    def __init__(self, root: Path, upstream: str) -> None:
        self.root = root
        self.world = World(upstream, "not-a-real-token", [Publisher(name) for name in PROJECTS])
        write_package(root, "base")
        write_package(root, "middle", ("base>=1.0",))
        write_package(root, "top", ("middle>=1.0",))
        self.url = ""
        self.pyrel("build", CI="")

    def point_at(self, url: str) -> None:
        self.url = url
        (self.root / "pyrel.toml").write_text(
            f'[index.trusted]\nupload-url = "{url}/legacy/"\nsimple-url = "{url}/simple/"\n'
            'production = false\naudience = "pypi"\nattestations = true\n'
        )

    def github(self) -> dict[str, str]:
        """What GitHub Actions gives a job with `id-token: write`."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/identity?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.world.request_token,
            "PYREL_FULCIO_URL": f"{self.url}/fulcio",
            "PYREL_REKOR_URL": f"{self.url}/rekor",
        }

    def kept(self, ending: str = "") -> list[Path]:
        """The files that runs kept."""
        return sorted(path for path in (self.root / ".pyrel").rglob(f"files/*{ending}") if path.is_file())

    def posts(self) -> list[str]:
        """The requests that write, in their order."""
        return [line.removeprefix("POST ") for line in self.world.requests if line.startswith("POST ")]

    def pyrel(self, *words: str, code: int = 0, **env: str) -> str:
        clean = {name: os.environ[name] for name in KEPT if name in os.environ}
        done = subprocess.run(
            [PYREL, *words],
            cwd=self.root,
            env={**clean, "HOME": str(self.root), "NO_COLOR": "1", "PYREL_RETRY_BASE_MS": "20", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        secrets = [*self.world.identities, *self.world.tokens, self.world.request_token]
        assert not [secret for secret in secrets if secret in said], said
        for kept in (self.root / ".pyrel").rglob("*") if (self.root / ".pyrel").exists() else ():
            if kept.is_file():
                content = kept.read_bytes()
                assert not [secret for secret in secrets if secret.encode() in content], kept
        return said

    def upload(self, *words: str, code: int = 0, **env: str) -> str:
        return self.pyrel("upload-test", "--index", "trusted", *words, code=code, **env)

    def sent(self) -> list[str]:
        return sorted(name for name, _ in self.world.uploads)
