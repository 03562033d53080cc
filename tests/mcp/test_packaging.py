"""The files that would be published: complete, reproducible, valid, and importable without their sources."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from copies import PACKAGES

NAMES = sorted(path.parent.name for path in PACKAGES.glob("*/pyproject.toml"))
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}


def build(source: Path, out: Path, *kinds: str) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *kinds, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=NAMES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Package directory, sdist and wheel; the wheel is built from the sdist."""
    out = tmp_path_factory.mktemp(request.param)
    source = PACKAGES / request.param
    build(source, out)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return source, sdist, wheel


def import_name(package: Path) -> str:
    return package.name.replace("-", "_")


def test_sdist_holds_what_a_packager_needs(built: tuple[Path, Path, Path]):
    package, sdist, _ = built
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "tests/conftest.py"):
        assert name in names
    on_disk = {
        path.relative_to(package).as_posix()
        for part in ("src", "tests", "examples")
        for path in (package / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert on_disk <= names


def test_wheel_holds_the_package_and_nothing_else(built: tuple[Path, Path, Path]):
    package, _, wheel = built
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = f"{import_name(package)}-0.3.0.dist-info"
    assert {name.partition("/")[0] for name in names} == {import_name(package), info}
    assert f"{import_name(package)}/py.typed" in names
    assert f"{info}/licenses/LICENSE" in names


def test_wheel_from_the_tree_is_the_wheel_from_the_sdist(built: tuple[Path, Path, Path], tmp_path: Path):
    package, _, wheel = built
    build(package, tmp_path, "--wheel")
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_metadata(built: tuple[Path, Path, Path]):
    package, _, wheel = built
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_bytes(archive.read(f"{import_name(package)}-0.3.0.dist-info/METADATA"))
    assert metadata["Name"] == package.name
    assert metadata["Version"] == "0.3.0"
    assert metadata["Requires-Python"] == (">=3.11" if "fetch" in package.name else ">=3.10")
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {line.partition(",")[0] for line in metadata.get_all("Project-URL", [])} == {
        "Homepage",
        "Repository",
        "Issues",
        "Documentation",
    }
    assert "dev" in metadata.get_all("Provides-Extra", [])


def test_no_package_depends_on_another(built: tuple[Path, Path, Path]):
    package, _, wheel = built
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_bytes(archive.read(f"{import_name(package)}-0.3.0.dist-info/METADATA"))
        sources = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".py"))
    required = {line.partition(">")[0].partition("[")[0] for line in metadata.get_all("Requires-Dist", [])}
    for other in NAMES:
        assert other not in required
        assert other == package.name or other.replace("-", "_").encode() not in sources


def test_an_index_would_take_the_files(built: tuple[Path, Path, Path]):
    _, sdist, wheel = built
    command = [sys.executable, "-m", "twine", "check", "--strict", str(sdist), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_wheel_works_without_its_sources(built: tuple[Path, Path, Path], tmp_path: Path):
    package, _, wheel = built
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    program = f"import {import_name(package)} as p; print(p.__version__, p.__file__)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    version, path = done.stdout.split()
    assert version == "0.3.0"
    assert path.startswith(str(tmp_path))
