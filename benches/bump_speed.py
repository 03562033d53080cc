#!/usr/bin/env python3
"""Times `pyrel bump` in a generated repository: 100 packages, a graph of 5 levels, 10,000 commits.

usage: bump_speed.py --pyrel PATH [--python PATH] [--rounds N]

--pyrel   the release binary (cargo build --release --locked)

Each round raises the package at the bottom of the graph by a major version, so that every package that depends on it,
directly or not, follows: 100 versions, constraints, changelogs of 10,000 commits, one commit, and 100 annotated tags. A
second measure asks the commits of every package (`auto`) and writes nothing. Prints medians; it is no test.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = 100
LEVELS = 5
COMMITS = 10_000
AIM = 2.0

PYPROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0.0"
dependencies = [{dependencies}]
"""


def level_of(package: int) -> int:
    """The first package is the bottom; the others are spread over the levels above it."""
    return 0 if package == 0 else 1 + (package - 1) % (LEVELS - 1)


def dependencies_of(package: int, source: random.Random) -> list[int]:
    """Some packages of the level below, at least one, so that everything stands on the bottom."""
    level = level_of(package)
    if level == 0:
        return []
    below = [other for other in range(PACKAGES) if level_of(other) == level - 1]
    return sorted(source.sample(below, min(3, len(below))))


def stream() -> bytes:
    """What `git fast-import` reads: the first commit has every file, the others touch one package each."""
    source = random.Random(7)
    out: list[str] = []

    def commit(message: str, files: dict[str, str], at: int) -> None:
        out.append("commit refs/heads/main\n")
        out.append(f"committer Somebody <somebody@example.org> {1_600_000_000 + at * 600} +0000\n")
        out.append(f"data {len(message.encode())}\n{message}\n")
        for path, text in files.items():
            out.append(f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n")

    files = {"pyrel.toml": 'members = ["packages/*"]\n\n[bump]\ndependents = "major"\n'}
    for package in range(PACKAGES):
        names = [f'"p{other:03}>=1,<2"' for other in dependencies_of(package, source)]
        text = PYPROJECT.format(name=f"p{package:03}", dependencies=", ".join(names))
        files[f"packages/p{package:03}/pyproject.toml"] = text
        files[f"packages/p{package:03}/src/p{package:03}/__init__.py"] = '__version__ = "1.0.0"\n'
    commit("feat: start", files, 0)
    kinds = ["fix", "feat", "docs", "chore", "perf", "refactor", "test"]
    for at in range(1, COMMITS):
        package = source.randrange(PACKAGES)
        message = f"{source.choice(kinds)}: change number {at} (#{at})\n\nWhy it was made.\n"
        path = f"packages/p{package:03}/src/p{package:03}/m{at % 7}.py"
        commit(message, {path: f"x = {at}\n"}, at)
    return "".join(out).encode()


def git(directory: Path, *arguments: str, data: bytes | None = None) -> None:
    subprocess.run(["git", *arguments], cwd=directory, input=data, check=True, capture_output=True)


def run(pyrel: Path, directory: Path, *arguments: str) -> tuple[float, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "SOURCE_DATE_EPOCH": "1700000000"}
    start = time.perf_counter()
    command = [str(pyrel), "bump", *arguments, "--format", "json"]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return seconds, done.stdout


def measure(pyrel: Path, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        git(tree, "init", "-q", "-b", "main")
        for key, value in {"user.name": "Somebody", "user.email": "somebody@example.org"}.items():
            git(tree, "config", key, value)
        git(tree, "fast-import", "--quiet", data=stream())
        git(tree, "reset", "-q", "--hard")
        git(tree, "commit-graph", "write", "--reachable")
        whole, auto = [], []
        for _ in range(rounds):
            seconds, text = run(pyrel, tree, "major", "p000")
            raised = json.loads(text)["packages"]
            if len(raised) != PACKAGES:
                sys.exit(f"{len(raised)} packages were raised, not {PACKAGES}")
            whole.append(seconds)
            run(pyrel, tree, "--undo")
            seconds, text = run(pyrel, tree, "auto", "--dry-run")
            auto.append(seconds)
        print(f"{PACKAGES} packages, {LEVELS} levels, {COMMITS:,} commits; medians of {rounds} rounds")
        for name, values in {"bump major p000, commit and tags": whole, "bump auto --dry-run": auto}.items():
            spread = f"{min(values):.2f} to {max(values):.2f}"
            print(f"  {name:34} {statistics.median(values):6.2f} s   ({spread})")
        verdict = "met" if statistics.median(whole) < AIM else "missed"
        print(f"  aim: the first below {AIM:.1f} s: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pyrel", type=Path, required=True)
    parser.add_argument("--python", help="not needed; every benchmark is given one")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    measure(options.pyrel.resolve(), options.rounds)


if __name__ == "__main__":
    main()
