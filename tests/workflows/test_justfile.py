"""The justfile: the recipes and aliases of the release workflow, each one call, whatever name it is given."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
JUST = shutil.which("just", path=str(Path(sys.executable).parent)) or "just"

VERBS = {
    "pypi-build": "build",
    "pypi-test": "test",
    "pypi-check": "check",
    "pypi-upload-test": "upload-test",
    "pypi-upload": "upload",
    "pypi-publish-test": "publish-test",
    "pypi-publish": "publish",
    "pypi-clean": "clean",
    "pypi-info": "info",
    "generate_changelog": "changelog",
    "prepare_release": "prepare",
    "rehearse": "rehearse",
}
ALIASES = {
    "pb": "pypi-build",
    "pt": "pypi-test",
    "pc": "pypi-check",
    "pu": "pypi-upload",
    "ppt": "pypi-publish-test",
    "pp": "pypi-publish",
}


def just(*arguments, **environment):
    command = [JUST, "--justfile", str(ROOT / "justfile"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, env=os.environ | environment
    )


@pytest.fixture(scope="module")
def dump():
    return json.loads(just("--dump", "--dump-format", "json").stdout)


@pytest.fixture
def recorder(tmp_path):
    """A program that stands in for pyrel and writes down its arguments, and a reader of what it wrote."""
    log = tmp_path / "arguments.json"
    script = tmp_path / "recorder.py"
    script.write_text(f"import json, sys\njson.dump(sys.argv[1:], open({str(log)!r}, 'w'))\n", encoding="utf-8")

    def run(*arguments):
        result = just(*arguments, PYREL=f"{Path(sys.executable).name} {script}", PATH=path_with_python())
        assert result.returncode == 0, result.stderr
        return json.loads(log.read_text(encoding="utf-8"))

    return run


def path_with_python():
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def test_the_recipes_and_aliases_are_there(dump):
    public = {name for name, recipe in dump["recipes"].items() if not recipe["private"]}
    assert public == VERBS.keys() | {"bump_version", "test", "bench"}
    assert {name: alias["target"] for name, alias in dump["aliases"].items()} == ALIASES


@pytest.mark.parametrize("recipe", VERBS)
def test_a_recipe_is_one_call_and_takes_all_packages_unless_told(dump, recorder, recipe):
    assert len(dump["recipes"][recipe]["body"]) == 1
    assert dump["recipes"][recipe]["dependencies"] == []
    assert recorder(recipe) == [VERBS[recipe], "all"]
    assert recorder(recipe, "mcp-*") == [VERBS[recipe], "mcp-*"]


def test_a_bump_takes_level_package_and_flags(recorder):
    assert recorder("bump_version") == ["bump", "auto", "all"]
    assert recorder("bump_version", "minor", "it's", "--dry-run") == ["bump", "minor", "it's", "--dry-run"]


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_its_recipe(recorder, alias):
    assert recorder(alias, "one") == [VERBS[ALIASES[alias]], "one"]


@pytest.mark.parametrize("name", ["two words", "it's", "'; exit 3; '", "$(exit 3)", "`exit 3`", "a;b|c&d", "{{ x }}"])
def test_no_name_becomes_a_command(recorder, name):
    assert recorder("pypi-build", name) == ["build", name]


def test_the_code_of_the_call_is_the_code_of_the_recipe(tmp_path):
    script = tmp_path / "refuse.py"
    script.write_text("raise SystemExit(3)\n", encoding="utf-8")
    result = just("pypi-upload", PYREL=f"{Path(sys.executable).name} {script}", PATH=path_with_python())
    # PowerShell tells its caller only that a command failed.
    assert result.returncode == (1 if os.name == "nt" else 3)


def test_the_repository_recipes_are_the_commands_of_xtask():
    for recipe in ("test", "bench"):
        assert just("--dry-run", recipe).stderr.strip() == f"cargo xtask {recipe}"
