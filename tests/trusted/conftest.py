"""Fixtures: the embedded index, and a job whose index is the stand-in before it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from job import PYREL, Job
from standin import running


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[str]:
    """The embedded index; gives its address."""
    store = tmp_path / "store"
    store.mkdir()
    with subprocess.Popen(
        [PYREL, "index", "serve", "--dir", str(store), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def job(tmp_path: Path, upstream: str) -> Iterator[Job]:
    """A job whose index runs."""
    root = tmp_path / "work"
    root.mkdir()
    job = Job(root, upstream)
    with running(job.world) as url:
        job.point_at(url)
        yield job
