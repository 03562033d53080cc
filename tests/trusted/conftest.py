"""Fixtures: the embedded index, and a job whose index is the stand-in before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from job import Job, serving
from standin import running


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[str]:
    """The embedded index; gives its address."""
    with serving(tmp_path / "store") as url:
        yield url


@pytest.fixture
def job(tmp_path: Path, upstream: str) -> Iterator[Job]:
    """A job whose index runs."""
    root = tmp_path / "work"
    root.mkdir()
    job = Job(root, upstream)
    with running(job.world) as url:
        job.point_at(url)
        yield job
