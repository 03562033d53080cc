"""Child processes of the gateway: started on free ports, awaited by what they answer, stopped by name."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

START_SECONDS = 60.0
STOP_SECONDS = 20.0
_RANDOM = random.SystemRandom()
_GIVEN: set[int] = set()


def free_port() -> int:
    """A port nobody listens on, below those the system gives to outgoing connections, and never the same twice."""
    while True:
        port = _RANDOM.randrange(20000, 32000)
        with socket.socket() as probe:
            if port not in _GIVEN and probe.connect_ex(("127.0.0.1", port)) != 0:
                _GIVEN.add(port)
                return port


def until(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Waits for ``condition``, at most ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds: {what}"
        time.sleep(0.05)


class Child:
    """One process with its log. ``ready`` says when it serves."""

    def __init__(
        self, name: str, command: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self._command = [str(part) for part in command]
        self._directory = directory
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Child:
        """Starts it, in a process group of its own."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                env={**inherited, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def wait_for_http(self, url: str, accepted: Callable[[httpx.Response], bool] = lambda answer: answer.is_success):
        """Waits until ``url`` answers as wanted."""

        def answers() -> bool:
            self._require_running()
            try:
                return accepted(httpx.get(url, timeout=5))
            except httpx.HTTPError:
                return False

        until(answers, f"{self.name} answers at {url}\n{self.text()}")

    def wait_for_port(self, port: int) -> None:
        """Waits until something listens."""

        def listens() -> bool:
            self._require_running()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(listens, f"{self.name} listens on {port}")

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process itself."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        """Ends it, politely first."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=STOP_SECONDS)

    def text(self) -> str:
        """What it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _require_running(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} ended with {self._process.returncode}:\n{self.text()}"
