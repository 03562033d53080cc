#!/usr/bin/env python3
"""Adopts projects of every shape and tries what comes of them, with real git, pip or uv, and Python.

usage: run.py --pyrel PATH --python PATH [--only NAME] [--pipx PATH]

--pyrel   the program under test
--python  the interpreter of an environment that has uv; its folder comes first on PATH
--pipx    a pipx to run the wheel with as well

For each shape: what `--dry-run` prints applies with `git apply` and gives the same files as the adoption itself; a
second adoption changes nothing; the package builds, passes the check, and installs into a fresh environment; `NAME
--version` answers, the program does what it did, and `uvx` starts it. No network: the dependencies are two packages
that are built here. Prints one line a shape and `N passed, N failed`; exits 1 when one failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from shapes import SHAPES, Shape

PROJECTS = Path(__file__).resolve().parent / "projects"
DEADLINE = 300


class ShapeError(Exception):
    """A shape that did not hold."""


def check(condition: object, what: str) -> None:
    if not condition:
        raise ShapeError(what)


class Bench:
    """A folder for one shape, and the programs to run in it."""

    def __init__(self, args: argparse.Namespace, folder: Path, wheels: Path) -> None:
        self.args = args
        self.folder = folder
        self.wheels = wheels
        bin_dir = Path(args.python).absolute().parent
        home = folder / "home"
        home.mkdir(parents=True)
        (home / "gitconfig").write_text("[user]\nname = Demo Person\nemail = person@example.org\n")
        self.env = {
            "PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', '')}",
            "HOME": str(home),
            "USERPROFILE": str(home),
            "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "SOURCE_DATE_EPOCH": "1700000000",
            "NO_COLOR": "1",
            "UV_CACHE_DIR": str(folder / "uv-cache"),
            "UV_OFFLINE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            **{name: os.environ[name] for name in ("SystemRoot", "TEMP", "TMP") if name in os.environ},
        }

    def run(self, command: list[str], cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command,
            cwd=cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        said = f"{' '.join(command)} ended with {result.returncode}, not {code}\n{result.stdout}\n{result.stderr}"
        check(result.returncode == code, said)
        return result

    def pyrel(self, cwd: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run([self.args.pyrel, *words], cwd, code)

    def git(self, cwd: Path, *words: str) -> str:
        return self.run(["git", *words], cwd).stdout

    def project(self, shape: Shape, name: str) -> Path:
        root = self.folder / name / shape.name
        shutil.copytree(PROJECTS / shape.name, root)
        self.git(root, "init", "-q", "-b", "main")
        self.git(root, "add", "-A")
        self.git(root, "commit", "-q", "-m", "As it was")
        return root


def content(root: Path) -> dict[str, str]:
    """Every file of a project, with its SHA-256."""
    skipped = {".git", ".pyrel", "dist", "__pycache__"}
    files = [path for path in root.rglob("*") if path.is_file() and not skipped & set(path.relative_to(root).parts)]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def adopt(bench: Bench, shape: Shape) -> Path:
    """Adopts a project, and shows that the diff, the adoption, and the way back agree."""
    dry = bench.project(shape, "dry")
    before = content(dry)
    shown = bench.pyrel(dry, "adopt", "--dry-run", *shape.flags)
    check(content(dry) == before, "a dry run changed files")
    for words in shape.says:
        check(words in shown.stderr, f"no {words!r} in\n{shown.stderr}")
    patch = bench.folder / "adoption.patch"
    patch.write_bytes(shown.stdout.encode())
    bench.git(dry, "apply", str(patch))

    root = bench.project(shape, "work")
    refused = bench.pyrel(root, "adopt", *shape.flags, code=3)
    check("nobody agreed" in refused.stderr and content(root) == before, refused.stderr)
    report = json.loads(bench.pyrel(root, "adopt", "--yes", "--format", "json", *shape.flags).stdout)
    check({one["from"]: one["to"] for one in report["moves"]} == shape.moves, report["moves"])
    after = content(root)
    check(after == content(dry), f"the diff gives other files: {set(after.items()) ^ set(content(dry).items())}")
    renamed = bench.git(root, "diff", "--cached", "--name-status", "-M").splitlines()
    check(all(line.startswith("R") for line in renamed), renamed)
    check(len(renamed) >= len(shape.moves), f"moves that git does not know: {renamed}")

    bench.pyrel(root, "adopt", "--undo")
    check(content(root) == before, f"not as before: {set(before.items()) ^ set(content(root).items())}")
    check(not bench.git(root, "status", "--porcelain"), "git sees a change after the way back")
    bench.pyrel(root, "adopt", "--yes", *shape.flags)
    check(content(root) == after, "a second adoption gives other files")
    again = json.loads(bench.pyrel(root, "adopt", "--yes", "--format", "json", *shape.flags, "--allow-dirty").stdout)
    check(again["standard"] and not again["changed"] and content(root) == after, again)
    bench.git(root, "add", "-A")
    bench.git(root, "commit", "-q", "-m", "Adopt")
    return root


def install(bench: Bench, shape: Shape, root: Path) -> None:
    """Builds, checks, installs, and runs."""
    bench.pyrel(root, "build", "--no-progress")
    report = json.loads(bench.pyrel(root, "check", "--format", "json").stdout)
    errors = [one for file in report["files"] for one in file["findings"] if one["level"] == "error"]
    check(len(report["files"]) == 2 and not errors, errors)
    (wheel,) = (root / "dist").glob("*.whl")
    venv = bench.folder / "venv"
    bench.run(["uv", "venv", "-q", "--python", bench.args.python, str(venv)], bench.folder)
    scripts = venv / ("Scripts" if os.name == "nt" else "bin")
    find = ["--no-index", "--find-links", str(bench.wheels)]
    bench.run(["uv", "pip", "install", "-q", "--python", str(venv), *find, str(wheel)], bench.folder)
    version = json.loads(bench.pyrel(root, "info", "--format", "json").stdout)["packages"][0]["version"]
    answer = f"{shape.name} {version}\n"
    program = str(scripts / shape.name)
    check(bench.run([program, "--version"], bench.folder).stdout == answer, "no answer to --version")
    code = 3 if shape.name == "src-tool" else 0
    check(bench.run([program, *shape.command], bench.folder, code).stdout == shape.prints, "another output")
    bench.run([str(scripts / "python"), "-c", shape.tries], bench.folder)
    uvx = ["uvx", *find, "--from", str(wheel), shape.name, "--version"]
    check(bench.run(uvx, bench.folder).stdout == answer, "uvx gives another answer")
    if bench.args.pipx:
        pipx = [bench.args.pipx, "run", "--pip-args", f"--no-index --find-links {bench.wheels}", "--spec", str(wheel)]
        check(bench.run([*pipx, shape.name, "--version"], bench.folder).stdout == answer, "pipx gives another answer")


def dependencies(args: argparse.Namespace, folder: Path) -> Path:
    """Builds the packages that the shapes depend on, with the program under test."""
    wheels = folder / "wheels"
    for name in ("tiny-words", "tiny-more"):
        module = name.replace("-", "_")
        root = folder / "dependencies" / name
        (root / module).mkdir(parents=True)
        (root / module / "__init__.py").write_text("WORD = 'word'\n")
        (root / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "{name}"\nversion = "1.0"\n'
        )
        command = [args.pyrel, "build", "--wheel", "--out-dir", str(wheels)]
        subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=DEADLINE)
    return wheels


def one(args: argparse.Namespace, shape: Shape, folder: Path, wheels: Path) -> str | None:
    try:
        bench = Bench(args, folder / shape.name, wheels)
        install(bench, shape, adopt(bench, shape))
    except (ShapeError, OSError, subprocess.SubprocessError, ValueError, KeyError):
        return traceback.format_exc()
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pyrel", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--pipx", default=shutil.which("pipx"))
    parser.add_argument("--only")
    args = parser.parse_args()
    args.pyrel = str(Path(args.pyrel).resolve())
    shapes = [shape for shape in SHAPES if args.only in (None, shape.name)]
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        wheels = dependencies(args, folder)
        with ThreadPoolExecutor(max_workers=2) as pool:
            for shape, fault in zip(
                shapes, pool.map(lambda shape: one(args, shape, folder, wheels), shapes), strict=True
            ):
                failed += fault is not None
                print(f"{'FAILED' if fault else 'passed'} {shape.name}", flush=True)
                if fault:
                    print(fault)
    print(f"{len(shapes) - failed} passed, {failed} failed")
    return 1 if failed or not shapes else 0


if __name__ == "__main__":
    sys.exit(main())
