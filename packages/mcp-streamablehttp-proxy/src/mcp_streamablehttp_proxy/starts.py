"""How the starts of the server went: for ``/health``, and for how soon it may be started again."""

from __future__ import annotations

from dataclasses import dataclass

UNHEALTHY_AFTER = 3
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@dataclass
class Starts:
    """Counts the starts of all children and the failures in a row."""

    running: int = 0
    failures: int = 0

    @property
    def healthy(self) -> bool:
        """Whether one of the last three starts succeeded, or there were fewer."""
        return self.failures < UNHEALTHY_AFTER

    def succeeded(self) -> None:
        """A server became usable."""
        self.failures = 0

    def failed(self) -> None:
        """A server could not be started or never became usable."""
        self.failures += 1


@dataclass
class Backoff:
    """Pauses between the restarts of one child: 0.5 s, doubled with every failure, 30 s at most."""

    failures: int = 0
    until: float = 0.0

    def failed(self, now: float) -> None:
        """The child ended by itself, or did not start."""
        self.until = now + min(_FIRST_PAUSE * 2**self.failures, _LONGEST_PAUSE)
        self.failures = min(self.failures + 1, 16)

    def worked(self) -> None:
        """The child answered a request: the next failure is a first one."""
        self.failures = 0
