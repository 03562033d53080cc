"""The memory by itself, with a clock the test turns."""

from __future__ import annotations

import importlib

import pytest
from mcp_echo_streamablehttp_server_stateful import MCPEchoServerStateful, SessionManager, cli, create_app
from mcp_echo_streamablehttp_server_stateful.session import KEPT_CHARACTERS, QUEUE_LENGTH, UnknownHandleError
from starlette.applications import Starlette


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager(clock: Clock) -> SessionManager:
    return SessionManager(session_timeout=60, max_sessions=3, clock=clock)


def test_defaults():
    manager = SessionManager()
    assert (manager.session_timeout, manager.max_sessions) == (3600, 1000)
    server = MCPEchoServerStateful(True, ["2025-11-25"], 120)
    assert server.settings.service.debug is True
    assert server.settings.service.protocol.supported == ("2025-11-25",)
    assert server.sessions.session_timeout == 120
    assert isinstance(create_app(session_timeout=5), Starlette)


def test_handle_lives_since_its_last_use(manager: SessionManager, clock: Clock):
    handle = manager.mint(None, "client", "1").key
    clock.now = 60
    assert manager.resolve(handle, None).uses == 2
    clock.now = 120
    state = manager.resolve(handle, None)
    assert (manager.age(state), manager.remaining(state)) == (120, 60)
    clock.now = 180.1
    with pytest.raises(UnknownHandleError):
        manager.resolve(handle, None)
    assert manager.counts() == {"sessions": 0, "handles": 0}


def test_handle_belongs_to_its_owner(manager: SessionManager):
    handle = manager.mint("alice", "client", "1").key
    for other in ("bob", None, ""):
        with pytest.raises(UnknownHandleError):
            manager.resolve(handle, other)
    assert manager.resolve(handle, "alice").owner == "alice"


def test_sweep_forgets_what_is_idle(manager: SessionManager, clock: Clock):
    manager.begin("idle", None)
    manager.begin("busy", "alice")
    manager.mint(None, "client", "1")
    with manager.in_use("busy", "alice"):
        clock.now = 100
        assert manager.sweep() == 2
        assert manager.counts() == {"sessions": 1, "handles": 0}
    clock.now = 160
    assert manager.sweep() == 0
    clock.now = 161
    assert manager.sweep() == 1


def test_use_by_another_owner_does_not_count(manager: SessionManager, clock: Clock):
    manager.begin("session", "alice")
    clock.now = 100
    with manager.in_use("session", "bob"):
        assert manager.sweep() == 1
    with manager.in_use("session", "alice"):
        assert manager.find("session") is None


def test_full_table_is_swept_before_it_grows(manager: SessionManager, clock: Clock):
    for number in range(3):
        manager.begin(str(number), None)
    clock.now = 100
    manager.begin("new", None)
    assert manager.counts()["sessions"] == 1


def test_memory_of_an_expired_session_begins_anew(manager: SessionManager):
    manager.session("session", None, "client", "1").remember("hello")
    manager.end("session")
    manager.end("session")
    assert manager.session("session", None, "client", "1").echoes == 0


def test_queue_drops_the_oldest(manager: SessionManager):
    state = manager.mint(None, "client", "1")
    assert state.last_echo is None
    for number in range(QUEUE_LENGTH + 5):
        state.remember(str(number))
    assert len(state.messages) == QUEUE_LENGTH
    assert (state.messages[0], state.last_echo, state.echoes) == ("5", "104", 105)


def test_queue_is_bounded_in_characters(manager: SessionManager):
    state = manager.mint(None, "client", "1")
    half = "x" * (KEPT_CHARACTERS // 2)
    for _ in range(3):
        state.remember(half)
    assert len(state.messages) == 2
    state.remember("y" * KEPT_CHARACTERS)
    assert list(state.messages) == ["y" * KEPT_CHARACTERS]
    state.remember("z" * (KEPT_CHARACTERS + 1))
    assert state.last_echo is None
    assert len(state.messages) == 1


def test_version_is_unknown_without_metadata(monkeypatch: pytest.MonkeyPatch):
    about = importlib.import_module("mcp_echo_streamablehttp_server_stateful.about")
    monkeypatch.setattr(about, "NAME", "no-such-distribution")
    assert about.distribution_version() == "0+unknown"


@pytest.mark.parametrize("option", ["--session-timeout", "--max-sessions"])
@pytest.mark.parametrize("value", ["0", "-5", "soon"])
def test_session_options_are_checked(option: str, value: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main([f"{option}={value}"]) == 2
    assert f"`{option}` is not a whole number of at least 1" in capsys.readouterr().err


def test_cleanup_interval_is_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("MCP_SESSION_CLEANUP_INTERVAL", "never")
    assert cli.main([]) == 2
    assert "MCP_SESSION_CLEANUP_INTERVAL" in capsys.readouterr().err
