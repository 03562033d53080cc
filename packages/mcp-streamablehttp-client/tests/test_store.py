"""The credential store: private, atomic, locked, and bound to issuers."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import anyio
import pytest
from mcp_streamablehttp_client import ConfigurationError, CredentialStore
from mcp_streamablehttp_client.auth import locking
from mcp_streamablehttp_client.auth.store import Credentials, ServerBinding, StoredClient, StoredToken

ISSUER, SERVER = "https://auth.example.com", "https://mcp.example.com/mcp"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def fill(kept: Credentials) -> None:
    kept.servers[SERVER] = ServerBinding(issuer=ISSUER, resource=SERVER)
    kept.clients[ISSUER] = StoredClient(client_id="id", client_secret="not-a-real-secret", registration_client_uri="u")
    kept.tokens[ISSUER] = {SERVER: StoredToken(access_token="not-a-real-token")}


def add(path: str, start: int) -> None:
    store = CredentialStore(path)
    for number in range(start, start + 20):
        store.update(lambda kept, name=str(number): kept.preregistered.__setitem__(name, "x"))


def test_the_directory_is_0700_and_the_file_0600(tmp_path: Path):
    store = CredentialStore(tmp_path / "new" / "credentials.json")
    store.update(fill)
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    for other in store.path.parent.iterdir():
        assert stat.S_IMODE(other.stat().st_mode) == 0o600


def test_rights_that_are_too_wide_are_taken_back(tmp_path: Path):
    store = CredentialStore(tmp_path / "credentials.json")
    store.update(fill)
    store.path.chmod(0o644)
    assert store.read().clients[ISSUER].client_id == "id"
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = CredentialStore(tmp_path / "credentials.json")
    store.update(fill)
    before = store.path.read_bytes()
    with pytest.raises(RuntimeError, match="halfway"):
        store.update(lambda kept: (_ for _ in ()).throw(RuntimeError("halfway")))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        store.update(fill)
    assert store.path.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"credentials.json", "credentials.json.lock"}


def test_processes_do_not_lose_each_others_changes(tmp_path: Path):
    path = str(tmp_path / "credentials.json")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add, args=(path, start)) for start in (0, 100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len(CredentialStore(path).read().preregistered) == 40


def test_a_lock_that_stays_taken_is_told(tmp_path: Path):
    path = tmp_path / "lock"
    taken = locking.exclusive(path, wait_seconds=0.05)
    with locking.exclusive(path), pytest.raises(ConfigurationError, match="stays locked"):
        taken.__enter__()


@pytest.mark.anyio
async def test_a_refresh_waits_for_the_other_process_and_not_for_ever(tmp_path: Path):
    path = tmp_path / "refresh.lock"
    order = []

    async def second() -> None:
        async with locking.exclusive_async(path):
            order.append("second")

    async with anyio.create_task_group() as group, locking.exclusive_async(path):
        group.start_soon(second)
        await anyio.sleep(0.1)
        order.append("first")
    assert order == ["first", "second"]
    async with locking.exclusive_async(path), locking.exclusive_async(path, wait_seconds=0.05):
        order.append("third")
    assert order[-1] == "third"


def test_a_file_that_is_no_store_is_refused_without_quoting_it(tmp_path: Path):
    path = tmp_path / "credentials.json"
    for content in ("{broken not-a-real-secret", '{"clients": {"a": {"client_secret": "not-a-real-secret"}}}', "[]"):
        path.write_text(content)
        with pytest.raises(ConfigurationError, match="is not a credential store") as caught:
            CredentialStore(path).read()
        assert "not-a-real" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="directory cannot be made"):
        CredentialStore(tmp_path / "file" / "sub" / "credentials.json").update(fill)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        CredentialStore(tmp_path).read()


def test_records_show_nothing_and_keep_what_they_do_not_know(tmp_path: Path):
    store = CredentialStore(tmp_path / "credentials.json")
    store.update(fill)
    store.update(lambda kept: kept.clients[ISSUER].__pydantic_extra__.update({"software_id": "s"}))
    kept = store.read()
    assert kept.clients[ISSUER].model_dump()["software_id"] == "s"
    for record in (kept, kept.clients[ISSUER], kept.tokens[ISSUER][SERVER]):
        assert "not-a-real" not in repr(record)
        assert "not-a-real" not in str(record)


def test_forgetting_removes_the_registration_with_its_last_token(tmp_path: Path):
    store = CredentialStore(tmp_path / "credentials.json")
    store.update(fill)
    other = "https://other.example.com/mcp"

    def second(kept: Credentials) -> None:
        kept.servers[other] = ServerBinding(issuer=ISSUER, resource=other)
        kept.tokens[ISSUER][other] = StoredToken(access_token="t")

    store.update(second)
    store.update(lambda kept: kept.preregistered.update({"pre": ISSUER, "else": "https://else.example.com"}))
    assert store.update(lambda kept: kept.forget(SERVER))
    assert store.read().preregistered == {"else": "https://else.example.com"}
    assert ISSUER in store.read().clients
    assert store.update(lambda kept: kept.forget(other))
    assert not store.read().clients
    assert not store.update(lambda kept: kept.forget(other))
