"""Trusted publishing as a job in a CI does it: identity, exchange, upload, renewal, refusals.

The program under test is the one ``PYREL_UNDER_TEST`` names. It talks to the stand-in of ``standin.py``, which hands
what it takes to ``pyrel index serve``.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from job import PROJECTS, Job, write_package
from standin import Publisher

FILES = sorted(f"{name}-1.0{end}" for name in PROJECTS for end in ("-py3-none-any.whl", ".tar.gz"))


def test_one_exchange_serves_a_short_release(job: Job):
    said = job.upload("--verbose", **job.github())
    assert "trusted publishing with the identity of GitHub Actions" in said
    assert job.sent() == FILES
    assert job.world.mints == 1


def test_a_token_is_renewed_before_it_lapses(job: Job):
    job.world.lifetime = 60  # less than a file may take
    job.upload(**job.github())
    assert job.sent() == FILES
    assert job.world.mints == len(FILES)
    assert len(set(job.world.identities)) == job.world.mints


def test_a_known_project_is_proved_before_anything_is_done_and_a_new_one_is_not(job: Job):
    """A token for a pending publisher makes its project, which nobody has confirmed yet."""
    for path in (job.root / "packages").glob("*/dist/*.whl"):
        path.write_bytes(b"no wheel")
    job.upload(code=1, **job.github())
    assert job.world.mints == 0
    job.pyrel("build", CI="")
    job.upload(**job.github())
    job.world.publishers.clear()
    job.world.requests.clear()
    assert "Publisher with matching claims was not found" in job.upload(code=4, **job.github())
    assert job.posts() == ["/_/oidc/mint-token"]


def test_a_token_that_is_withdrawn_is_replaced(job: Job):
    job.world.forget_after = 2
    job.upload(**job.github())
    assert job.sent() == FILES
    assert job.world.mints == 2


def test_a_token_that_cannot_be_replaced_is_told_with_both_reasons(job: Job):
    job.world.forget_after = job.world.distrust_after = 2
    said = job.upload(code=5, **job.github())
    assert "Invalid or non-existent authentication information" in said
    assert "another token was not to be had" in said
    assert "Publisher with matching claims was not found" in said
    assert job.world.mints == 1


def test_a_lost_answer_costs_an_identity_and_not_the_release(job: Job):
    job.world.drop_mints = 2
    job.upload(**job.github())
    assert job.sent() == FILES
    assert (job.world.mints, len(job.world.identities)) == (3, 3)


def test_an_unknown_publisher_is_told_what_to_enter(job: Job):
    job.world.publishers = [Publisher("base", workflow="publish.yml")]
    said = job.upload(code=4, **job.github())
    assert "Publisher with matching claims was not found" in said
    assert "repository=acme/tools" in said
    assert "environment=release" in said
    for field in ("Owner: `acme`", "Repository name: `tools`", "Workflow name: `release.yml`", "Environment name:"):
        assert field in said
    assert "`pyrel auth bootstrap --index trusted` shows the steps" in said
    assert job.sent() == []


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://issuer.example"}, "unknown trusted publishing issuer"),
        ({"aud": ["pypi"]}, "malformed or invalid token"),
        ({"exp": 1}, "malformed or invalid token"),
        ({"jti": "the-same-again"}, "already used"),
    ],
)
def test_what_the_index_refuses_is_told_in_its_words(job: Job, claims: dict[str, object], reason: str):
    job.world.claims.update(claims)
    job.world.used.add("the-same-again")
    assert reason in job.upload(code=4, **job.github())
    assert job.sent() == []


def test_a_publisher_of_one_project_cannot_send_another(job: Job):
    job.world.publishers = [Publisher("base")]
    said = job.upload(code=5, **job.github())
    assert "OIDC scoped token is not valid for this project" in said
    assert job.sent() == [name for name in FILES if name.startswith("base")]


def test_a_job_without_the_permission_is_told_so(job: Job):
    said = job.upload(code=3, GITHUB_ACTIONS="true")
    assert "`permissions: id-token: write`" in said
    assert job.world.identities == []


def test_a_token_that_is_given_comes_first(job: Job):
    said = job.upload("--verbose", code=4, PYREL_TOKEN_TRUSTED="pypi-not-a-real-token", **job.github())
    assert "the variable `PYREL_TOKEN_TRUSTED`" in said
    assert job.world.identities == []


def test_the_service_of_another_job_hands_out_nothing(job: Job):
    said = job.upload(code=4, **{**job.github(), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "not-this-job"})
    assert "the request token is not this job's" in said


def test_gitlab_gives_one_identity(job: Job):
    job.world.lifetime = 60
    token = job.world.identity("pypi")
    job.upload(GITLAB_CI="true", PYPI_ID_TOKEN=token)
    assert job.sent() == FILES
    assert job.world.mints == 1
    write_package(job.root, "fourth")
    job.world.publishers.append(Publisher("fourth"))
    job.pyrel("build", "fourth")
    said = job.upload("fourth", code=4, GITLAB_CI="true", PYPI_ID_TOKEN=token)
    assert "already used" in said


def test_gitlab_without_a_token_for_the_audience_names_the_variable(job: Job):
    said = job.upload(code=4, GITLAB_CI="true", OTHER_ID_TOKEN="not-a-real-token")
    assert "`PYPI_ID_TOKEN`" in said


@pytest.mark.skipif(os.name == "nt", reason="the command of the CI is a script here")
@pytest.mark.parametrize(
    ("variable", "program", "words"),
    [
        ("BUILDKITE", "buildkite-agent", ["oidc", "request-token", "--audience", "pypi"]),
        ("CIRCLECI", "circleci", ["run", "oidc", "get", "--claims", '{"aud":"pypi"}', "--root-issuer"]),
    ],
)
def test_a_command_of_the_ci_gives_identities(job: Job, tmp_path: Path, variable: str, program: str, words: list[str]):
    tools = tmp_path / "tools"
    tools.mkdir()
    tokens = tmp_path / "tokens"
    tokens.write_text("\n".join(job.world.identity("pypi") for _ in range(3)) + "\n")
    script = tools / program
    script.write_text(
        f"#!{sys.executable}\nimport os, pathlib, sys\n"
        f"assert sys.argv[1:] == {words!r}, sys.argv\n"
        f"assert os.environ['{variable.removesuffix('CI')}_AGENT_ACCESS_TOKEN'] == 'not-a-real-token'\n"
        f"path = pathlib.Path({str(tokens)!r})\nfirst, rest = path.read_text().split('\\n', 1)\n"
        "path.write_text(rest)\nprint(first)\n"
    )
    script.chmod(0o755)
    env = {
        variable: "true",
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        f"{variable.removesuffix('CI')}_AGENT_ACCESS_TOKEN": "not-a-real-token",
    }
    said = job.upload("--verbose", **env)
    assert re.search("identity of (Buildkite|CircleCI)", said)
    assert job.sent() == FILES
    assert job.world.mints == 1
