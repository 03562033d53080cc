#!/usr/bin/env python3
"""Builds projects by pyrel and by their real backends, and compares every sdist and wheel.

usage: run.py --pyrel PATH --python PATH [--real DIR] [--no-real] [--only TEXT] [--keep DIR] [--page FILE [--bless]]

--pyrel    the pyrel binary, or one that understands `-C DIR build --format json --out-dir D`
--python   an interpreter with tests/parity/requirements.txt installed
--real     where the sdists of real projects, and earlier backends, are kept between runs (downloaded when missing)
--no-real  leaves out the real projects, and those for earlier backends (no network needed)
--only     takes only projects with this text in their name
--keep     leaves trees and archives in this folder
--page     compares the page of figures with this run, or with --bless writes it; for runs of everything

Projects: every package under packages/, every folder under tests/parity/projects/ (a name part that starts with
`dot-` becomes a dot file; with a list `tracked.txt`, or a history `git.txt`, it becomes a git repository), and fifteen
real projects from PyPI, stripped to what a checkout would hold.
A history has one command a line, carried out in order with fixed names and times (`#` starts a comment):
    commit           commits everything that is not ignored, even if nothing changed
    tag NAME         tags the last commit
    branch NAME      goes on in a new branch
    change FILE      adds a line to a file, which may be new
    forget           removes the repository, as if the rest had been unpacked from an archive
    set NAME=VALUE   sets an environment variable for both builds
    project FOLDER   builds in a folder of the repository, not at its top
Each must be built natively and be equivalent to what its backend makes. Exit status 1 on any difference.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading

import tomllib
from page import page, settle

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
REAL = [
    "mcp-oauth-dynamicclient==0.2.0",
    "mcp-streamablehttp-proxy==0.2.0",
    "mockloop-mcp==2.2.9",
    "cleo==2.1.0",
    "questionary==2.1.0",
    "tomlkit==0.13.2",
    "dep-logic==0.4.11",
    "findpython==0.6.3",
    "unearth==0.17.3",
    "bleak==3.1.0",
    "django-stubs-ext==6.1.2",
    "scim2-models==0.12.3",
    "editables==0.5",
    "sphinx-autobuild==2024.10.3",
    "cachetools==5.3.3",
]
TRACKED = "tracked.txt"
HISTORY = "git.txt"
# 2026-01-02 03:04:05 UTC, when every build happens; commits are made before, a day apart.
NOW = 1767323045
DAY = 86400
# Versions that are reproduced for projects that bind their backend; the last is the one that is installed.
EARLIER = {"uv_build": ["0.9.30", "0.10.12", "0.11.33", "0.12.24", "0.13.6"]}
GENERATED_CFG = re.compile(r"\s*\[egg_info\]\s*tag_build\s*=\s*tag_date\s*=\s*0\s*\Z")
INSTALLING = threading.Lock()
LEFTOVERS = shutil.ignore_patterns("dist", "build", "__pycache__", "*.egg-info", "*.pyc", ".venv", ".*_cache")


class BuildError(Exception):
    """A project that could not be built or differs; the text goes into the report."""


def run(command, programs=None, variables=None, **options):
    """Run a command, returning its standard output; a failure carries the end of all output.

    Programs in the given folder, and beside the command, are found first: a backend may be one.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    environment |= {"SOURCE_DATE_EPOCH": str(NOW), **(variables or {})}
    folders = [programs, pathlib.Path(command[0]).parent, os.environ["PATH"]]
    environment["PATH"] = os.pathsep.join(str(folder) for folder in folders if folder)
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=environment, **options, check=False
    )
    if result.returncode:
        lines = (result.stdout + result.stderr).splitlines()
        raise BuildError("\n".join([f"{command[0]} failed:", *lines[-25:]]))
    return result.stdout


def undotted(path):
    """Turn `dot-gitignore` into `.gitignore` in every part of a relative path."""
    parts = ["." + part[4:] if part.startswith("dot-") else part for part in path.parts]
    return pathlib.Path(*parts)


def copy_fixture(source, target):
    """Copy a fixture project; links stay links."""
    for path in sorted(source.rglob("*")):
        place = target / undotted(path.relative_to(source))
        if path.is_dir() and not path.is_symlink():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place, follow_symlinks=False)
    if (target / TRACKED).is_file():
        make_repository(target)
    return make_history(target) if (target / HISTORY).is_file() else (target, {})


def make_repository(project):
    """Make a repository of a project, with those files tracked that a list in it names."""
    tracked = (project / TRACKED).read_text(encoding="utf-8").split()
    (project / TRACKED).unlink()
    run(["git", "init", "--quiet", project])
    run(["git", "-C", project, "add", "--force", "--", *tracked])


def make_history(project):
    """Carry out the commands of a history; returns the folder to build and the variables to set."""
    lines = (project / HISTORY).read_text(encoding="utf-8").splitlines()
    (project / HISTORY).unlink()
    folder, variables = project, {}
    commits = sum(line.strip() == "commit" for line in lines)
    person = {"NAME": "Parity", "EMAIL": "parity@example.org"}
    git = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    git |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    run(["git", "init", "--quiet", "--initial-branch", "main", project], variables=git)
    for line in lines:
        command, _, argument = line.partition("#")[0].strip().partition(" ")
        steps = {
            "commit": [["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", "Go on"]],
            "tag": [["tag", argument]],
            "branch": [["checkout", "--quiet", "-b", argument]],
        }
        for step in steps.get(command, []):
            date = {f"GIT_{role}_DATE": f"@{NOW - commits * DAY} +0000" for role in ("AUTHOR", "COMMITTER")}
            run(["git", "-C", project, *step], variables=git | date)
        if command == "commit":
            commits -= 1
        elif command == "change":
            with (project / argument).open("a", encoding="utf-8") as file:
                file.write("# changed\n")
        elif command == "forget":
            shutil.rmtree(project / ".git")
        elif command == "set":
            name, _, variables[name] = argument.partition("=")
        elif command == "project":
            folder = project / argument
        elif command and command not in steps:
            raise BuildError(f"{HISTORY} has an unknown command: {line}")
    return folder, variables


def copy_package(source, target):
    """Copy a package of this repository below a folder that looks like the repository to a backend."""
    outer = target.parent
    (outer / ".git").mkdir(parents=True, exist_ok=True)
    shutil.copy2(REPOSITORY / ".gitignore", outer / ".gitignore")
    shutil.copytree(source, target, ignore=LEFTOVERS, symlinks=True)
    return target, {}


def copy_real(sdist, target):
    """Unpack an sdist and take away what a checkout would not hold."""
    with tarfile.open(sdist) as archive:
        archive.extractall(target.parent / "unpacked", filter="data")
    (top,) = (target.parent / "unpacked").iterdir()
    top.rename(target)
    (target / "PKG-INFO").unlink(missing_ok=True)
    for folder in [path for path in target.rglob("*.egg-info") if path.is_dir()]:
        shutil.rmtree(folder)
    config = target / "setup.cfg"
    if config.is_file() and GENERATED_CFG.fullmatch(config.read_text(encoding="utf-8")):
        config.unlink()
    return target, {}


def download(requirement, folder, python):
    """Return the sdist of a requirement, from the folder or from the index."""
    name, version = requirement.split("==")
    path = folder / ("{}-{}.tar.gz".format(name.replace("-", "_"), version))
    if not path.is_file():
        flags = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--quiet"]
        run([python, "-m", "pip", "download", *flags, "--dest", folder, requirement])
    return path


def earlier_programs(project, downloads, python):
    """Return the folder with the programs of the newest version below the project's upper bound, if it has one."""
    with (project / "pyproject.toml").open("rb") as file:
        requires = tomllib.load(file).get("build-system", {}).get("requires", [])
    for requirement in requires:
        name = re.match(r"[\w-]*", requirement)[0].replace("-", "_")
        bound = re.search(r"<(\d+)\.(\d+)", requirement)
        below = [version for version in EARLIER.get(name, []) if bound and series(version) < series(bound[0][1:])]
        if below and below[-1] != EARLIER[name][-1]:
            folder = downloads / f"{name}-{below[-1]}"
            flags = ["--no-deps", "--quiet", "--disable-pip-version-check", "--target", folder]
            with INSTALLING:
                if not folder.is_dir():
                    run([python, "-m", "pip", "install", *flags, f"{name}=={below[-1]}"])
            return folder / "bin"
    return None


def series(version):
    """Return the first two numbers of a version."""
    return tuple(int(part) for part in version.split(".")[:2])


def projects(arguments, downloads):
    """Yield each project as (name, kind, function that copies it to a folder).

    The function returns the folder to build, and variables to set.
    """
    for folder in sorted((REPOSITORY / "packages").glob("*/pyproject.toml")):
        yield folder.parent.name, "package", lambda target, source=folder.parent: copy_package(source, target)
    for folder in sorted((HERE / "projects").iterdir()):
        if arguments.no_real and "-series-" in folder.name:
            continue
        yield folder.name, "corpus", lambda target, source=folder: copy_fixture(source, target)
    if arguments.no_real:
        return
    for requirement in REAL:

        def copy(target, requirement=requirement):
            return copy_real(download(requirement, downloads, arguments.python), target)

        yield requirement.replace("==", "-"), "real", copy


def build_native(arguments, project, variables, out):
    """Build by pyrel and insist on a native build."""
    text = run([arguments.pyrel, "-C", project, "build", "--format", "json", "--out-dir", out], variables=variables)
    artifacts = json.loads(text)["artifacts"]
    for artifact in artifacts:
        if artifact["builder"] != "native":
            raise BuildError("not built natively: {}".format(artifact.get("reason", artifact)))
    if sorted(artifact["kind"] for artifact in artifacts) != ["sdist", "wheel"]:
        raise BuildError(f"expected one sdist and one wheel, not {artifacts}")
    return artifacts[0]["dialect"]


def build_real(arguments, project, variables, out):
    """Build by the project's own backend: the sdist, and the wheel from it."""
    flags = ["--no-isolation", "--skip-dependency-check", "--outdir", out]
    programs = earlier_programs(project, arguments.downloads, arguments.python)
    run([arguments.python, "-m", "build", *flags, project], programs, variables)


def one(out, pattern):
    """Return the only file of a kind."""
    found = list(out.glob(pattern))
    if len(found) != 1:
        raise BuildError(f"expected one {pattern} in {out}")
    return found[0]


def compare(arguments, native, real, pattern):
    """Return what compare_dists.py has to say about two files, empty when they are equivalent."""
    command = [arguments.python, HERE / "compare_dists.py", one(native, pattern), one(real, pattern)]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr


def check(arguments, project, scratch):
    """Build and compare one project; returns (name, kind, dialect, sdist verdict, wheel verdict, report)."""
    name, kind, copy = project
    dialect = None
    try:
        outs = {}
        for side, build in (("native", build_native), ("real", build_real)):
            project = scratch / name / side / name
            project.parent.mkdir(parents=True)
            project, variables = copy(project)
            outs[side] = scratch / name / ("out-" + side)
            dialect = build(arguments, project, variables, outs[side]) or dialect
        sdist = compare(arguments, outs["native"], outs["real"], "*.tar.gz")
        wheel = compare(arguments, outs["native"], outs["real"], "*.whl")
    except BuildError as failure:
        return name, kind, dialect, "failed", "failed", str(failure)
    verdict = {True: "differs", False: "same"}
    return name, kind, dialect, verdict[bool(sdist)], verdict[bool(wheel)], sdist + wheel


def main():
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pyrel", required=True, type=pathlib.Path)
    parser.add_argument("--python", required=True, type=pathlib.Path)
    parser.add_argument("--real", type=pathlib.Path)
    parser.add_argument("--no-real", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path)
    parser.add_argument("--bless", action="store_true")
    arguments = parser.parse_args()
    arguments.pyrel = arguments.pyrel.absolute()
    arguments.python = arguments.python.absolute()
    with tempfile.TemporaryDirectory(prefix="parity-") as temporary:
        scratch = arguments.keep.absolute() if arguments.keep else pathlib.Path(temporary)
        if arguments.keep:
            shutil.rmtree(scratch, ignore_errors=True)
        downloads = (arguments.real or scratch / "downloads").absolute()
        arguments.downloads = downloads
        downloads.mkdir(parents=True, exist_ok=True)
        chosen = [item for item in projects(arguments, downloads) if arguments.only in item[0]]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            futures = [pool.submit(check, arguments, project, scratch) for project in chosen]
            results = [future.result() for future in futures]
    width = max((len(name) for name, *_ in results), default=0)
    for name, _, _, sdist, wheel, report in results:
        print(f"{name:<{width}}  sdist {sdist:<8} wheel {wheel}")
        if report:
            print("\n".join("    " + line for line in report.splitlines()))
    failed = sum((sdist, wheel) != ("same", "same") for *_, sdist, wheel, _ in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    stale = settle(arguments.page, page(results), arguments.bless) if arguments.page else []
    if stale:
        print("\n".join([*stale, f"{arguments.page} is not of this run: write it with --bless"]))
    return 1 if failed or stale else 0


if __name__ == "__main__":
    sys.exit(main())
