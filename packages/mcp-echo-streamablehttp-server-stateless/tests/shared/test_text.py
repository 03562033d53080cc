"""Durations and dates by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from under_test import tools

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.9, "59s"), (60, "1m"), (3661, "1h 1m"), (90_061, "1d 1h"), (86_400, "1d")]
)
def test_durations(seconds: float, text: str):
    assert tools("bearer").describe_duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NOW - 60, "2023-11-14 22:12:20 UTC (1m ago)"),
        (NOW + 60, "2023-11-14 22:14:20 UTC (in 1m)"),
        (-1, "1969-12-31 23:59:59 UTC (19675d 22h ago)"),
        (float("nan"), "not a valid NumericDate"),
        (float("inf"), "not a valid NumericDate"),
        (10**400, "not a valid NumericDate"),
        (True, "not a valid NumericDate"),
        ("2023", "not a valid NumericDate"),
        (None, "not a valid NumericDate"),
    ],
)
def test_moments(value: Any, text: str):
    assert tools("bearer").describe_moment(value, NOW) == text
