"""Every wheel works by itself, on the oldest and on the newest Python at hand.

uv installs each wheel, and nothing but it and what it requires, into an empty
environment. There the package is imported with warnings as errors, and its
command says its version and how it is called.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import tomllib
from copies import PACKAGES

NAMES = sorted(path.parent.name for path in PACKAGES.glob("*/pyproject.toml"))
OLDEST, NEWEST = (3, 10), (3, 14)
UV = str(Path(sys.executable).with_name("uv"))


def run(*command: str, cwd: Path, timeout: int = 240) -> str:
    # Folders of a version manager hold commands that answer for every Python; those here are called by their paths.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "PYTHON", "PIP_"))}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@cache
def interpreters() -> dict[tuple[int, int], str]:
    """Every Python of the range on this machine, by version.

    The running one, those uv finds without downloads, and those pyenv keeps
    beside the search path.
    """
    found = {sys.version_info[:2]: getattr(sys, "_base_executable", sys.executable)}
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        asked = subprocess.run(
            [UV, "python", "find", "--no-python-downloads", "--no-project", "--system", f"3.{minor}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        beside = sorted(kept.glob(f"3.{minor}.*/bin/python3.{minor}"))
        if asked.returncode == 0 and asked.stdout.strip():
            found.setdefault((3, minor), asked.stdout.strip())
        elif beside:
            found.setdefault((3, minor), str(beside[-1]))
    return found


def lowest(package: str) -> tuple[int, int]:
    """The oldest Python a package says it works on."""
    declared = tomllib.loads((PACKAGES / package / "pyproject.toml").read_text(encoding="utf-8"))
    major, minor = declared["project"]["requires-python"].removeprefix(">=").split(".")
    return int(major), int(minor)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All six wheels, built from their sdists."""
    out = tmp_path_factory.mktemp("wheels")
    for name in NAMES:
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(PACKAGES / name), cwd=out)
    return out


@pytest.mark.parametrize("age", ["oldest", "newest"])
@pytest.mark.parametrize("package", NAMES)
def test_wheel_works_by_itself(package: str, age: str, wheels: Path, tmp_path: Path):
    fitting = {version: path for version, path in interpreters().items() if version >= lowest(package)}
    version = min(fitting) if age == "oldest" else max(fitting)
    if age == "oldest" and os.environ.get("CI_EVERY_PYTHON"):
        assert version == lowest(package), f"Python {lowest(package)} is not installed"
    home = tmp_path / "env"
    run(UV, "venv", "--quiet", "--no-python-downloads", "--python", fitting[version], str(home), cwd=tmp_path)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    (wheel,) = wheels.glob(f"{package.replace('-', '_')}-*.whl")
    run(UV, "pip", "install", "--quiet", "--python", str(scripts / "python"), str(wheel), cwd=tmp_path)
    module = package.replace("-", "_")
    program = f"import sys, {module} as p; print(p.__version__, *sys.version_info[:2])"
    printed = run(str(scripts / "python"), "-I", "-W", "error", "-c", program, cwd=tmp_path)
    assert printed.split() == ["0.3.0", *map(str, version)]
    scripts_table = tomllib.loads((PACKAGES / package / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "scripts"
    ]
    for command in scripts_table:
        by_name = shutil.which(command, path=str(scripts))
        assert by_name is not None
        assert "0.3.0" in run(by_name, "--version", cwd=tmp_path)
        assert "usage:" in run(by_name, "--help", cwd=tmp_path).lower()
    assert "0.3.0" in run(str(scripts / "python"), "-m", module, "--version", cwd=tmp_path)


def test_declared_python_is_the_lowest_that_is_tried():
    assert {name: lowest(name) for name in NAMES} == {name: ((3, 11) if "fetch" in name else (3, 10)) for name in NAMES}
