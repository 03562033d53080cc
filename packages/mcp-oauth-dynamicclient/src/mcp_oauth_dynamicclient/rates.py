"""How often something may be done: ``20/hour`` as data. Counts nothing; the store does."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86400}
_RATE = re.compile(r"(\d+)\s*/\s*([a-z]+)")


@dataclass(frozen=True)
class Rate:
    """At most ``limit`` times in ``window`` seconds."""

    limit: int
    window: int


def parse_rate(text: str) -> Rate:
    """Reads ``NUMBER/UNIT``; units are sec, min, hour, day.

    Raises:
        ValueError: it is anything else.
    """
    found = _RATE.fullmatch(text.strip().lower())
    if found is None or found[2] not in _UNITS or int(found[1]) < 1:
        raise ValueError("not NUMBER/UNIT with a unit of sec, min, hour or day")
    return Rate(int(found[1]), _UNITS[found[2]])
