"""Many uploads at once to a server that is killed in the middle of them, and the small wheels for it."""

from __future__ import annotations

import http.client
import threading
import zipfile
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import TOKEN, Server, check, sha256


def small_wheels(directory: Path, count: int, name: str = "demo-app") -> list[Path]:
    """Writes valid wheels of versions 1.0, 1.1, …"""
    made = []
    stem = name.replace("-", "_")
    for number in range(count):
        version = f"1.{number}"
        info = f"{stem}-{version}.dist-info"
        path = directory / f"{stem}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{stem}.py", f"VERSION = {version!r}\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(
                f"{info}/RECORD",
                f"{stem}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
            )
        made.append(path)
    return made


def post(server: Server, wheel: Path) -> int | None:
    """Uploads a wheel; returns the status, or nothing when the server died."""
    stem, version = wheel.name.split("-")[:2]
    fields = {
        ":action": "file_upload", "metadata_version": "2.1", "name": stem.replace("_", "-"), "version": version,
        "filetype": "bdist_wheel", "pyversion": "py3", "sha256_digest": sha256(wheel),
    }  # fmt: skip
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(
        f'--b\r\nContent-Disposition: form-data; name="content"; filename="{wheel.name}"\r\n\r\n'.encode()
        + wheel.read_bytes()
        + b"\r\n--b--\r\n"
    )
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Authorization": f"Bearer {TOKEN}"}
    try:
        connection.request("POST", "/legacy/", b"".join(parts), headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@dataclass
class Storm:
    """What is to be sent and what became of it."""

    waiting: deque[Path]
    acknowledged: set[Path] = field(default_factory=set)
    broken_off: int = 0
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rage(self, server: Server, connections: int, until: int | None) -> None:
        """Sends at so many connections until everything is sent, or until so many are acknowledged: then it kills."""
        over = threading.Event()

        def send() -> None:
            while not over.is_set():
                try:
                    wheel = self.waiting.popleft()
                except IndexError:
                    return
                status = post(server, wheel)
                with self.lock:
                    self.note(wheel, status)
                    if until is not None and len(self.acknowledged) >= until and not over.is_set():
                        over.set()
                        server.kill()

        threads = [threading.Thread(target=send) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def note(self, wheel: Path, status: int | None) -> None:
        """Books what became of one upload."""
        if status == 200:
            self.acknowledged.add(wheel)
        elif status is None:
            self.broken_off += 1
            self.waiting.append(wheel)
        else:
            self.refused.append(f"{wheel.name}: {status}")


@dataclass
class StormOutcome:
    """What a storm left."""

    acknowledged: int
    broken_off: int


def storm(
    serve: Callable[[Path], Server], directory: Path, wheels: Sequence[Path], *, connections: int, kills: Sequence[int]
) -> StormOutcome:
    """Uploads all wheels, killing the server whenever so many are acknowledged.

    After every kill a new server must list, with the right hash, each file that was acknowledged before.
    """
    state = Storm(deque(wheels))
    for until in [*kills, None]:
        server = serve(directory)
        lost = missing(server, state.acknowledged)
        check(not lost, f"acknowledged and lost: {lost}")
        state.rage(server, connections, until)
        check(not state.refused, state.refused[:3])
        if until is None:
            check(not state.waiting and len(state.acknowledged) == len(wheels), f"{len(state.waiting)} were never sent")
            check(not missing(server, state.acknowledged), "the last server lists less than it acknowledged")
            server.stop()
    return StormOutcome(len(state.acknowledged), state.broken_off)


def missing(server: Server, wheels: set[Path]) -> list[str]:
    """Returns the wheels that a server does not list with their hash."""
    names = {wheel.name.split("-")[0].replace("_", "-") for wheel in wheels}
    listed = {filename: file for name in sorted(names) for filename, file in server.listing(name).items()}
    return [
        wheel.name
        for wheel in sorted(wheels)
        if wheel.name not in listed or listed[wheel.name]["hashes"]["sha256"] != sha256(wheel)
    ]
