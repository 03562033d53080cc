#!/usr/bin/env python3
"""Races `pyrel build` against `uv build --all-packages` on generated workspaces, all in one run.

usage: build_speed.py --pyrel PATH --python PATH [--work DIR] [--only NAMES] [--rounds N]

--pyrel   the release binary (cargo build --release --locked)
--python  the interpreter of an environment that has uv (target/python after `cargo xtask test`)
--work    where the workspaces lie; they are made when missing and kept (default: a folder that vanishes)
--only    comma separated: six, mono100, mono100-uv, mono1000-uv, big, unchanged, growth (default: all)
--rounds  how often each is built, by turns (default 5)

Prints medians of wall time, CPU time, and peak memory, and the ratio of wall times. It is no test. uv is given its
best case: warm caches, the build requirements downloaded, no dist folder; it builds `uv_build` projects in its own
process. pyrel builds everything anew (`--rebuild`), except in `unchanged`, where nothing changed since the last build.
`growth` says how much memory a build takes for each package more: that of `mono1000-uv` beside that of its first
hundred packages.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKSPACES = {"six": "six", "mono100": "mono100", "mono100-uv": "mono100", "mono1000-uv": "mono1000", "big": "big"}
FEW = 100  # packages that growth begins with
GOALS = {
    "six": "1/60",
    "mono100": "1/50",
    "mono100-uv": "0.35",
    "mono1000-uv": "0.15, memory 1/8",
    "big": "0.5, memory 64 MB",
    "unchanged": "100 ms",
    "growth": "16 KB",
}


class Timing:
    """Wall seconds, CPU seconds, and peak memory in MB of one command, over several rounds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[tuple[float, float, float]] = []

    def median(self, column: int = 0) -> float:
        return statistics.median(row[column] for row in self.rows)

    def line(self) -> str:
        wall, cpu, memory = (self.median(column) for column in range(3))
        name, rounds = f"{self.name:<24}", len(self.rows)
        return f"  {name} {wall * 1000:10.1f} ms wall {cpu * 1000:10.1f} ms CPU {memory:7.1f} MB  (median of {rounds})"


def run(command: list[str], cwd: Path, timing: Timing | None) -> None:
    """Runs a command; CPU and peak memory are those of the process and the children that it waited for."""
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=output, env={**environment, "NO_COLOR": "1"})
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed in {cwd}:\n{output.read().decode(errors='replace')[-4000:]}")
    if timing is not None:
        timing.rows.append((wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))


def clean(tree: Path) -> None:
    """Moves what was built aside.

    Where files were just removed, some file systems (ext4 without a journal) take long to find places for new ones,
    whoever makes them.
    """
    for number, product in enumerate([tree / "dist", *tree.glob("packages/*/dist")]):
        if product.is_dir():
            aside = tree.parent / ".aside" / f"{time.monotonic_ns()}-{number}"
            aside.parent.mkdir(exist_ok=True)
            product.rename(aside)
            if tree.name == "big":  # few files, and long ones
                shutil.rmtree(aside)


def race(args: argparse.Namespace, name: str, tree: Path) -> None:
    uv = [str(Path(args.python).parent / "uv"), "build", "--all-packages", "--python", args.python]
    ours, theirs = Timing("pyrel build"), Timing("uv build --all-packages")
    clean(tree)
    run(uv, tree, None)  # warms its caches
    for _ in range(args.rounds):
        clean(tree)
        run(uv, tree, theirs)
        clean(tree)
        run([args.pyrel, "build", "--rebuild"], tree, ours)
    ratio = ours.median() / theirs.median()
    print(f"{name}\n{theirs.line()}\n{ours.line()}")
    print(f"  ratio {ratio:.4f} (1/{1 / ratio:.1f}); goal {GOALS[name]}")
    print(f"  memory {ours.median(2) / theirs.median(2):.2f} of the peer's largest process\n")


def unchanged(args: argparse.Namespace, tree: Path) -> None:
    clean(tree)
    timing = Timing("pyrel build, no change")
    for _ in range(3):  # makes the files, sees them whole, finds them settled
        run([args.pyrel, "build"], tree, None)
        time.sleep(0.2)
    for _ in range(args.rounds):
        run([args.pyrel, "build"], tree, timing)
    print(f"unchanged (mono1000-uv)\n{timing.line()}\n  goal {GOALS['unchanged']}\n")


def growth(args: argparse.Namespace, tree: Path) -> None:
    few = tree.parent / "mono1000-uv-first"
    packages = sorted((tree / "packages").iterdir())
    if not few.is_dir():
        for package in packages[:FEW]:
            shutil.copytree(package, few / "packages" / package.name, ignore=shutil.ignore_patterns("dist"))
        shutil.copy(tree / "pyproject.toml", few)
    print(f"growth ({FEW} and {len(packages)} packages of mono1000-uv)")
    for name, options in (("pyrel build --rebuild", ["--rebuild"]), ("pyrel build, no change", [])):
        sizes = []
        for place in (few, tree):
            timing = Timing(name)
            for _ in range(args.rounds):
                run([args.pyrel, "build", *options], place, timing)
            sizes.append(timing.median(2))
            print(timing.line())
        more = (sizes[1] - sizes[0]) * 1024 / (len(packages) - FEW)
        print(f"  {more:.1f} KB more for each package; goal {GOALS['growth']}")
    print()


def make(work: Path, name: str) -> Path:
    tree = work / name
    if not tree.is_dir():
        program = str(HERE / "workspaces" / "gen_workspaces.py")
        maker = [sys.executable, program, "--work", str(work), "--only", WORKSPACES[name]]
        subprocess.run(maker, check=True, stdout=subprocess.DEVNULL)
        time.sleep(3)  # what was written just now is never taken for unchanged
    return tree


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pyrel", required=True, type=lambda text: str(Path(text).resolve()))
    parser.add_argument("--python", required=True, help="not resolved: it may be a link")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--only", default=",".join(GOALS))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    args.python = str(Path.cwd() / args.python)
    names = args.only.split(",")
    if unknown := set(names) - set(GOALS):
        parser.error(f"unknown workspaces: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as folder:
        work = args.work.resolve() if args.work else Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for name in names:
            if name in ("unchanged", "growth"):
                measure = unchanged if name == "unchanged" else growth
                measure(args, make(work, "mono1000-uv"))
            else:
                race(args, name, make(work, name))
        shutil.rmtree(work / ".aside", ignore_errors=True)


if __name__ == "__main__":
    main()
