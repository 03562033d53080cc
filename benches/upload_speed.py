#!/usr/bin/env python3
"""Races pyrel against uv and twine in sending files to a sink on this machine that answers late. All in one run.

usage: upload_speed.py --pyrel PATH --python PATH [--rounds N] [--only NAME]

--pyrel   the release binary (cargo build --release --locked)
--python  the interpreter of an environment that has uv and twine (target/python after `cargo xtask test`)

The sink reads each upload whole, hashes it, waits, and answers; it lists what it has, as late. pyrel builds, checks,
plans and journals nothing less than in a real upload: what is timed is `pyrel upload-test` from start to end, while
its peers send without looking first. Raw sockets with requests made beforehand are the lower bound. The commands take
turns in every round. Prints medians, the spread, and ratios; it is no test.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import queue
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

# The most of a peer's time that pyrel may take.
AIMS = {
    "200 files, 50 ms": {
        "pyrel": {"uv": 0.30, "4 raw sockets": 1.3},
        "pyrel --jobs 8": {"uv": 0.20, "8 raw sockets": 1.3},
    },
    "12 files, 0 ms": {"pyrel": {"uv": 0.70}},
    "one wheel of 90 MB, 0 ms": {"pyrel": {"twine": 0.50}},
}
# The most memory in MiB.
MEMORY_AIMS = {"one wheel of 90 MB, 0 ms": {"pyrel": 32}}


@dataclass
class Sink:
    """An index that takes everything, and says so late."""

    latency: float = 0.0
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    port: int = 0
    loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Runs the sink in a thread of its own."""
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait(10)

    async def serve(self, ready: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                verb, path, _ = head.split(" ", 2)
                status, kind, body = "200 OK", "text/plain", b"OK\n"
                if verb == "POST":
                    await self.take(head, reader, writer)
                else:
                    status, kind, body = self.page(path)
                await asyncio.sleep(self.latency)
                answer = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(answer.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def take(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if re.search(r"(?im)^expect: *100-continue", head):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = re.search(r"(?im)^content-length: *(\d+)", head)
        start, left = b"", int(length.group(1)) if length else 0
        while left:
            piece = await reader.read(min(left, 1 << 20))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            if len(start) < 1 << 16:
                start += piece
        text = start.decode("latin-1")
        name = re.search(r'name="name"\r\n(?:[^\r]+\r\n)*\r\n([^\r]+)', text)
        digest = re.search(r'name="sha256_digest"\r\n(?:[^\r]+\r\n)*\r\n([0-9a-f]{64})', text)
        filename = re.search(r'filename="([^"]+)"', text)
        if name and digest and filename:
            project = re.sub(r"[-_.]+", "-", name.group(1)).lower()
            self.files.setdefault(project, {})[filename.group(1)] = digest.group(1)

    def page(self, path: str) -> tuple[str, str, bytes]:
        project = path.rstrip("/").rpartition("/")[2]
        if project not in self.files:
            return "404 Not Found", "text/plain", b"no such project\n"
        files = [
            {"filename": name, "url": f"/files/{name}", "hashes": {"sha256": digest}}
            for name, digest in self.files[project].items()
        ]
        document = {"meta": {"api-version": "1.0"}, "name": project, "files": files}
        return "200 OK", "application/vnd.pypi.simple.v1+json", json.dumps(document).encode()


def workspace(root: Path, packages: int, pyrel: str, *, payload: int = 0) -> list[Path]:
    """Makes packages and builds them; returns the built files. ``payload`` is how many random bytes each holds."""
    (root / "pyrel.toml").write_text("")
    chance = random.Random(7)
    for number in range(packages):
        name = f"bench-{number:03}"
        package = root / "packages" / name
        module = package / "src" / name.replace("-", "_")
        module.mkdir(parents=True)
        (module / "__init__.py").write_text('"""Nothing."""\n')
        if payload:
            # In pieces: a child's peak of memory begins with its parent's.
            with (module / "data.bin").open("wb") as data:
                for at in range(0, payload, 1 << 20):
                    data.write(chance.randbytes(min(1 << 20, payload - at)))
        (package / "README.md").write_text(f"# {name}\n\nSent in a race.\n")
        (package / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\n'
            f'name = "{name}"\nversion = "1.0"\ndescription = "Sent in a race"\nreadme = "README.md"\n'
            'requires-python = ">=3.8"\n[tool.hatch.build.targets.wheel]\n'
            f'packages = ["src/{name.replace("-", "_")}"]\n'
        )
    subprocess.run([pyrel, "build", "-q"], cwd=root, check=True, stdout=subprocess.DEVNULL)
    return sorted(root.glob("packages/*/dist/*"))


def timed(command: list[str], cwd: Path, env: dict[str, str]) -> tuple[float, int]:
    """Seconds and the peak of memory in MiB of one command."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command[:6])} failed:\n{output.decode(errors='replace')}")
    return time.perf_counter() - started, usage.ru_maxrss // 1024


def raw_sockets(port: int, files: list[Path], connections: int) -> float:
    """Seconds in which plain sockets send the files: requests made beforehand, a package's files one after another.

    A lower bound for any client that has so many connections. It looks nothing up, and waits for nothing to be seen.
    """
    packages: dict[str, list[bytes]] = {}
    for file in sorted(files, key=lambda file: (file.name.split("-")[0], file.suffix != ".whl")):
        packages.setdefault(file.name.split("-")[0], []).append(raw_request(file))
    turns: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
    for requests in packages.values():
        turns.put(requests)

    def work() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while True:
                try:
                    requests = turns.get_nowait()
                except queue.Empty:
                    return
                for request in requests:
                    connection.sendall(request)
                    answer = b""
                    while not answer.endswith(b"\r\n\r\nOK\n"):
                        answer += connection.recv(65536)

    workers = [threading.Thread(target=work) for _ in range(connections)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - started


def raw_request(file: Path) -> bytes:
    """An upload with as much of a form as the sink reads."""
    content = file.read_bytes()
    fields = {"name": file.name.split("-")[0], "sha256_digest": hashlib.sha256(content).hexdigest()}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    last = f'--x\r\nContent-Disposition: form-data; name="content"; filename="{file.name}"\r\n\r\n'
    body = ("".join(parts) + last).encode() + content + b"\r\n--x--\r\n"
    head = f"POST /legacy/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class Raw:
    """The peer that is no program."""

    files: list[Path]
    connections: int


def put_aside(folder: Path) -> None:
    """Takes a folder out of the way. To delete it would slow the next command down: file systems pass by the places of
    what was deleted a moment ago when they look for room for new files."""
    if folder.exists():
        folder.rename(tempfile.mkdtemp(dir=folder.parent.parent, prefix="aside-"))


def race(name: str, sink: Sink, root: Path, commands: dict[str, list[str] | Raw], rounds: int) -> None:
    """Lets every command send the same files in turn, and prints how long each took."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not re.search("TOKEN|PASSWORD|TWINE|UV_|PYREL|PROXY|proxy", key)
    }
    env |= {"NO_COLOR": "1", "PYREL_TOKEN": "not-a-real-token", "HOME": str(root)}
    url = f"http://127.0.0.1:{sink.port}"
    (root / "pyrel.toml").write_text(
        f'[index.sink]\nupload-url = "{url}/legacy/"\nsimple-url = "{url}/simple/"\nproduction = false\n'
    )
    times: dict[str, list[float]] = {who: [] for who in commands}
    memory: dict[str, int] = {}
    for _ in range(rounds):
        for who, command in commands.items():
            sink.files.clear()
            put_aside(root / ".pyrel")
            if isinstance(command, Raw):
                seconds, peak = raw_sockets(sink.port, command.files, command.connections), 0
            else:
                seconds, peak = timed(command, root, env)
            times[who].append(seconds)
            memory[who] = max(memory.get(who, 0), peak)
    medians = {who: statistics.median(all_times) for who, all_times in times.items()}
    print(f"\n{name}")
    for who, seconds in medians.items():
        spread = f"{min(times[who]) * 1000:.0f} to {max(times[who]) * 1000:.0f}"
        peers = [peer for peer in medians if peer != who and not peer.startswith("pyrel")]
        against = ", ".join(f"{seconds / medians[peer]:.2f} of {peer}" for peer in peers if who.startswith("pyrel"))
        memory_text = f"peak {memory[who]:4} MiB" if memory[who] else " " * 13
        print(f"  {who:<16} {seconds * 1000:9.0f} ms ({spread})  {memory_text}  {against}")
        for peer, most in AIMS.get(name, {}).get(who, {}).items():
            print(f"    aim: {most:.2f} of {peer}: {'met' if seconds / medians[peer] <= most else 'NOT met'}")
        most_memory = MEMORY_AIMS.get(name, {}).get(who)
        if most_memory is not None:
            print(f"    aim: less than {most_memory} MiB: {'met' if memory[who] < most_memory else 'NOT met'}")


def main() -> int:
    """Runs the races."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pyrel", required=True)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only")
    args = parser.parse_args()
    pyrel = str(Path(args.pyrel).resolve())
    uv, twine = (str(args.python.absolute().with_name(name)) for name in ("uv", "twine"))
    sink = Sink()
    sink.start()
    url = f"http://127.0.0.1:{sink.port}/legacy/"
    quiet = ["--non-interactive", "--disable-progress-bar"]
    token = ["-u", "__token__", "-p", "not-a-real-token"]

    def peers(files: list[Path]) -> dict[str, list[str]]:
        names = [str(file) for file in files]
        return {
            "uv": [uv, "publish", "--publish-url", url, *token, "--trusted-publishing", "never", *names],
            "twine": [twine, "upload", *quiet, "--repository-url", url, *token, *names],
        }

    def ours(*more: str) -> list[str]:
        return [pyrel, "upload-test", "--index", "sink", *more]

    def wanted(name: str) -> bool:
        return args.only is None or args.only in name

    with tempfile.TemporaryDirectory(prefix="pyrel-upload-") as temporary:
        for packages in (100, 6):
            root = Path(temporary) / str(packages)
            root.mkdir()
            files = workspace(root, packages, pyrel)
            for milliseconds in (0, 50, 200):
                name = f"{2 * packages} files, {milliseconds} ms"
                if not wanted(name) or (packages == 100 and milliseconds == 200):
                    continue
                sink.latency = milliseconds / 1000
                commands = {
                    "pyrel": ours(),
                    "pyrel --jobs 8": ours("--jobs", "8"),
                    "4 raw sockets": Raw(files, 4),
                    "8 raw sockets": Raw(files, 8),
                    **peers(files),
                }
                race(name, sink, root, commands, args.rounds)
        if wanted("one wheel"):
            root = Path(temporary) / "large"
            root.mkdir()
            files = [file for file in workspace(root, 1, pyrel, payload=90_000_000) if file.suffix == ".whl"]
            for other in root.glob("packages/*/dist/*.tar.gz"):
                other.unlink()
            sink.latency = 0
            race("one wheel of 90 MB, 0 ms", sink, root, {"pyrel": ours(), **peers(files)}, args.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
