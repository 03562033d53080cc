"""The store in the memory of one process: for a first try and for tests. Its data ends with the process.

One lock makes every operation atomic. Mirrors :mod:`.scripts` step by step;
the tests run the same contract against both.
"""

from __future__ import annotations

import heapq
import json
import threading
import time
from collections.abc import Callable

from .contract import (
    CODE_USED_SECONDS,
    Issued,
    Redeemed,
    Rotated,
    Store,
    client_key,
    code_key,
    refresh_key,
    token_key,
)

_DEAD = "dead"
_REFRESH = "refresh"
_FOREVER = float("inf")


class EmbeddedStore(Store):
    """Records in a dictionary; a heap of expiry times keeps it from growing."""

    kind = "embedded"

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._values: dict[str, tuple[str, float]] = {}
        self._families: dict[str, tuple[dict[str, str], float]] = {}
        self._indexes: dict[str, dict[str, float]] = {}
        self._deadlines: list[tuple[float, str]] = []

    def put(self, key: str, value: str, ttl: int | None) -> None:
        """Writes a record; ``None`` keeps it for ever."""
        with self._lock:
            self._sweep()
            deadline = _FOREVER if ttl is None else self._clock() + ttl
            self._values[key] = (value, deadline)
            if ttl is not None:
                heapq.heappush(self._deadlines, (deadline, key))

    def add(self, key: str, value: str, ttl: int) -> bool:
        """Writes a record unless there is one; whether it was written."""
        with self._lock:
            if self.get(key) is not None:
                return False
            self.put(key, value, ttl)
            return True

    def get(self, key: str) -> str | None:
        """Reads a record."""
        with self._lock:
            value, deadline = self._values.get(key, (None, 0.0))
            return value if deadline > self._clock() else None

    def take(self, key: str) -> str | None:
        """Reads and deletes a record: of many takers one gets it."""
        with self._lock:
            value = self.get(key)
            self.delete(key)
            return value

    def replace(self, key: str, expected: str, value: str) -> bool:
        """Overwrites a record if it is still ``expected``, keeping its remaining life; whether it was."""
        with self._lock:
            if self.get(key) != expected:
                return False
            self._values[key] = (value, self._values[key][1])
            return True

    def delete(self, key: str) -> None:
        """Deletes a record if there is one."""
        with self._lock:
            self._values.pop(key, None)

    def hit(self, bucket: str, key: str, window: int) -> tuple[int, int]:
        """Counts an event; returns the count in the current window and the seconds until it ends."""
        name = f"oauth:rate:{bucket}:{key}"
        with self._lock:
            count = int(self.get(name) or 0) + 1
            if count == 1:
                self.put(name, "1", window)
            deadline = self._values[name][1]
            self._values[name] = (str(count), deadline)
            return count, max(int(deadline - self._clock()), 1)

    def redeem_code(self, code_digest: str) -> Redeemed:
        """Uses a code up and remembers it as used."""
        used = f"oauth:code_used:{code_digest}"
        with self._lock:
            record = self.take(code_key(code_digest))
            if record is None:
                return Redeemed(replayed_family=self.get(used))
            self.put(used, json.loads(record)["family"], CODE_USED_SECONDS)
            return Redeemed(record)

    def rotate(self, refresh_digest: str) -> Rotated:
        """Uses a refresh token up and remembers it as used for what was left of its life."""
        used = f"oauth:refresh_used:{refresh_digest}"
        with self._lock:
            deadline = self._values.get(refresh_key(refresh_digest), ("", 0.0))[1]
            record = self.take(refresh_key(refresh_digest))
            if record is None:
                return Rotated(reused_family=self.get(used))
            self.put(used, json.loads(record)["family"], max(int(deadline - self._clock()), 1))
            return Rotated(record)

    def issue(self, tokens: Issued) -> bool:
        """Makes tokens live, unless their family was revoked meanwhile; whether they are."""
        now = self._clock()
        with self._lock:
            members, deadline = self._family(tokens.family)
            if _DEAD in members:
                return False
            for field in [name for name, text in members.items() if name != _REFRESH and int(text) <= now]:
                del members[field]
            self.put(token_key(tokens.jti), tokens.token_record, tokens.token_ttl)
            members[f"jti:{tokens.jti}"] = str(tokens.token_expires)
            if tokens.refresh_digest:
                self.put(refresh_key(tokens.refresh_digest), tokens.refresh_record, tokens.refresh_ttl)
                members[_REFRESH] = tokens.refresh_digest
            deadline = max(now + tokens.family_ttl, deadline)
            self._keep_family(tokens.family, members, deadline)
            self._index(f"oauth:client_tokens:{tokens.client_id}")[tokens.family] = deadline
            self._index(f"oauth:user_tokens:{tokens.sub}")[tokens.jti] = tokens.token_expires
            return True

    def revoke_family(self, family: str, remember: int) -> None:
        """Ends every token of a family and lets none be issued in it for ``remember`` seconds."""
        with self._lock:
            members, _ = self._family(family)
            for field, text in members.items():
                if field == _REFRESH:
                    self.delete(refresh_key(text))
                elif field != _DEAD:
                    self.delete(token_key(field.removeprefix("jti:")))
            self._keep_family(family, {_DEAD: "1"}, self._clock() + remember)

    def revoke_token(self, jti: str) -> None:
        """Ends one access token."""
        with self._lock:
            record = self.take(token_key(jti))
            if record is None:
                return
            token = json.loads(record)
            self._family(token["family"])[0].pop(f"jti:{jti}", None)
            self._index(f"oauth:user_tokens:{token['sub']}").pop(jti, None)

    def revoke_client(self, client_id: str, remember: int) -> None:
        """Deletes a client and ends every token it ever got."""
        with self._lock:
            self.delete(client_key(client_id))
            for family in self._indexes.pop(f"oauth:client_tokens:{client_id}", {}):
                self.revoke_family(family, remember)

    def clean_up(self) -> int:
        """Drops index entries of tokens that are gone; returns how many."""
        with self._lock:
            self._sweep()
            dropped = 0
            for name in list(self._indexes):
                index = self._indexes[name]
                for member in [member for member in index if not self._indexed_lives(name, member)]:
                    del index[member]
                    dropped += 1
                if not index:
                    del self._indexes[name]
            return dropped

    async def is_live(self, jti: str) -> bool:
        """Whether an access token is neither expired nor revoked."""
        return self.get(token_key(jti)) is not None

    async def ping(self) -> bool:
        """Memory always answers."""
        return True

    async def aclose(self) -> None:
        """Nothing to close."""

    def _indexed_lives(self, index: str, member: str) -> bool:
        if index.startswith("oauth:user_tokens:"):
            return self.get(token_key(member)) is not None
        members = self._family(member)[0]
        return bool(members) and _DEAD not in members

    def _index(self, name: str) -> dict[str, float]:
        now = self._clock()
        kept = {member: expires for member, expires in self._indexes.get(name, {}).items() if expires > now}
        self._indexes[name] = kept
        return kept

    def _family(self, family: str) -> tuple[dict[str, str], float]:
        members, deadline = self._families.get(family, ({}, 0.0))
        return (members, deadline) if deadline > self._clock() else ({}, 0.0)

    def _keep_family(self, family: str, members: dict[str, str], deadline: float) -> None:
        self._families[family] = (members, deadline)
        heapq.heappush(self._deadlines, (deadline, f"family {family}"))

    def _sweep(self) -> None:
        """Forgets what has expired. A record written again since then has a later deadline and stays."""
        now = self._clock()
        while self._deadlines and self._deadlines[0][0] <= now:
            key = heapq.heappop(self._deadlines)[1]
            if key.startswith("family "):
                name = key.removeprefix("family ")
                if self._families.get(name, ({}, _FOREVER))[1] <= now:
                    del self._families[name]
            elif self._values.get(key, ("", _FOREVER))[1] <= now:
                del self._values[key]
