"""After everything else has run: no secret of it is in a log, or in clear in the store. Named to run last."""

from __future__ import annotations

import redis
from stack import EDGES, Gateway, Stack


def secrets_of(stack: Stack) -> list[str]:
    """Every token and registration secret the tests have kept."""
    held = [tokens for gateway in stack.gateways.values() for tokens in gateway.issued]
    found = [secret for tokens in held for secret in (tokens.access, tokens.refresh)]
    return [*found, *stack.seen_secrets, stack.redis_password]


def test_no_log_contains_a_secret(gateway: Gateway, stack: Stack):
    gateway.tokens("echo-stateless")
    logs = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in stack.directory.rglob("*.log")}
    assert {"nginx.log", "caddy.log", "redis.log", f"auth-{gateway.edge}.log"} <= set(logs)
    assert len(secrets_of(stack)) > 2
    assert [name for name, text in logs.items() for secret in secrets_of(stack) if secret in text] == []


def test_store_keeps_no_secret_in_clear(gateway: Gateway, stack: Stack):
    tokens = gateway.tokens("echo-stateless")
    with redis.Redis(
        port=stack.redis_port, password=stack.redis_password, db=EDGES.index(gateway.edge), decode_responses=True
    ) as store:
        kept = "\n".join(f"{key} {_content(store, key)}" for key in store.scan_iter())
    assert tokens.client_id in kept
    assert [secret for secret in (tokens.access, tokens.refresh, *stack.seen_secrets) if secret in kept] == []


def _content(store: redis.Redis, key: str) -> str:
    readers = {
        "string": store.get,
        "hash": store.hgetall,
        "set": store.smembers,
        "zset": lambda name: store.zrange(name, 0, -1),
        "list": lambda name: store.lrange(name, 0, -1),
    }
    kind = store.type(key)
    return "" if kind == "none" else str(readers[kind](key))
