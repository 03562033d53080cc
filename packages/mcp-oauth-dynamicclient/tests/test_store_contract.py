"""The contract of a store, kept by the embedded one and by Redis alike."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import anyio
import pytest
from harness import RedisServer, free_port, wait_for
from mcp_oauth_dynamicclient.secrets_at_rest import new_id
from mcp_oauth_dynamicclient.store import Issued, Store, StoreUnavailableError
from mcp_oauth_dynamicclient.store.contract import client_key, code_key, refresh_key, token_key
from mcp_oauth_dynamicclient.store.embedded import EmbeddedStore
from mcp_oauth_dynamicclient.store.redis_store import RedisStore
from pydantic import SecretStr


@pytest.fixture(params=["embedded", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    opened: Store
    if request.param == "embedded":
        opened = EmbeddedStore()
    else:
        opened = RedisStore(SecretStr(request.getfixturevalue("redis_server").url))
    yield opened
    anyio.run(opened.aclose)


def live(store: Store, jti: str) -> bool:
    return store.get(token_key(jti)) is not None


def tokens(**changes: Any) -> Issued:
    family, sub, jti, refresh = new_id(), new_id(), new_id(), new_id()
    issued = Issued(
        family=family,
        client_id=f"client_{new_id()}",
        sub=sub,
        jti=jti,
        token_record=json.dumps({"family": family, "sub": sub}),
        token_ttl=100,
        token_expires=int(time.time()) + 100,
        refresh_digest=refresh,
        refresh_record=json.dumps({"family": family}),
        refresh_ttl=200,
        family_ttl=200,
    )
    return replace(issued, **changes)


def successor(first: Issued) -> Issued:
    """The tokens of a refresh."""
    other = tokens()
    return replace(first, jti=other.jti, refresh_digest=other.refresh_digest)


def test_records(store: Store) -> None:
    key = new_id()
    assert store.get(key) is None
    store.put(key, "one", 100)
    store.put(key, "two", None)
    assert store.get(key) == "two"
    store.delete(key)
    store.delete(key)
    assert store.get(key) is None


def test_records_expire(store: Store) -> None:
    key = new_id()
    store.put(key, "x", 2)
    assert store.get(key) == "x"
    wait_for(lambda: store.get(key) is None, "the record expires", 5)
    assert store.take(key) is None
    assert store.add(key, "y", 100)


def test_add_writes_once(store: Store) -> None:
    key = new_id()
    assert store.add(key, "one", 100)
    assert not store.add(key, "two", 100)
    assert store.get(key) == "one"


def test_take_gives_to_one(store: Store) -> None:
    key = new_id()
    store.put(key, "x", 100)
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda _: store.take(key), range(32)))
    assert sorted(taken, key=str).count("x") == 1
    assert taken.count(None) == 31


def test_replace_compares(store: Store) -> None:
    key = new_id()
    assert not store.replace(key, "old", "new")
    store.put(key, "old", 100)
    assert not store.replace(key, "other", "new")
    assert store.replace(key, "old", "new")
    assert store.get(key) == "new"


def test_replace_keeps_the_remaining_life(store: Store) -> None:
    key = new_id()
    store.put(key, "old", 1)
    store.replace(key, "old", "new")
    wait_for(lambda: store.get(key) is None, "the record expires", 5)


def test_hits_are_counted_per_window(store: Store) -> None:
    key = new_id()
    assert [store.hit("b", key, 2)[0] for _ in range(3)] == [1, 2, 3]
    assert store.hit("other", key, 60) == (1, pytest.approx(60, abs=1))
    wait_for(lambda: store.get(f"oauth:rate:b:{key}") is None, "the window ends", 5)
    assert store.hit("b", key, 1)[0] == 1


def test_a_code_is_redeemed_once_and_then_betrays_its_family(store: Store) -> None:
    code = new_id()
    assert store.redeem_code(code).record is None
    assert store.redeem_code(code).replayed_family is None
    store.put(code_key(code), json.dumps({"family": "f1"}), 100)
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: store.redeem_code(code), range(32)))
    assert [outcome.replayed_family for outcome in outcomes if outcome.record is not None] == [None]
    assert {outcome.replayed_family for outcome in outcomes if outcome.record is None} == {"f1"}


def test_a_refresh_token_rotates_once_and_then_betrays_its_family(store: Store) -> None:
    refresh = new_id()
    assert store.rotate(refresh).reused_family is None
    store.put(refresh_key(refresh), json.dumps({"family": "f2"}), 100)
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: store.rotate(refresh), range(32)))
    assert [outcome.reused_family for outcome in outcomes if outcome.record is not None] == [None]
    assert {outcome.reused_family for outcome in outcomes if outcome.record is None} == {"f2"}


def test_a_family_ends_as_a_whole(store: Store) -> None:
    first = tokens()
    assert store.issue(first)
    second = successor(first)
    assert store.issue(second)
    other = tokens()
    store.issue(other)
    assert live(store, first.jti)
    store.revoke_family(first.family, 100)
    assert not live(store, first.jti)
    assert not live(store, second.jti)
    assert store.get(refresh_key(second.refresh_digest)) is None
    assert live(store, other.jti)


def test_nothing_is_issued_in_a_dead_family(store: Store) -> None:
    family = tokens()
    store.revoke_family(family.family, 100)
    assert not store.issue(family)
    assert not live(store, family.jti)
    assert store.get(refresh_key(family.refresh_digest)) is None
    store.revoke_family(family.family, 100)
    assert not store.issue(family)


def test_a_token_ends_alone(store: Store) -> None:
    first = tokens()
    store.issue(first)
    store.revoke_token(first.jti)
    store.revoke_token(first.jti)
    assert not live(store, first.jti)
    assert store.get(refresh_key(first.refresh_digest)) is not None


def test_a_client_ends_with_all_its_families(store: Store) -> None:
    first = tokens()
    second = replace(tokens(), client_id=first.client_id)
    other = tokens()
    for issued in (first, second, other):
        store.issue(issued)
    store.put(client_key(first.client_id), "{}", None)
    store.revoke_client(first.client_id, 100)
    assert store.get(client_key(first.client_id)) is None
    assert not live(store, first.jti)
    assert not live(store, second.jti)
    assert not store.issue(successor(first)), "a refresh under way gets nothing"
    assert live(store, other.jti)


def test_tokens_without_refresh(store: Store) -> None:
    only = tokens(refresh_digest="", refresh_record="", refresh_ttl=0, family_ttl=100)
    assert store.issue(only)
    assert live(store, only.jti)
    store.revoke_family(only.family, 100)
    assert not live(store, only.jti)


def test_clean_up_drops_what_is_gone(store: Store) -> None:
    kept, revoked, family_dead = tokens(), tokens(), tokens()
    for issued in (kept, revoked, family_dead):
        store.issue(issued)
    store.clean_up()
    store.delete(token_key(revoked.jti))
    store.revoke_family(family_dead.family, 100)
    assert store.clean_up() == 3, "a token, and a token and its family"
    assert store.clean_up() == 0
    assert live(store, kept.jti)


def test_expired_tokens_leave_the_family(store: Store) -> None:
    first = tokens(token_ttl=1, token_expires=int(time.time()) - 1)
    store.issue(first)
    second = successor(first)
    assert store.issue(second)
    store.revoke_family(first.family, 100)
    assert not live(store, second.jti)


def test_live_and_ping_without_blocking(store: Store) -> None:
    issued = tokens()
    store.issue(issued)

    async def ask() -> tuple[bool, bool, bool]:
        answers = await store.is_live(issued.jti), await store.is_live("unknown"), await store.ping()
        await store.aclose()
        return answers

    assert anyio.run(ask) == (True, False, True)


def test_the_embedded_store_forgets_what_expired() -> None:
    now = [1000.0]
    store = EmbeddedStore(clock=lambda: now[0])
    for number in range(100):
        store.put(f"k{number}", "x", 10)
    store.put("kept", "x", None)
    store.issue(tokens(token_ttl=10, token_expires=1010, refresh_ttl=10, family_ttl=10))
    now[0] += 100
    store.put("late", "x", 10)
    assert set(store._values) == {"kept", "late"}
    assert store._families == {}
    assert store.clean_up() == 2


def test_redis_that_is_not_there() -> None:
    store = RedisStore(SecretStr(f"redis://127.0.0.1:{free_port()}/0"))
    for call in (lambda: store.get("x"), lambda: store.redeem_code("x"), store.clean_up):
        with pytest.raises(StoreUnavailableError):
            call()

    async def ask() -> bool:
        with pytest.raises(StoreUnavailableError):
            await store.is_live("x")
        alive = await store.ping()
        await store.aclose()
        return alive

    assert anyio.run(ask) is False


def test_redis_wants_its_password(redis_server: RedisServer) -> None:
    address = SecretStr(f"redis://127.0.0.1:{redis_server.port}/0")
    refused = RedisStore(address)
    with pytest.raises(StoreUnavailableError):
        refused.get("x")
    anyio.run(refused.aclose)
    accepted = RedisStore(address, SecretStr(redis_server.password))
    assert accepted.get(new_id()) is None
    anyio.run(accepted.aclose)


def test_redis_keeps_digests_and_expires_everything(with_redis: Any, redis_server: RedisServer, github: Any) -> None:
    tokens = with_redis.tokens()
    store = RedisStore(SecretStr(redis_server.url))
    everything: dict[str, str] = {}
    for key in store._redis.scan_iter("oauth:*"):
        kind = store._redis.type(key)
        if kind == "string":
            everything[key] = store._redis.get(key)
        elif kind == "hash":
            everything[key] = json.dumps(store._redis.hgetall(key))
        else:
            everything[key] = json.dumps(store._redis.zrange(key, 0, -1))
        assert store._redis.ttl(key) != -1, f"{key} stays for ever"
    text = json.dumps(everything)
    client = tokens["flow"].client
    for secret in (tokens["access_token"], tokens["refresh_token"], client["registration_access_token"]):
        assert secret not in text
    kinds = {key.split(":")[1] for key in everything}
    assert {"client", "token", "refresh", "family", "user_tokens", "client_tokens", "code_used"} <= kinds
    anyio.run(store.aclose)
