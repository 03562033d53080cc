"""Attestations: signed with the identity of a job, verified with the libraries that PyPI uses, sent by all clients.

Sigstore itself cannot be reached; the stand-in's trusted root takes the place of its own. Everything else about the
verification is PyPI's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from job import PROJECTS, Job, serving
from pypi_attestations import Attestation, Distribution, GitHubPublisher, VerificationError, _impl
from sigstore.models import TrustedRoot
from sigstore.verify import Verifier
from standin import Publisher
from test_trusted_publishing import FILES

PREDICATE = "https://docs.pypi.org/attestations/publish/v1"
PUBLISHER = GitHubPublisher(repository="acme/tools", workflow="release.yml")


@pytest.fixture
def verifier(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes PyPI's library trust the stand-in instead of Sigstore."""
    path = tmp_path / "trusted_root.json"
    path.write_text(json.dumps(job.world.sigstore.trusted_root()))
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(path)))
    monkeypatch.setattr(_impl.Verifier, "production", lambda **_: verifier)


def provenance(job: Job, filename: str) -> list[dict[str, Any]]:
    """The attestations that the index serves about a file."""
    project, version = filename.split("-", maxsplit=1)[0], "1.0"
    url = f"{job.world.upstream}integrity/{project}/{version}/{filename}/provenance"
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)["attestation_bundles"][0]["attestations"]


def dist(job: Job, filename: str) -> Path:
    [path] = job.root.glob(f"packages/*/dist/{filename}")
    return path


@pytest.mark.usefixtures("verifier")
def test_what_is_signed_is_verified_by_the_library_of_pypi(job: Job):
    said = job.upload("--attest", **job.github())
    assert said.count("Attested") == len(FILES)
    for filename in FILES:
        [served] = provenance(job, filename)
        attestation = Attestation.model_validate(served)
        subject = Distribution.from_file(dist(job, filename))
        assert attestation.verify(PUBLISHER, subject) == (PREDICATE, None)
        assert Attestation.from_bundle(attestation.to_bundle()) == attestation
        assert attestation.certificate_claims["1.3.6.1.4.1.57264.1.12"].endswith("/acme/tools")
    assert job.world.sigstore.certificates == 1
    assert len(job.world.sigstore.log.bodies) == len(FILES)


@pytest.mark.usefixtures("verifier")
def test_the_library_of_pypi_refuses_another_publisher_or_file(job: Job):
    job.upload("base", "--attest", **job.github())
    wheel, sdist = "base-1.0-py3-none-any.whl", "base-1.0.tar.gz"
    attestation = Attestation.model_validate(provenance(job, wheel)[0])
    other = GitHubPublisher(repository="acme/tools", workflow="other.yml")
    with pytest.raises(VerificationError):
        attestation.verify(other, Distribution.from_file(dist(job, wheel)))
    with pytest.raises(VerificationError, match="subject does not match"):
        attestation.verify(PUBLISHER, Distribution.from_file(dist(job, sdist)))
    spoilt = attestation.model_copy(deep=True)
    spoilt.envelope.signature = Attestation.model_validate(provenance(job, sdist)[0]).envelope.signature
    with pytest.raises(VerificationError):
        spoilt.verify(PUBLISHER, Distribution.from_file(dist(job, wheel)))


@pytest.mark.usefixtures("verifier")
def test_a_lost_answer_of_the_log_costs_no_second_entry(job: Job):
    job.world.sigstore.drop_entries = 1
    job.upload("base", "--attest", **job.github())
    assert len(job.world.sigstore.log.bodies) == 2
    assert any(line.startswith("GET /rekor/") for line in job.world.requests)
    for filename in ("base-1.0-py3-none-any.whl", "base-1.0.tar.gz"):
        attestation = Attestation.model_validate(provenance(job, filename)[0])
        attestation.verify(PUBLISHER, Distribution.from_file(dist(job, filename)))


@pytest.mark.parametrize(
    ("claims", "changes", "reason"),
    [
        ({"aud": "pypi"}, {}, "there was an error processing the identity token"),
        ({}, {"detached": True}, "the certificate has no timestamp of a log in it"),
        ({}, {"refuse_entries": True}, "the log is out of order"),
    ],
)
def test_when_nothing_can_be_signed_nothing_is_sent(
    job: Job, claims: dict[str, str], changes: dict[str, bool], reason: str
):
    job.world.claims.update(claims)
    for name, value in changes.items():
        setattr(job.world.sigstore, name, value)
    assert reason in job.upload("base", "--attest", code=4, **job.github())
    assert job.sent() == []


def test_attesting_needs_an_identity(job: Job):
    said = job.upload("--attest", code=3, PYREL_TOKEN_TRUSTED="pypi-not-a-real-token")
    assert "`--attest` signs with the identity of a CI" in said
    assert job.world.requests == []


@pytest.mark.usefixtures("verifier")
def test_gitlab_gives_an_identity_for_each_audience(job: Job):
    gitlab = {
        **{name: value for name, value in job.github().items() if name.startswith("PYREL_")},
        "GITLAB_CI": "true",
        "PYPI_ID_TOKEN": job.world.identity("pypi"),
    }
    said = job.upload("base", "--attest", code=4, **gitlab)
    assert "the job has no `SIGSTORE_ID_TOKEN`" in said
    assert job.sent() == []
    job.upload("base", "--attest", **gitlab, SIGSTORE_ID_TOKEN=job.world.identity("sigstore"))
    for filename in ("base-1.0-py3-none-any.whl", "base-1.0.tar.gz"):
        attestation = Attestation.model_validate(provenance(job, filename)[0])
        attestation.verify(PUBLISHER, Distribution.from_file(dist(job, filename)))


def test_a_resumed_run_signs_nothing_twice(job: Job):
    job.world.forget_after = job.world.distrust_after = 2
    said = job.upload("--attest", code=5, **job.github())
    assert "--attest --resume=" in said
    assert job.pyrel("journal", "show").count("signed by this run") == len(FILES)
    kept = {path.name: path.read_bytes() for path in job.kept(".attestation")}
    assert len(kept) == len(FILES)
    job.world.publishers = [Publisher(name) for name in PROJECTS]
    job.world.forget_after = job.world.distrust_after = None
    job.upload("--attest", "--resume", **job.github())
    assert job.sent() == FILES
    assert len(job.world.sigstore.log.bodies) == len(FILES)
    for filename in FILES:
        assert provenance(job, filename) == [json.loads(kept[f"{filename}.publish.attestation"])]


def test_attestations_that_lie_beside_the_files_are_sent_by_all_clients(job: Job, tmp_path: Path):
    """Signed once, then sent by pyrel, twine and uv to indexes of their own."""
    job.upload("base", "--attest", **job.github())
    signed = tmp_path / "signed"
    signed.mkdir()
    for path in job.kept():
        shutil.copy(path, signed)
    files = sorted(path.name for path in signed.iterdir() if not path.name.endswith(".attestation"))
    assert len(files) == 2 == len(list(signed.glob("*.publish.attestation")))
    expected = {name: [json.loads((signed / f"{name}.publish.attestation").read_text())] for name in files}
    every = [str(path) for path in sorted(signed.iterdir())]
    twine = [sys.executable, "-m", "twine", "upload", "--attestations", "--non-interactive"]
    uv = [str(Path(sys.executable).with_name("uv")), "publish", "--no-cache", "--trusted-publishing", "never"]
    for number, command in enumerate(
        (
            [*twine, "--username", "__token__", "--password", "not-a-real-token", "--repository-url", "{}", *every],
            [*uv, "--token", "not-a-real-token", "--publish-url", "{}", *every],
        )
    ):
        with serving(tmp_path / f"index-{number}") as url:
            words = [word.replace("{}", f"{url}legacy/") for word in command]
            done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            job.world.upstream = url
            assert {name: provenance(job, name) for name in files} == expected, words[:4]
    for path in signed.glob("*.attestation"):
        shutil.copy(path, job.root / "packages" / "base" / "dist")
    with serving(tmp_path / "index-pyrel") as url:
        job.world.upstream = url
        job.pyrel("check", "base")
        entries = len(job.world.sigstore.log.bodies)
        job.upload("base", "--attest", **job.github())
        assert {name: provenance(job, name) for name in files} == expected
        assert len(job.world.sigstore.log.bodies) == entries, "what is attested is not signed again"


def test_a_dry_run_writes_nothing_and_signs_nothing(job: Job):
    said = job.upload("--attest", "--dry-run", **job.github())
    assert "the name is free as far as the index tells" in said
    assert said.count("to be signed") == len(FILES)
    assert "the exchange would make it from its pending publisher" in said
    assert job.posts() == []
    assert not (job.root / ".pyrel" / "runs").exists()
    document = json.loads(job.upload("--dry-run", "--format", "json", **job.github()).partition("\n}")[0] + "\n}")
    assert document["dry_run"] is True
    assert document["exit_code"] == 0

    job.upload(**job.github())
    job.world.requests.clear()
    job.world.tokens.clear()
    said = job.upload("--dry-run", **job.github())
    assert "the index minted a token for this identity" in said
    assert "send 0 files, skip 6" in said
    assert job.posts() == ["/_/oidc/mint-token"]
    job.world.publishers.clear()
    said = job.upload("--dry-run", code=4, **job.github())
    assert "Publisher with matching claims was not found" in said
    assert "Owner: `acme`" in said


def test_a_dry_run_builds_elsewhere(job: Job):
    for path in (job.root / "packages").glob("*/dist"):
        shutil.rmtree(path)
    said = job.pyrel("publish-test", "--index", "trusted", "--dry-run", **job.github())
    assert "build, test, check, stage, verify staged" in said
    assert job.posts() == []
    assert list((job.root / "packages").glob("*/dist")) == []
