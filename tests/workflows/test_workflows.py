"""What the linters of workflows do not know: secrets, the toolchain, and pyrel's own command line."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))


def load(path):
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def steps(workflow):
    """Every step of a workflow, with the name of its job."""
    return [(name, step) for name, job in workflow["jobs"].items() for step in job["steps"]]


def release():
    return load(FOLDER / "release.yml")


def test_the_toolchain_is_the_one_that_the_workspace_declares():
    declared = re.search(r'^rust-version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[
        1
    ]
    for path in WORKFLOWS:
        assert load(path)["env"]["RUST_VERSION"].startswith(declared + "."), path.name


def uploads(job):
    """The words of the steps of a job that upload."""
    words = [shlex.split(step.get("run", "")) for name, step in steps(release()) if name == job]
    return [line for line in words if {"upload", "upload-test"} & set(line)]


@pytest.mark.parametrize(
    ("job", "verb", "environment"),
    [("stage", "upload-test", "testpypi"), ("publish", "upload", "pypi")],
)
def test_a_job_that_uploads_has_an_identity_in_its_environment(job, verb, environment):
    [words] = uploads(job)
    assert verb in words
    assert "--attest" in words
    assert release()["jobs"][job]["permissions"]["id-token"] == "write"
    assert release()["jobs"][job]["environment"] == environment


def test_no_other_job_has_an_identity_and_no_secret_is_used():
    for path in WORKFLOWS:
        workflow = load(path)
        jobs = {name for name, job in workflow["jobs"].items() if "id-token" in job.get("permissions", {})}
        assert jobs == ({"stage", "publish"} if path.name == "release.yml" else set()), path.name
        assert workflow["permissions"] == {}, path.name
        assert "secrets." not in path.read_text(encoding="utf-8"), path.name


def test_the_bootstrap_page_finds_the_jobs_of_the_release():
    for index, environment in (("pypi", "pypi"), ("testpypi", "testpypi")):
        command = [os.environ["PYREL_UNDER_TEST"], "auth", "bootstrap", "--offline", "--index", index]
        said = subprocess.run([*command, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=True)
        page = json.loads(said.stdout)
        if page["publisher"] is not None:  # a clone of a repository that is hosted elsewhere tells no owner
            fields = page["publisher"]["fields"]
            assert (fields["Workflow name"], fields["Environment name"]) == ("release.yml", environment)
        assert not [note for note in page["open"] if "id-token" in note or "environment" in note]


def test_publishing_waits_for_staging_and_confirms_the_plan_of_the_build():
    jobs = release()["jobs"]
    assert set(jobs["publish"]["needs"]) == {"build", "stage"}
    upload = next(step for step in jobs["publish"]["steps"] if "DIGEST" in step.get("env", {}))
    assert upload["env"]["DIGEST"] == "${{ needs.build.outputs.digest }}"
    words = shlex.split(upload["run"])
    assert "--yes" in words
    assert words[words.index("--confirm") + 1] == "${DIGEST}"
    assert "--allow-unstaged" not in words
    plan = next(step["run"] for step in jobs["build"]["steps"] if step.get("id") == "plan")
    assert "--account trusted-publisher --attest" in plan, "the digest covers both"


def test_only_one_job_builds():
    builders = {name for name, step in steps(release()) if re.search(r"pyrel\"? build", step.get("run", ""))}
    assert builders == {"build"}


def calls():
    """Every call of pyrel in the workflows: verb and options."""
    for path in WORKFLOWS:
        for _, step in steps(load(path)):
            for line in step.get("run", "").splitlines():
                match = re.search(r"(?:release|bin)/pyrel\"? ([a-z-]+)(.*)", line)
                if match:
                    yield match[1], re.findall(r"(?<=\s)--[a-z-]+", match[2])


def test_every_call_of_pyrel_is_one_that_it_understands():
    found = list(calls())
    assert {"info", "build", "test", "check", "plan", "upload-test", "upload", "verify"} == {verb for verb, _ in found}
    for verb, options in found:
        help_text = subprocess.run(
            [os.environ["PYREL_UNDER_TEST"], verb, "--help"], capture_output=True, text=True, check=True
        ).stdout
        known = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", help_text))
        assert set(options) <= known, f"pyrel {verb}"
