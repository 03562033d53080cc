"""Trusted publishing as a job in a CI does it: identity, exchange, upload, renewal, refusals.

The program under test is the one ``PYREL_UNDER_TEST`` names. It talks to the stand-in of ``standin.py``, which hands
what it takes to ``pyrel index serve``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from standin import Publisher, World, running

PYREL = os.environ.get("PYREL_UNDER_TEST", "pyrel")
PROJECTS = ("base", "middle", "top")
KEPT = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP")


def write_package(root: Path, name: str, dependencies: tuple[str, ...] = ()) -> None:
    package = root / "packages" / name
    (package / "src" / name).mkdir(parents=True)
    (package / "src" / name / "__init__.py").write_text("")
    (package / "README.md").write_text(f"# {name}\n\nOne of three.\n")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\ndescription = "One of three"\nreadme = "README.md"\n'
        f'requires-python = ">=3.8"\ndependencies = {list(dependencies)}\n'
        f'[tool.hatch.build.targets.wheel]\npackages = ["src/{name}"]\n'
    )


class Job:
    """A workspace with three packages in a row, and the index that it uploads to."""

    def __init__(self, root: Path, upstream: str) -> None:
        self.root = root
        self.world = World(upstream, "not-a-real-token", [Publisher(name) for name in PROJECTS])
        write_package(root, "base")
        write_package(root, "middle", ("base>=1.0",))
        write_package(root, "top", ("middle>=1.0",))
        self.url = ""
        self.pyrel("build", CI="")

    def point_at(self, url: str) -> None:
        self.url = url
        (self.root / "pyrel.toml").write_text(
            f'[index.trusted]\nupload-url = "{url}/legacy/"\nsimple-url = "{url}/simple/"\n'
            'production = false\naudience = "pypi"\n'
        )

    def github(self) -> dict[str, str]:
        """What GitHub Actions gives a job with `id-token: write`."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/identity?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.world.request_token,
        }

    def pyrel(self, *words: str, code: int = 0, **env: str) -> str:
        clean = {name: os.environ[name] for name in KEPT if name in os.environ}
        done = subprocess.run(
            [PYREL, *words],
            cwd=self.root,
            env={**clean, "HOME": str(self.root), "NO_COLOR": "1", "PYREL_RETRY_BASE_MS": "20", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        secrets = [*self.world.identities, *self.world.tokens, self.world.request_token]
        assert not [secret for secret in secrets if secret in said], said
        for kept in (self.root / ".pyrel").rglob("*") if (self.root / ".pyrel").exists() else ():
            if kept.is_file():
                content = kept.read_bytes()
                assert not [secret for secret in secrets if secret.encode() in content], kept
        return said

    def upload(self, *words: str, code: int = 0, **env: str) -> str:
        return self.pyrel("upload-test", "--index", "trusted", *words, code=code, **env)

    def sent(self) -> list[str]:
        return sorted(name for name, _ in self.world.uploads)


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
    assert job.world.mints == len(FILES) + 1  # one more was tried out before anything began
    assert len(set(job.world.identities)) == job.world.mints


def test_a_token_that_is_withdrawn_is_replaced(job: Job):
    job.world.forget_after = 2
    job.upload(**job.github())
    assert job.sent() == FILES
    assert job.world.mints == 2


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
