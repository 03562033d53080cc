"""Both storages keep to one interface; the file is for its owner alone, whole at any moment, and shared."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp_oauth_dynamicclient.client import FileStorage, MemoryStorage, StorageError
from mcp_oauth_dynamicclient.client import file_storage as file_storage_module
from mcp_oauth_dynamicclient.client.file_lock import file_lock

pytestmark = pytest.mark.anyio
ISSUER = "https://auth.example.org"
posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


@pytest.fixture(params=["memory", "file"])
def storage(request, tmp_path):
    return MemoryStorage() if request.param == "memory" else FileStorage(tmp_path / "own" / "credentials.json")


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "own" / "credentials.json"


async def test_registration_by_issuer(storage):
    await storage.save_registration(ISSUER, {"client_id": "a"})
    assert await storage.registration(ISSUER) == {"client_id": "a"}
    assert await storage.registration(f"{ISSUER}/other") is None


async def test_token_by_issuer_and_resource(storage):
    await storage.save_token(ISSUER, "https://one.example.org", {"access_token": "a"})
    await storage.save_token(ISSUER, None, {"access_token": "b"})
    assert (await storage.token(ISSUER, "https://one.example.org"))["access_token"] == "a"
    assert (await storage.token(ISSUER, None))["access_token"] == "b"
    assert await storage.token(ISSUER, "https://two.example.org") is None
    assert await storage.token("https://two.example.org", None) is None
    assert await storage.resources(ISSUER) == ["https://one.example.org", None] or set(
        await storage.resources(ISSUER)
    ) == {"https://one.example.org", None}


async def test_forgetting_a_token(storage):
    await storage.save_token(ISSUER, None, {"access_token": "a"})
    await storage.save_token(ISSUER, None, None)
    await storage.save_token(ISSUER, "https://never.example.org", None)
    assert await storage.resources(ISSUER) == []


async def test_forgetting_a_registration_takes_its_tokens_along(storage):
    for issuer in (ISSUER, "https://two.example.org"):
        await storage.save_registration(issuer, {"client_id": "a"})
        await storage.save_token(issuer, None, {"access_token": "a"})
    await storage.save_registration(ISSUER, None)
    assert await storage.token(ISSUER, None) is None
    assert await storage.token("https://two.example.org", None) is not None


async def test_renewals_wait_for_each_other(storage):
    order = []

    async def renew(name):
        async with storage.renewing(ISSUER):
            order.append(f"{name} in")
            await anyio.sleep(0.02)
            order.append(f"{name} out")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(renew, "one")
        tasks.start_soon(renew, "two")
    assert [entry.split()[1] for entry in order] == ["in", "out", "in", "out"]


@posix
async def test_modes_of_directory_and_file(path):
    old = os.umask(0)
    try:
        await FileStorage(path).save_token(ISSUER, None, {"access_token": "a"})
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
async def test_directory_others_may_write_to(path):
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(StorageError, match="writable by others"):
        await FileStorage(path).save_token(ISSUER, None, {"access_token": "a"})


async def test_file_is_replaced_whole(path, monkeypatch):
    storage = FileStorage(path)
    await storage.save_token(ISSUER, None, {"access_token": "a"})
    before = path.read_bytes()

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_storage_module.os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        await storage.save_token(ISSUER, None, {"access_token": "b"})
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["credentials.json", "credentials.json.lock"]


@pytest.mark.parametrize("text", ["{", "[]", ""])
async def test_file_with_something_else_in_it(path, text):
    path.parent.mkdir(mode=0o700)
    path.write_text(text)
    with pytest.raises(StorageError, match="not "):
        await FileStorage(path).token(ISSUER, None)
    assert path.read_text() == text


async def test_file_that_is_a_directory(path):
    path.mkdir(parents=True, mode=0o700)
    with pytest.raises(StorageError, match="directory"):
        await FileStorage(path).registration(ISSUER)


async def test_lock_held_by_another_process(path, monkeypatch):
    monkeypatch.setattr(file_storage_module, "_CHANGE_SECONDS", 0.05)
    storage = FileStorage(path)
    await storage.save_token(ISSUER, None, {"access_token": "a"})
    with file_lock(path.with_name("credentials.json.lock"), 1), pytest.raises(StorageError):
        await storage.save_token(ISSUER, None, {"access_token": "b"})
    assert (await storage.token(ISSUER, None))["access_token"] == "a"


async def test_lock_that_cannot_be_opened(path):
    path.with_name("credentials.json.renewal.lock").mkdir(parents=True, mode=0o700)
    path.parent.chmod(0o700)
    with pytest.raises(StorageError, match="directory"):
        async with FileStorage(path).renewing(ISSUER):
            pytest.fail("there is no lock")


async def test_renewal_that_another_process_never_ends(path, monkeypatch):
    monkeypatch.setattr(file_storage_module, "_RENEWAL_SECONDS", 0.15)
    path.parent.mkdir(mode=0o700)
    with file_lock(path.with_name("credentials.json.renewal.lock"), 1), pytest.raises(StorageError, match="too long"):
        async with FileStorage(path).renewing(ISSUER):
            pytest.fail("the lock was taken twice")


WRITER = """
import sys, anyio
from mcp_oauth_dynamicclient.client import FileStorage

async def write(path, name):
    storage = FileStorage(path)
    for number in range(10):
        await storage.save_token("https://auth.example.org", f"https://{name}-{number}.test", {"access_token": name})

anyio.run(write, *sys.argv[1:])
"""


def test_processes_writing_at_once_lose_nothing(path):
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, name]) for name in ("one", "two", "three")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert len(json.loads(path.read_text())[ISSUER]["tokens"]) == 30
