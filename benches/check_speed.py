#!/usr/bin/env python3
"""Measures `pyrel check` next to `twine check`, and next to the bare work of unpacking and hashing, all in one run.

usage: check_speed.py --pyrel PATH --python PATH [--rounds N] [--keep DIR]

--pyrel   the release binary (cargo build --release --locked)
--python  the interpreter of an environment that has twine (target/python after `cargo xtask test`)
--keep    make the distributions there and use them again (default: a temporary folder)

The distributions are made from a fixed seed. Peer and pyrel take turns, round by round, so that other work on the
machine slows both alike; medians and ratios are printed, and whether each aim is met. It is no test: a person judges.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

WORDS = ("value", "total", "index", "result", "buffer", "config", "parser", "handler", "session", "request", "record")
STAMP = (2026, 1, 1, 0, 0, 0)


@dataclass
class Timing:
    """Wall seconds, CPU seconds, and peak memory of one thing that is run several times."""

    name: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.wall)

    def line(self) -> str:
        cpu = f"{statistics.median(self.cpu) * 1000:9.1f} ms CPU" if self.cpu else ""
        memory = f"  peak {self.memory / 1024:.0f} MiB" if self.memory else ""
        return f"  {self.name:<34} {self.median * 1000:9.1f} ms {cpu}{memory}"


def run(command: list[str], timing: Timing | None, env: dict[str, str]) -> None:
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            output.seek(0)
            sys.exit(f"{' '.join(command)[:200]} failed:\n{output.read().decode(errors='replace')[-2000:]}")
    if timing is not None:
        timing.wall.append(wall)
        timing.cpu.append(usage.ru_utime + usage.ru_stime)
        timing.memory = max(timing.memory, usage.ru_maxrss)


def source(chance: random.Random, size: int) -> str:
    """Returns Python source that compresses about as well as real code does."""
    lines: list[str] = ['"""Generated."""', ""]
    length = 0
    while length < size:
        name = f"{chance.choice(WORDS)}_{chance.randrange(10_000)}"
        body = [f"def {name}({chance.choice(WORDS)}, limit={chance.randrange(1000)}):"]
        for _ in range(chance.randrange(3, 9)):
            left, right, call = chance.choice(WORDS), chance.choice(WORDS), chance.choice(WORDS)
            body.append(f'    {left} = {call}({right}, {chance.randrange(100_000)}, "{chance.getrandbits(64):x}")')
        lines += [*body, f"    return {chance.choice(WORDS)}", "", ""]
        length += sum(len(line) + 1 for line in body) + 20
    return "\n".join(lines)


def readme(rst: bool) -> str:
    """Returns a description of the usual length, with headings, lists, links, and code; about 5 KB."""
    prose = "A paragraph of some length, with `code`, *emphasis*, and words that say what the project is good for. " * 3
    parts = []
    for number in range(5):
        title, code = f"Section {number}", source(random.Random(number), 350)
        if rst:
            indented = "\n".join(f"    {line}".rstrip() for line in code.splitlines())
            parts += [f"{title}\n{'=' * len(title)}", prose.replace("`code`", "``code``")]
            parts += ["* one\n* two\n* three", f".. code-block:: python\n\n{indented}"]
        else:
            parts += [f"## {title}", prose, "- one\n- two\n- [three](https://example.org/)", f"```python\n{code}\n```"]
    return "\n\n".join(parts) + "\n"


def metadata(name: str, rst: bool = False) -> str:
    headers = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nSummary: A demonstration\nRequires-Python: >=3.9\n"
    kind = "text/x-rst" if rst else "text/markdown"
    return f"{headers}Description-Content-Type: {kind}\n\n{readme(rst)}"


def write_wheel(path: Path, name: str, text: str, files: dict[str, bytes], level: int = 6) -> None:
    info = f"{name}-1.0.dist-info"
    wheel = "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {**files, f"{info}/METADATA": text.encode(), f"{info}/WHEEL": wheel.encode()}
    rows = []
    for file, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{file},sha256={digest},{len(data)}\n")
    files[f"{info}/RECORD"] = ("".join(rows) + f"{info}/RECORD,,\n").encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for file, data in files.items():
            entry = zipfile.ZipInfo(file, STAMP)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)


def write_sdist(path: Path, name: str, text: str, files: dict[str, bytes]) -> None:
    build = b'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    files = {"PKG-INFO": text.encode(), "pyproject.toml": build, **files}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file, data in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{file}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    path.write_bytes(gzip.compress(buffer.getvalue(), 6, mtime=0))


def make_dists(folder: Path, count: int, size: int) -> list[str]:
    """Makes `count` distributions, a sdist and a wheel of every project, each project with `size` bytes of source."""
    paths = []
    for number in range(count // 2):
        name = f"bench_{size}_{number}"
        wheel, sdist = folder / f"{name}-1.0-py3-none-any.whl", folder / f"{name}-1.0.tar.gz"
        if not (wheel.exists() and sdist.exists()):
            chance = random.Random(number)
            share = max(size // 12, 1000)
            files = {f"{name}/module_{index}.py": source(chance, share).encode() for index in range(11)}
            files[f"{name}/__init__.py"] = b"VALUE = 1\n"
            # One in four is reStructuredText, which costs the peer more.
            text = metadata(name, rst=number % 4 == 3)
            write_wheel(wheel, name, text, files)
            write_sdist(sdist, name, text, files)
        paths += [str(wheel), str(sdist)]
    return paths


def make_large(folder: Path) -> Path:
    """Makes a wheel of about 90 MB, 150 MB unpacked."""
    path = folder / "large-1.0-py3-none-any.whl"
    if not path.exists():
        chance = random.Random(90)
        files = {"large/__init__.py": b"VALUE = 1\n"}
        for index in range(30):
            text = source(chance, 120_000).encode()
            noise = chance.randbytes(1_720_000)
            pieces = [noise[at : at + 30_000] + text[at % 60_000 :][:60_000] for at in range(0, len(noise), 30_000)]
            files[f"large/data_{index}.bin"] = b"".join(pieces)
        write_wheel(path, "large", metadata("large"), files, level=1)
    return path


def unpack_and_hash(path: Path) -> float:
    """The bare work in seconds: every member inflated and hashed once, by two threads, and the file hashed."""
    started = time.perf_counter()

    def member(entry: zipfile.ZipInfo) -> str:
        with path.open("rb") as file:
            file.seek(entry.header_offset + 26)
            lengths = file.read(4)
            file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), os.SEEK_CUR)
            inflate, digest, left = zlib.decompressobj(-15), hashlib.sha256(), entry.compress_size
            while left > 0:
                packed = file.read(min(left, 1 << 18))
                left -= len(packed)
                digest.update(inflate.decompress(packed))
            digest.update(inflate.flush())
            return digest.hexdigest()

    def whole(_: None) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    with zipfile.ZipFile(path) as archive, ThreadPoolExecutor(2) as pool:
        last = pool.submit(whole, None)
        list(pool.map(member, archive.infolist()))
        last.result()
    return time.perf_counter() - started


def judge(what: str, value: float, aim: str, met: bool) -> None:
    print(f"  {what:<34} {value:9.1f}     aim {aim}: {'met' if met else 'MISSED'}\n")


def race(title: str, args: argparse.Namespace, paths: list[str], least: float, env: dict[str, str]) -> None:
    size = sum(Path(path).stat().st_size for path in paths)
    print(f"{title}: {len(paths)} files, {size / 1e6:.1f} MB")
    ours, theirs = Timing("pyrel check"), Timing("twine check")
    for _ in range(args.rounds):
        run([str(args.python), "-m", "twine", "check", *paths], theirs, env)
        run([args.pyrel, "check", "-q", *paths], ours, env)
    print(theirs.line(), ours.line(), sep="\n")
    ratio = theirs.median / ours.median
    judge("times as fast", ratio, f"at least {least:.0f}", ratio >= least)
    share = statistics.median(theirs.cpu) / statistics.median(ours.cpu)
    print(f"  {'times less CPU':<34} {share:9.1f}     (twice that is the ratio of two idle cores)\n")


def scale(args: argparse.Namespace, paths: list[str], env: dict[str, str]) -> None:
    print(f"scaling: {len(paths)} files, {sum(Path(path).stat().st_size for path in paths) / 1e6:.1f} MB")
    few, many = Timing("pyrel check, 200 files"), Timing("pyrel check, 2,000 files")
    alone = Timing("pyrel check, 2,000 files, --jobs 1")
    for _ in range(args.rounds):
        run([args.pyrel, "check", "-q", *paths[:200]], few, env)
        run([args.pyrel, "check", "-q", *paths], many, env)
        run([args.pyrel, "check", "-q", "--jobs", "1", *paths], alone, env)
    print(few.line(), many.line(), alone.line(), sep="\n")
    cost = statistics.median(many.cpu) / statistics.median(few.cpu)
    judge("times the CPU of a tenth", cost, "at most 11", cost <= 11)
    cores = statistics.median(many.cpu) / many.median
    judge("cores used", cores, "at least 1.6 of two", cores >= 1.6)


def large(args: argparse.Namespace, path: Path, env: dict[str, str], worker: ProcessPoolExecutor) -> None:
    print(f"one wheel: {path.stat().st_size / 1e6:.1f} MB")
    ours, bare = Timing("pyrel check"), Timing("inflate and SHA-256, two threads")
    for _ in range(args.rounds):
        bare.wall.append(worker.submit(unpack_and_hash, path).result())
        run([args.pyrel, "check", "-q", str(path)], ours, env)
    print(bare.line(), ours.line(), sep="\n")
    ratio = ours.median / bare.median
    judge("of the bare time", ratio, "at most 1.5", ratio <= 1.5)
    judge("MiB of memory at most", ours.memory / 1024, "below 64", ours.memory < 64 * 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pyrel", required=True, type=lambda text: str(Path(text).resolve()))
    parser.add_argument("--python", required=True, type=Path, help="not resolved: it may be a link")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    args.python = Path.cwd() / args.python
    env = {**os.environ, "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        # A process of its own makes the files: what this one has in memory would count as that of its children.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as worker:
            dists = worker.submit(make_dists, folder, 200, 355_000).result()
            race("a few", args, dists[:12], 20, env)
            race("many", args, dists, 10, env)
            scale(args, worker.submit(make_dists, folder, 2000, 48_000).result(), env)
            large(args, worker.submit(make_large, folder).result(), env, worker)


if __name__ == "__main__":
    main()
