"""The figures an operator may change: how long, how many, how large. Holds them, enforces none."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

from .service.errors import ConfigurationError

Isolation = Literal["session", "user", "shared"]
ISOLATIONS: tuple[Isolation, ...] = get_args(Isolation)

PROBE_SECONDS = 5.0
"""How long a server may think about ``server/discover`` before it is taken for a legacy one."""

HARD_CAP = 4
"""A request that reports progress may take this many times the request timeout, and no longer."""

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Seconds, counts and bytes. Every one is positive."""

    session_timeout: float = 300
    request_timeout: float = 300
    startup_timeout: float = 30
    max_sessions: int = 100
    max_message: int = 16 * MIB

    def __post_init__(self) -> None:
        """Refuses what no timer and no counter can work with.

        Raises:
            ConfigurationError: a figure is zero, negative or not finite.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigurationError(
                    f"`{field.name}` is not a positive number: {value}", hint=f"give `{field.name}` a positive number"
                )


def as_isolation(text: str) -> Isolation:
    """Reads the name of an isolation.

    Raises:
        ValueError: there is none of that name.
    """
    for name in ISOLATIONS:
        if name == text.strip().lower():
            return name
    raise ValueError(f"none of {', '.join(ISOLATIONS)}")


def as_bytes(text: str) -> int:
    """Reads a size: bytes, or with the suffix ``KiB`` or ``MiB``.

    Raises:
        ValueError: the text is no positive size.
    """
    lowered = text.strip().lower()
    for suffix, factor in (("kib", 1024), ("mib", MIB), ("", 1)):
        digits = lowered.removesuffix(suffix).rstrip()
        if lowered.endswith(suffix) and digits.isdecimal() and int(digits) > 0:
            return int(digits) * factor
    raise ValueError("not a size such as 65536, 512KiB or 16MiB")


def as_seconds(text: str) -> float:
    """Reads a positive number of seconds.

    Raises:
        ValueError: the text is no such number.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError("not a positive number of seconds")
    return seconds
