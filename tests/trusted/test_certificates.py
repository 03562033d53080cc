"""Connections that the system's authorities do not vouch for: one's own authority, and a certificate to show."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from job import PROJECTS, Job
from standin import running

TOKEN = "pypi-not-a-real-token"


class Office:
    """An authority of one's own, with its files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.authority = trustme.CA()
        self.authority_file = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.authority_file))
        self.client_file = folder / "client.pem"
        self.authority.issue_cert("someone@example.org").private_key_and_cert_chain_pem.write_to_path(
            str(self.client_file)
        )

    def context(self, *, asks: bool) -> ssl.SSLContext:
        """What a server of this office uses; one that asks serves nobody without a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost").configure_cert(context)
        if asks:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


@pytest.fixture
def encrypted(job: Job, office: Office) -> Iterator[Job]:
    """A job whose index is encrypted, and takes one token."""
    job.world.tokens[TOKEN] = (time.time() + 900, set(PROJECTS))
    with running(job.world, office.context(asks=False)) as url:
        job.point_at(url)
        yield job


def pypirc(job: Job, **keys: Path | str) -> None:
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    text = f"[distutils]\nindex-servers = trusted\n[trusted]\nrepository = {job.url}/legacy/\n{lines}"
    (job.root / ".pypirc").write_text(text)


def test_an_unknown_authority_is_no_reason_to_try_again(encrypted: Job):
    said = encrypted.upload(code=4, PYREL_TOKEN=TOKEN)
    assert "certificate" in said
    assert "`--ca-cert`" in said
    assert encrypted.sent() == []


def test_the_flag_names_the_authority(encrypted: Job, office: Office):
    encrypted.upload("--ca-cert", str(office.authority_file), PYREL_TOKEN=TOKEN)
    assert len(encrypted.sent()) == 6


@pytest.mark.parametrize("variable", ["TWINE_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_variables_name_the_authority(encrypted: Job, office: Office, variable: str):
    encrypted.upload("base", PYREL_TOKEN=TOKEN, **{variable: str(office.authority_file)})
    assert len(encrypted.sent()) == 2


def test_pypirc_names_the_authority_and_holds_the_token(encrypted: Job, office: Office):
    (encrypted.root / "authority.pem").write_bytes(office.authority_file.read_bytes())
    pypirc(encrypted, ca_cert="~/authority.pem", username="__token__", password=TOKEN)
    encrypted.upload("base")
    assert len(encrypted.sent()) == 2


def test_the_flag_comes_before_pypirc(encrypted: Job, office: Office, tmp_path: Path):
    other = Office(tmp_path / "other")
    pypirc(encrypted, ca_cert=office.authority_file)
    encrypted.upload("base", "--ca-cert", str(other.authority_file), code=4, PYREL_TOKEN=TOKEN)
    assert encrypted.sent() == []


def test_a_file_without_certificates_is_named(encrypted: Job, tmp_path: Path):
    path = tmp_path / "empty.pem"
    path.write_text("")
    said = encrypted.upload("--ca-cert", str(path), code=4, PYREL_TOKEN=TOKEN)
    assert "empty.pem" in said
    assert "no certificates in PEM" in said
    assert "absent.pem" in encrypted.upload("--client-cert", "absent.pem", code=4, PYREL_TOKEN=TOKEN)


@pytest.fixture
def asking(job: Job, office: Office) -> Iterator[Job]:
    """A job whose index serves nobody without a certificate."""
    job.world.tokens[TOKEN] = (time.time() + 900, set(PROJECTS))
    with running(job.world, office.context(asks=True)) as url:
        job.point_at(url)
        yield job


def test_a_server_that_asks_is_shown_the_certificate(asking: Job, office: Office):
    authority = ("--ca-cert", str(office.authority_file))
    asking.upload("base", *authority, code=4, PYREL_TOKEN=TOKEN)
    assert asking.sent() == []
    asking.upload("base", *authority, "--client-cert", str(office.client_file), PYREL_TOKEN=TOKEN)
    assert len(asking.sent()) == 2


def test_pypirc_may_name_the_certificate_to_show(asking: Job, office: Office):
    pypirc(asking, ca_cert=office.authority_file, client_cert=office.client_file)
    asking.upload("base", PYREL_TOKEN=TOKEN)
    assert len(asking.sent()) == 2


def test_a_certificate_is_shown_to_its_own_index_only(asking: Job, office: Office):
    pypirc(asking, ca_cert=office.authority_file, client_cert=office.client_file)
    text = (asking.root / "pyrel.toml").read_text()
    (asking.root / "pyrel.toml").write_text(text.replace("[index.trusted]", "[index.another]"))
    (asking.root / ".pypirc").write_text(
        (asking.root / ".pypirc").read_text().replace(asking.url, "https://other.example")
    )
    said = asking.pyrel("upload-test", "base", "--index", "another", code=4, PYREL_TOKEN=TOKEN)
    assert "certificate" in said
    assert asking.sent() == []
