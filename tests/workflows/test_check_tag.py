"""The script that refuses a tag which is not the package's version."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".github" / "scripts" / "check_tag.py"


def package(name, version="1.2.0", publish=True, error=None):
    return {"name": name, "version": version, "publish": publish, "error": error}


@pytest.fixture
def check(tmp_path):
    def run(tag, *packages, schema=1):
        info = tmp_path / "info.json"
        info.write_text(json.dumps({"schema": schema, "packages": list(packages)}), encoding="utf-8")
        command = [sys.executable, str(SCRIPT), "--tag", tag, "--info", str(info)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(
    ("tag", "selection"),
    [
        ("echo-server-v1.2.0", "echo-server"),
        ("Echo_Server-v1.2.0", "echo-server"),
        ("v1.2.0", "all"),
    ],
)
def test_a_fitting_tag_selects_what_it_releases(check, tag, selection):
    result = check(tag, package("echo-server"), package("Private", "9.9", publish=False))
    assert (result.returncode, result.stdout, result.stderr) == (0, f"selection={selection}\n", "")


def test_a_name_may_end_like_a_version(check):
    result = check("tool-v2-v1.2.0", package("tool", "2"), package("tool-v2"))
    assert result.stdout == "selection=tool-v2\n"


def test_a_tag_of_one_package_does_not_look_at_the_others(check):
    result = check("good-v1.2.0", package("good"), package("bad", None, error="no version"), package("old", "0.1"))
    assert (result.returncode, result.stdout) == (0, "selection=good\n")


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("echo-v1.3.0", "`echo` has another version than the tag: 1.2.0"),
        ("echo-v1.2", "`echo` has another version than the tag: 1.2.0"),
        ("other-v1.2.0", "no package has the name in the tag: other"),
        ("hidden-v1.2.0", "`hidden` is private and is never published"),
        ("broken-v1.2.0", "`broken` is broken: `version` is missing"),
        ("v1.2.0", "`broken` is broken: `version` is missing"),
        ("version-1", "tag is neither `NAME-vVERSION` nor `vVERSION`: version-1"),
        ("echo-v1.2.0\nselection=all", "tag is neither `NAME-vVERSION` nor `vVERSION`: echo-v1.2.0"),
        ("$(id)-v1.2.0", "tag is neither `NAME-vVERSION` nor `vVERSION`: $(id)-v1.2.0"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(check, tag, reason):
    broken = package("broken", None, error="`version` is missing")
    result = check(tag, package("echo"), package("hidden", publish=False), broken)
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"error: {reason}\n" in result.stderr


def test_every_reason_against_a_tag_of_all_is_told(check):
    result = check("v2.0", package("one", "1.0"), package("two", "2.0"), package("three", "3.0"))
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "error: `one` has another version than the tag: 1.0",
        "error: `three` has another version than the tag: 3.0",
    ]


def test_nothing_to_publish_is_refused(check):
    result = check("v1.2.0", package("hidden", publish=False))
    assert (result.returncode, result.stderr) == (1, "error: no package is there to be published\n")


def test_an_unknown_schema_is_refused(check):
    result = check("v1.2.0", package("echo"), schema=2)
    assert (result.returncode, result.stderr) == (1, "error: output of `pyrel info` has an unknown schema: 2\n")
