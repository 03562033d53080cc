"""What the linters of workflows do not know: secrets, the toolchain, and pyrel's own command line."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("secret", "job", "verb", "environment"),
    [
        ("TEST_PYPI_API_TOKEN", "stage", "upload-test", "testpypi"),
        ("PYPI_API_TOKEN", "publish", "upload", "pypi"),
    ],
)
def test_a_token_reaches_the_one_step_that_uploads(secret, job, verb, environment):
    reference = f"${{{{ secrets.{secret} }}}}"
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]
    assert sum(text.count(reference) for text in texts) == 1
    holders = [(name, step) for name, step in steps(release()) if reference in step.get("env", {}).values()]
    assert [name for name, _ in holders] == [job]
    assert verb in shlex.split(holders[0][1]["run"])
    assert release()["jobs"][job]["environment"] == environment


def test_no_secret_but_the_two_tokens_is_used():
    used = {name for path in WORKFLOWS for name in re.findall(r"secrets\.(\w+)", path.read_text(encoding="utf-8"))}
    assert used == {"PYPI_API_TOKEN", "TEST_PYPI_API_TOKEN"}


def test_publishing_waits_for_staging_and_confirms_the_plan_of_the_build():
    jobs = release()["jobs"]
    assert set(jobs["publish"]["needs"]) == {"build", "stage"}
    upload = next(step for step in jobs["publish"]["steps"] if "PYPI_API_TOKEN" in step.get("env", {}))
    assert upload["env"]["DIGEST"] == "${{ needs.build.outputs.digest }}"
    words = shlex.split(upload["run"])
    assert "--yes" in words
    assert words[words.index("--confirm") + 1] == "${DIGEST}"
    assert "--allow-unstaged" not in words


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
