#!/usr/bin/env python3
"""Races pyrel against uv and twine on the packages of this repository, all in one run.

usage: speed.py --pyrel PATH --python PATH [--rounds N]

--pyrel   the release binary (cargo build --release --locked)
--python  the interpreter of an environment that has uv, twine, and build (target/python after `cargo xtask test`)

Prints medians and ratios. It is no test: machines are noisy, and a ratio is judged by a person. The peers are
given their best case: warm caches, a real interpreter first on PATH (no version-manager shim), no dist folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Timing:
    """Wall and CPU seconds of one command, over several rounds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def add(self, wall: float, cpu: float) -> None:
        self.wall.append(wall)
        self.cpu.append(cpu)

    def median(self) -> tuple[float, float]:
        return statistics.median(self.wall), statistics.median(self.cpu)

    def line(self) -> str:
        wall, cpu = (seconds * 1000 for seconds in self.median())
        return f"{self.name:<26} {wall:9.1f} ms wall {cpu:9.1f} ms CPU  (median of {len(self.wall)})"


def run(command: list[str], cwd: Path, env: dict[str, str], timing: Timing | None) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{result.stdout}\n{result.stderr}")
    if timing is not None:
        timing.add(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def workspace(folder: Path) -> Path:
    """Copies the packages into a tree of their own that uv knows as a workspace."""
    tree = folder / "tree"
    ignore = shutil.ignore_patterns("dist", "__pycache__", ".*cache*", "*.egg-info")
    shutil.copytree(ROOT / "packages", tree / "packages", ignore=ignore)
    (tree / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["packages/*"]\n', encoding="utf-8")
    return tree


def remove_products(tree: Path) -> None:
    for product in [tree / "dist", *tree.glob("packages/*/dist")]:
        shutil.rmtree(product, ignore_errors=True)


def race_builds(args: argparse.Namespace, tree: Path, env: dict[str, str]) -> list[Timing]:
    ours, theirs = Timing("pyrel build"), Timing("uv build --all-packages")
    uv = str(Path(args.python).parent / "uv")
    peer = [uv, "build", "--all-packages", "--python", args.python]
    run(peer, tree, env, None)  # warms uv's caches
    for _ in range(args.rounds):
        remove_products(tree)
        run(peer, tree, env, theirs)
        remove_products(tree)
        run([args.pyrel, "build"], tree, env, ours)
    return [ours, theirs]


def race_checks(args: argparse.Namespace, tree: Path, env: dict[str, str]) -> list[Timing]:
    files = sorted(str(path) for path in tree.glob("packages/*/dist/*") if path.suffix in {".whl", ".gz"})
    ours, theirs = Timing("pyrel check"), Timing("twine check")
    for _ in range(args.rounds):
        run([args.python, "-m", "twine", "check", *files], tree, env, theirs)
        run([args.pyrel, "check", *files], tree, env, ours)
    return [ours, theirs]


def starts(args: argparse.Namespace, tree: Path, env: dict[str, str]) -> list[Timing]:
    timings = [Timing("pyrel --help"), Timing("pyrel info")]
    for _ in range(args.rounds * 3):
        for timing, flag in zip(timings, ["--help", "info"], strict=True):
            run([args.pyrel, flag], tree, env, timing)
    return timings


def show(pair: list[Timing]) -> None:
    ours, theirs = (timing.median()[0] for timing in pair)
    for timing in pair:
        print(timing.line())
    print(f"{'ratio':<26} {theirs / ours:9.1f} times faster\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pyrel", required=True, type=lambda text: str(Path(text).resolve()))
    parser.add_argument("--python", required=True, type=Path, help="not resolved: it may be a link")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    args.python = str(Path.cwd() / args.python)
    base = Path(sys.executable if not hasattr(sys, "_base_executable") else sys._base_executable)
    env = {**os.environ, "PATH": f"{base.resolve().parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as folder:
        tree = workspace(Path(folder))
        show(race_builds(args, tree, env))
        show(race_checks(args, tree, env))
        for timing in starts(args, tree, env):
            print(timing.line())


if __name__ == "__main__":
    main()
