"""The store in Redis: shared by any number of workers. Turns every failure of Redis into ``StoreUnavailableError``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import anyio
import redis
import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from . import scripts
from .contract import (
    CODE_USED_SECONDS,
    Issued,
    Redeemed,
    Rotated,
    Store,
    StoreUnavailableError,
    token_key,
)

_CONNECT_SECONDS = 1.0
_ANSWER_SECONDS = 2.0
_PING_SECONDS = 1.0
_MOST_CONNECTIONS = 64
_T = TypeVar("_T")


class RedisStore(Store):
    """Synchronous connections for the OAuth endpoints, which run in threads, and asynchronous ones for ``/verify``.

    Nothing is retried: an operation that was sent may have happened. The pools
    notice connections that a restart of Redis has closed before they use them.
    """

    kind = "redis"

    def __init__(self, location: SecretStr, password: SecretStr | None = None) -> None:
        url = location.get_secret_value()
        options: dict[str, Any] = {
            "decode_responses": True,
            "socket_connect_timeout": _CONNECT_SECONDS,
            "socket_timeout": _ANSWER_SECONDS,
        }
        if password is not None:
            options["password"] = password.get_secret_value()
        self._redis = redis.Redis(
            connection_pool=redis.BlockingConnectionPool.from_url(
                url, max_connections=_MOST_CONNECTIONS, timeout=_ANSWER_SECONDS, retry=Retry(NoBackoff(), 0), **options
            )
        )
        self._aredis = redis.asyncio.Redis(
            connection_pool=redis.asyncio.BlockingConnectionPool.from_url(
                url,
                max_connections=_MOST_CONNECTIONS,
                timeout=_ANSWER_SECONDS,
                retry=AsyncRetry(NoBackoff(), 0),
                **options,
            )
        )
        register = self._redis.register_script
        self._replace = register(scripts.REPLACE)
        self._hit = register(scripts.HIT)
        self._redeem = register(scripts.REDEEM_CODE)
        self._rotate = register(scripts.ROTATE)
        self._issue = register(scripts.ISSUE)
        self._revoke_family = register(scripts.REVOKE_FAMILY)
        self._revoke_token = register(scripts.END_ACCESS)
        self._revoke_client = register(scripts.REVOKE_CLIENT)
        self._drop_tokens = register(scripts.DROP_GONE_TOKENS)
        self._drop_families = register(scripts.DROP_GONE_FAMILIES)

    def put(self, key: str, value: str, ttl: int | None) -> None:
        """Writes a record; ``None`` keeps it for ever."""
        _guarded(lambda: self._redis.set(key, value, ex=ttl))

    def add(self, key: str, value: str, ttl: int) -> bool:
        """Writes a record unless there is one; whether it was written."""
        return bool(_guarded(lambda: self._redis.set(key, value, ex=ttl, nx=True)))

    def get(self, key: str) -> str | None:
        """Reads a record."""
        return cast("str | None", _guarded(lambda: self._redis.get(key)))

    def take(self, key: str) -> str | None:
        """Reads and deletes a record: of many takers one gets it."""
        return cast("str | None", _guarded(lambda: self._redis.getdel(key)))

    def replace(self, key: str, expected: str, value: str) -> bool:
        """Overwrites a record if it is still ``expected``, keeping its remaining life; whether it was."""
        return bool(_guarded(lambda: self._replace(keys=[key], args=[expected, value])))

    def delete(self, key: str) -> None:
        """Deletes a record if there is one."""
        _guarded(lambda: self._redis.delete(key))

    def hit(self, bucket: str, key: str, window: int) -> tuple[int, int]:
        """Counts an event; returns the count in the current window and the seconds until it ends."""
        count, left = cast("list[int]", _guarded(lambda: self._hit(keys=[f"oauth:rate:{bucket}:{key}"], args=[window])))
        return count, max(left, 1)

    def redeem_code(self, code_digest: str) -> Redeemed:
        """Uses a code up and remembers it as used."""
        outcome = _guarded(lambda: self._redeem(args=[code_digest, CODE_USED_SECONDS]))
        record, family = cast("list[str | None]", outcome)
        return Redeemed(record, family)

    def rotate(self, refresh_digest: str) -> Rotated:
        """Uses a refresh token up and remembers it as used for what was left of its life."""
        record, family = cast("list[str | None]", _guarded(lambda: self._rotate(args=[refresh_digest])))
        return Rotated(record, family)

    def issue(self, tokens: Issued) -> bool:
        """Makes tokens live, unless their family was revoked meanwhile; whether they are."""
        arguments: list[str | int] = [
            tokens.family,
            tokens.client_id,
            tokens.sub,
            tokens.jti,
            tokens.token_record,
            tokens.token_ttl,
            tokens.token_expires,
            tokens.refresh_digest,
            tokens.refresh_record,
            tokens.refresh_ttl,
            tokens.family_ttl,
        ]
        return bool(_guarded(lambda: self._issue(args=tuple(arguments))))

    def revoke_family(self, family: str, remember: int) -> None:
        """Ends every token of a family and lets none be issued in it for ``remember`` seconds."""
        _guarded(lambda: self._revoke_family(args=[family, remember]))

    def revoke_token(self, jti: str) -> None:
        """Ends one access token."""
        _guarded(lambda: self._revoke_token(args=[jti]))

    def revoke_client(self, client_id: str, remember: int) -> None:
        """Deletes a client and ends every token it ever got."""
        _guarded(lambda: self._revoke_client(args=[client_id, remember]))

    def clean_up(self) -> int:
        """Drops index entries of tokens that are gone; returns how many."""

        def sweep() -> int:
            dropped = 0
            for pattern, script in (
                ("oauth:user_tokens:*", self._drop_tokens),
                ("oauth:client_tokens:*", self._drop_families),
            ):
                for key in self._redis.scan_iter(match=pattern, count=500):
                    dropped += cast("int", script(keys=[key]))
            return dropped

        return _guarded(sweep)

    async def is_live(self, jti: str) -> bool:
        """Whether an access token is neither expired nor revoked."""
        return await _aguarded(self._aredis.get(token_key(jti))) is not None

    async def ping(self) -> bool:
        """Whether Redis answers within a second."""
        with anyio.move_on_after(_PING_SECONDS):
            try:
                await _aguarded(cast("Awaitable[Any]", self._aredis.ping()))
            except StoreUnavailableError:
                return False
            return True
        return False

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._aredis.aclose()
        await self._aredis.connection_pool.disconnect()
        self._redis.close()
        self._redis.connection_pool.disconnect()


def _guarded(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except (RedisError, OSError) as error:
        raise StoreUnavailableError(type(error).__name__) from error


async def _aguarded(call: Awaitable[_T]) -> _T:
    try:
        return await call
    except (RedisError, OSError) as error:
        raise StoreUnavailableError(type(error).__name__) from error
