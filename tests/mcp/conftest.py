"""Fixtures of the tests that look at both echo servers from outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from copies import COPY, ORIGINAL, root


@pytest.fixture(params=[ORIGINAL, COPY])
def package(request: pytest.FixtureRequest) -> Path:
    """The directory of one package after the other."""
    return root(request.param)
