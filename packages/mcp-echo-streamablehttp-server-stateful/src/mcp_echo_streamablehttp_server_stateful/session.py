"""What is remembered between calls: one state per legacy session or per handle, in memory, bounded.

A legacy session is opened and ended by the SDK, which also decides whose it
is; this module keeps what the echo tools remember about it. A handle is the
modern counterpart: minted here, bound to a caller here, passed as a tool
argument. Holds no tasks and no sockets.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from .settings import DEFAULT_MAX_SESSIONS, DEFAULT_SESSION_TIMEOUT

HANDLE_PREFIX = "echo-"
QUEUE_LENGTH = 100
KEPT_CHARACTERS = 16_384
"""Characters of messages one state keeps; with the session limit this bounds the memory of the service."""


class UnknownHandleError(LookupError):
    """No live handle of this caller has that name. Says nothing about other callers' handles."""


@dataclass
class SessionState:
    """The memory of one session or handle. Times are seconds of the manager's clock unless named otherwise."""

    key: str
    owner: str | None
    client_name: str
    client_version: str
    created: float
    last_used: float
    created_at: float = field(default_factory=time.time)
    last_used_at: float = field(default_factory=time.time)
    uses: int = 0
    echoes: int = 0
    last_length: int = 0
    in_flight: int = 0
    messages: deque[str] = field(default_factory=lambda: deque(maxlen=QUEUE_LENGTH))

    @property
    def label(self) -> str:
        """The first eight characters of the id, enough to tell sessions apart and too few to use one."""
        return self.key.removeprefix(HANDLE_PREFIX)[:8]

    @property
    def last_echo(self) -> str | None:
        """The last message, unless there was none or it was too long to keep."""
        return self.messages[-1] if self.echoes and self.last_length <= KEPT_CHARACTERS else None

    def remember(self, message: str) -> None:
        """Counts a message and keeps it if it is short enough, dropping the oldest ones beyond the bounds."""
        self.echoes += 1
        self.last_length = len(message)
        if len(message) > KEPT_CHARACTERS:
            return
        self.messages.append(message)
        kept = sum(map(len, self.messages))
        while kept > KEPT_CHARACTERS:
            kept -= len(self.messages.popleft())


class SessionManager:
    """The states of all live sessions and handles.

    Handles beyond ``max_sessions`` push out the one unused longest. Everything
    unused for ``session_timeout`` seconds is forgotten.
    """

    def __init__(
        self,
        session_timeout: float = DEFAULT_SESSION_TIMEOUT,
        *,
        max_sessions: int = DEFAULT_MAX_SESSIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session_timeout = session_timeout
        self.max_sessions = max_sessions
        self._clock = clock
        self._sessions: dict[str, SessionState] = {}
        self._handles: OrderedDict[str, SessionState] = OrderedDict()

    def begin(self, session_id: str, owner: str | None) -> SessionState:
        """Starts the memory of a legacy session the SDK has just opened for ``owner``."""
        if len(self._sessions) >= self.max_sessions:
            self.sweep()
        state = self._new(session_id, owner, "", "")
        self._sessions[session_id] = state
        return state

    def end(self, session_id: str) -> None:
        """Forgets a legacy session."""
        self._sessions.pop(session_id, None)

    @contextmanager
    def in_use(self, session_id: str, owner: str | None) -> Iterator[None]:
        """Keeps a legacy session of ``owner`` from expiring while one of its requests is in flight."""
        state = self._sessions.get(session_id)
        if state is None or state.owner != owner:
            yield
            return
        state.in_flight += 1
        self._touch(state)
        try:
            yield
        finally:
            state.in_flight -= 1
            self._touch(state)

    def session(self, session_id: str, owner: str | None, client_name: str, client_version: str) -> SessionState:
        """The memory of a legacy session that the SDK has admitted ``owner`` to."""
        state = self._sessions.get(session_id) or self.begin(session_id, owner)
        state.client_name, state.client_version = client_name, client_version
        return state

    def mint(self, owner: str | None, client_name: str, client_version: str) -> SessionState:
        """Makes a handle with 128 random bits for ``owner``."""
        while len(self._handles) >= self.max_sessions:
            self._handles.popitem(last=False)
        state = self._new(HANDLE_PREFIX + secrets.token_hex(16), owner, client_name, client_version)
        self._handles[state.key] = state
        self._touch(state)
        return state

    def resolve(self, handle: str, owner: str | None) -> SessionState:
        """The memory behind a handle.

        Raises:
            UnknownHandleError: it does not exist, has expired, or belongs to another caller.
        """
        state = self._handles.get(handle)
        if state is None or state.owner != owner:
            raise UnknownHandleError(handle)
        if self._expired(state):
            del self._handles[handle]
            raise UnknownHandleError(handle)
        self._touch(state)
        self._handles.move_to_end(handle)
        return state

    def sweep(self) -> int:
        """Forgets everything unused for too long; returns how much that was."""
        forgotten = 0
        for states in (self._sessions, self._handles):
            for key in [key for key, state in states.items() if self._expired(state)]:
                del states[key]
                forgotten += 1
        return forgotten

    def counts(self) -> Mapping[str, int]:
        """Live sessions and handles."""
        return {"sessions": len(self._sessions), "handles": len(self._handles)}

    def age(self, state: SessionState) -> float:
        """Seconds since the state began."""
        return self._clock() - state.created

    def remaining(self, state: SessionState) -> float:
        """Seconds until the state expires unless it is used again."""
        return max(0.0, state.last_used + self.session_timeout - self._clock())

    def find(self, session_id: str) -> SessionState | None:
        """The memory of a legacy session, if it has begun."""
        return self._sessions.get(session_id)

    def _new(self, key: str, owner: str | None, client_name: str, client_version: str) -> SessionState:
        now = self._clock()
        return SessionState(key, owner, client_name, client_version, created=now, last_used=now)

    def _touch(self, state: SessionState) -> None:
        state.last_used = self._clock()
        state.last_used_at = time.time()
        state.uses += 1

    def _expired(self, state: SessionState) -> bool:
        return not state.in_flight and self._clock() - state.last_used > self.session_timeout
