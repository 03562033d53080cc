#!/usr/bin/env python3
"""Uploads many files to the embedded index at many connections while it is killed again and again.

usage: index_durability.py --pyrel PATH [--files N] [--connections N] [--kills N] [--projects N]

--pyrel        the release binary (cargo build --release --locked)
--files        how many wheels (10,000)
--connections  how many uploads at a time (32)
--kills        how often the server is killed, spread evenly (5)
--projects     among how many projects the wheels are (20)

After every kill, and in the end, each file that was acknowledged must be listed with its hash; in the end the bytes of
every stored file are hashed as well. Exits with 1 when one is lost. Prints what it measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "index"))

from bench import CaseError, Server, sha256
from storm import small_wheels, storm


def main() -> int:
    """Runs the storm."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pyrel", required=True, type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--projects", type=int, default=20)
    arguments = parser.parse_args()

    def serve(directory: Path) -> Server:
        command = [arguments.pyrel.resolve(), "index", "serve", "--dir", directory, "--port", "0", "-q"]
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, env={"HOME": os.devnull})
        line = process.stdout.readline().decode().strip() if process.stdout else ""
        return Server(process, line, directory)

    with tempfile.TemporaryDirectory(prefix="pyrel-durability-") as temporary:
        work = Path(temporary)
        wheels: list[Path] = []
        for number in range(arguments.projects):
            directory = work / f"wheels-{number}"
            directory.mkdir()
            share = arguments.files * (number + 1) // arguments.projects - len(wheels)
            wheels += small_wheels(directory, share, f"demo-app-{number}")
        kills = [len(wheels) * (number + 1) // (arguments.kills + 1) for number in range(arguments.kills)]
        store = work / "store"
        begin = time.monotonic()
        try:
            outcome = storm(serve, store, wheels, connections=arguments.connections, kills=kills)
        except CaseError as error:
            print(f"FAILED: {error}")
            return 1
        took = time.monotonic() - begin
        bad = [wheel.name for wheel in wheels if digest(store, wheel) != sha256(wheel)]
        print(
            f"{outcome.acknowledged} uploads acknowledged at {arguments.connections} connections in {took:.1f} s "
            f"({outcome.acknowledged / took:.0f}/s), {arguments.kills} kills, {outcome.broken_off} broken off, "
            f"{len(bad)} lost or changed"
        )
    return 1 if bad else 0


def digest(store: Path, wheel: Path) -> str:
    """Returns the hash of a file in the store, or nothing when it is not there."""
    project = wheel.name.split("-")[0].replace("_", "-")
    path = store / "projects" / project / wheel.name / wheel.name
    return sha256(path) if path.is_file() else ""


if __name__ == "__main__":
    raise SystemExit(main())
