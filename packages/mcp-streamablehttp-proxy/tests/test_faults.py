"""Servers that die, talk nonsense, flood, hang or refuse to leave, and what clients and operator see of it."""

from __future__ import annotations

import logging
import signal
import sys
import time
from pathlib import Path

import anyio
import httpx
import pytest
from harness import Session, Wire, alive, messages_of, odd, proxied, until
from mcp_streamablehttp_proxy import MCPProxy
from mcp_streamablehttp_proxy.limits import Limits
from mcp_streamablehttp_proxy.starts import Backoff

pytestmark = pytest.mark.anyio
MIB = 1024 * 1024


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers have less than their two seconds to leave, where a test is not about them."""
    monkeypatch.setattr("mcp_streamablehttp_proxy.child.GRACE_SECONDS", 0.3)


@pytest.mark.parametrize(("how", "code"), [({"code": 9}, 9), ({"signal": signal.SIGKILL}, -9)])
async def test_every_pending_request_is_told_at_once_that_the_server_exited(how: dict[str, int], code: int):
    async with proxied() as wire:
        session = await wire.open()
        expected = {"code": -32603, "message": f"server exited (code {code})"}
        errors: list[dict[str, object]] = []

        async def wait(fail: object) -> None:
            errors.append(await fail("silent"))  # type: ignore[operator]

        started = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for fail in (session.fail, session.fail, wire.fail, wire.fail):
                tasks.start_soon(wait, fail)
            await anyio.sleep(0.5)
            errors.append(await session.fail("die", how))
            errors.append(await wire.fail("die", how))
        assert errors == [expected] * 6
        assert time.monotonic() - started < 10


async def test_a_legacy_session_whose_server_exited_is_not_found():
    async with proxied() as wire:
        session = await wire.open()
        async with wire.streaming(session.listening()) as messages:
            await session.fail("die")
            assert [message async for message in messages] == []
        assert await session.status() == 404
        assert await (await wire.open()).status() == 200


async def test_a_modern_server_is_started_again_by_the_next_request_after_a_pause():
    async with proxied() as wire:
        first = await wire.call("pid")
        await wire.fail("die")
        started = time.monotonic()
        second = await wire.call("pid")
        assert second != first
        assert time.monotonic() - started >= 0.4


async def test_pauses_grow_and_a_long_one_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mcp_streamablehttp_proxy.starts._FIRST_PAUSE", 0.1)
    monkeypatch.setattr("mcp_streamablehttp_proxy.child_pool._LONGEST_WAIT", 0.7)
    async with proxied("--exit-at-start", "5", startup_timeout=5) as wire:
        messages = [(await wire.fail("pid"))["message"] for _ in range(5)]
        health = await wire.health()
    assert messages[0] == "server exited (code 5)"
    assert "keeps failing" in messages[-1]
    assert health.status_code == 503
    assert health.json()["status"] == "unhealthy"
    assert health.json()["reason"] == "the last 3 starts of the server failed"


async def test_a_session_whose_handshake_the_server_refuses_is_over_and_no_failed_start():
    async with proxied("--refuse-handshake") as wire:
        for _ in range(4):
            opened = await wire.client.send(wire.initialize_request())
            assert messages_of(opened)[0]["error"] == {"code": -32600, "message": "not today"}
        await until(lambda: _no_sessions(wire))
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await wire.post(ping, {"mcp-session-id": opened.headers["mcp-session-id"]})).status_code == 404
        assert (await wire.health()).status_code == 200


async def _no_sessions(wire: Wire) -> bool:
    return (await wire.health()).json()["sessions"] == 0


async def test_health_recovers_with_the_first_start_that_succeeds(tmp_path):
    program = tmp_path / "server.py"
    program.write_text("raise SystemExit(1)")
    async with proxied(command=[sys.executable, str(program)]) as wire:
        for _ in range(3):
            assert "error" in messages_of(await wire.client.send(wire.initialize_request()))[0]
        assert (await wire.health()).status_code == 503
        program.write_text(f"import runpy, sys; sys.argv = ['x']; runpy.run_path({odd()[3]!r}, run_name='__main__')")
        await wire.open()
        assert (await wire.health()).status_code == 200


async def test_a_command_that_does_not_exist_is_a_clear_error_in_both_eras():
    async with proxied(command=["/does/not/exist"]) as wire:
        modern = await wire.fail("pid")
        legacy = messages_of(await wire.client.send(wire.initialize_request()))[0]["error"]
    assert modern == legacy == {"code": -32603, "message": "server cannot be started: No such file or directory"}


async def test_garbage_lines_are_logged_and_skipped(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "mcp_streamablehttp_proxy")
    async with proxied() as wire:
        assert await wire.call("garbage") == "still here"
        assert await (await wire.open()).call("garbage") == "still here"
    assert 'bytes=11 text="plain words"' in caplog.text
    # What looks like a message may hold somebody's data.
    assert "but no rpc" not in caplog.text
    assert caplog.text.count("child_stdout_skipped") == 8


async def test_a_20_mib_line_fails_its_request_and_ends_the_server():
    async with proxied() as wire:
        session = await wire.open()
        expected = {"code": -32603, "message": f"server sent a message over {16 * MIB} bytes"}
        pid = await session.call("pid")
        assert await session.fail("huge", {"size": 20 * MIB}) == expected
        await until(lambda: not alive(pid))
        assert await wire.fail("huge", {"size": 20 * MIB}) == expected
        assert await wire.call("echo", {"a": 1}) == {"a": 1}


async def test_a_line_below_the_limit_passes():
    async with proxied() as wire:
        size = 7 * MIB  # it travels twice: as text and as structured content
        assert len(await (await wire.open()).call("huge", {"size": size})) == size
        assert len(await wire.call("huge", {"size": size})) == size


def test_pauses_double_from_half_a_second_to_thirty():
    backoff, pauses = Backoff(), []
    for _ in range(8):
        backoff.failed(0.0)
        pauses.append(backoff.until)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]
    backoff.worked()
    backoff.failed(100.0)
    assert backoff.until == 100.5


async def test_a_mebibyte_of_stderr_blocks_nobody(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "mcp_streamablehttp_proxy")
    async with proxied("--stderr", str(MIB)) as wire:
        assert await wire.call("echo", {"a": 1}) == {"a": 1}
        assert await (await wire.open()).call("echo", {"a": 1}) == {"a": 1}
    lines = [record.getMessage() for record in caplog.records if "child_stderr" in record.getMessage()]
    assert len(lines) == 2
    assert all(2000 < len(line) < 2200 for line in lines)


async def test_a_server_that_ignores_sigterm_is_killed():
    async with proxied("--ignore-sigterm", "--linger") as wire:
        pid = await (await wire.open()).call("pid")
        started = time.monotonic()
    assert not alive(pid)
    assert 3.5 < time.monotonic() - started < 15


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.usefixtures("impatient")
async def test_what_a_server_leaves_behind_is_ended_with_it():
    async with proxied("--leave-offspring") as wire:
        session = await wire.open()
        pid = await session.call("pid")
        offspring = _children(pid)
        assert len(offspring) == 1
        # The offspring holds the server's stdout: no end of file tells of the server's end.
        assert (await session.fail("die"))["message"] == "server exited (code 9)"
        await until(lambda: not alive(offspring[0]))


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_closes_its_output_is_ended():
    async with proxied() as wire:
        session = await wire.open()
        pid = await session.call("pid")
        assert await session.fail("close_stdout") == {"code": -32603, "message": "server closed its output"}
        assert not alive(pid)


def _stopped_reading(pid: int) -> bool:
    return not Path(f"/proc/{pid}/fd/0").exists()


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_closes_its_input_is_ended():
    async with proxied() as wire:
        session = await wire.open()
        pid = await session.call("pid")
        await session.call("close_stdin")
        await session.tell("notifications/vendor/one-more")
        await until(lambda: _stopped_reading(pid))
        assert await session.fail("pid") == {"code": -32603, "message": "server closed its input"}


async def test_the_101st_session_is_refused_with_503_and_the_rest_go_on():
    async with proxied(max_sessions=3) as wire:
        sessions = [await wire.open() for _ in range(3)]
        refused = await wire.client.send(wire.initialize_request())
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert refused.json()["error"]["message"] == "Too many open sessions"
        assert [await session.status() for session in sessions] == [200, 200, 200]
        await sessions[0].end()
        assert await (await wire.open()).status() == 200


def test_a_hundred_sessions_are_the_default():
    assert Limits().max_sessions == 100
    assert Limits().max_message == 16 * MIB


async def test_a_slow_start_is_waited_for_in_both_eras():
    async with proxied("--slow-start", "0.7") as wire:
        assert await (await wire.open()).status() == 200
        assert await wire.call("echo", {"a": 1}) == {"a": 1}


@pytest.mark.usefixtures("impatient")
async def test_a_start_that_takes_too_long_is_given_up():
    async with proxied("--slow-start", "60", startup_timeout=0.5) as wire:
        legacy = messages_of(await wire.client.send(wire.initialize_request()))[0]["error"]
        modern = await wire.fail("pid")
    assert legacy == modern == {"code": -32603, "message": "server did not start within 0.5 s"}


async def test_a_client_that_leaves_during_a_slow_start_does_not_stop_it():
    async with proxied("--slow-start", "1") as wire:
        with anyio.move_on_after(0.3):
            await wire.call("pid")
        await wire.call("pid")
        seen = await wire.call("received")
    assert [message["method"] for message in seen].count("server/discover") == 1


async def test_a_request_without_an_answer_ends_and_the_server_is_told():
    async with proxied(request_timeout=0.5) as wire:
        session = await wire.open()
        expected = {"code": -32603, "message": "server did not answer within 0.5 s"}
        assert await session.fail("silent", number="s") == expected
        assert await wire.fail("silent") == expected
        for seen in (await session.call("received"), await wire.call("received")):
            cancelled = [message for message in seen if message.get("method") == "notifications/cancelled"]
            assert len(cancelled) == 1
        assert await session.status() == 200


async def test_progress_gives_a_request_its_time_again_up_to_four_times():
    async with proxied(request_timeout=0.5) as wire:
        session = await wire.open()
        meta = {"progressToken": "p"}

        async def judge(client: Wire | Session) -> None:
            assert "token" in await client.call("progress", {"steps": 6, "pause": 0.2}, meta=meta)
            started = time.monotonic()
            error = await client.fail("progress", {"steps": 60, "pause": 0.2}, meta=meta)
            assert error == {"code": -32603, "message": "server did not answer within 0.5 s"}
            assert 1.7 < time.monotonic() - started < 8

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(judge, session)
            tasks.start_soon(judge, wire)


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_does_not_read_is_given_up_by_the_clock():
    async with proxied(request_timeout=1) as wire:
        session = await wire.open()
        assert (await session.fail("stubborn"))["message"] == "server did not answer within 1 s"
        # The pipe takes 64 KiB; what is more waits, and must not hold up the clock.
        big = {"text": "b" * MIB}
        assert (await session.fail("echo", big))["message"] == "server did not answer within 1 s"
        assert (await session.fail("echo", big))["message"] == "server did not answer within 1 s"


async def test_idle_modern_servers_end_and_start_again_without_a_pause():
    async with proxied(session_timeout=0.5) as wire:
        first = await wire.call("pid")
        await until(lambda: not alive(first))
        assert (await wire.health()).json()["subprocess"] == "idle"
        started = time.monotonic()
        assert await wire.call("pid") != first
        assert time.monotonic() - started < 5


async def test_a_listener_keeps_a_modern_server_and_its_end_ends_the_stream():
    async with proxied(session_timeout=0.5) as wire:
        pid = await wire.call("pid")
        request = wire.modern_request("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        async with wire.streaming(request) as messages:
            await anext(messages)
            await anyio.sleep(1.2)
            assert await wire.call("pid") == pid
            await wire.fail("die")
            last = [message async for message in messages][-1]
        assert last["result"]["resultType"] == "complete"


async def test_stop_ends_listen_streams_and_lets_calls_finish():
    for era in ("legacy", "modern"):
        proxy = MCPProxy(odd("--era", era), port=0)
        await proxy.start()
        async with Wire(proxy.url) as wire:
            session = await wire.open()
            listen = wire.modern_request("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
            async with wire.streaming(listen) as modern, wire.streaming(session.listening()) as legacy:
                await anext(modern)
                ends: list[object] = []

                async def call(ends=ends, session=session) -> None:
                    ends.append(await session.call("echo", {"seconds": 0.7}))

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(call)
                    await anyio.sleep(0.3)
                    started = time.monotonic()
                    tasks.start_soon(proxy.stop)
                    ends.append([message async for message in legacy])
                    last = [message async for message in modern][-1]
                    listened = time.monotonic() - started
                assert listened < 5
                assert last["result"]["resultType"] == "complete"
                assert ends == [[], {"seconds": 0.7}]
        with pytest.raises(httpx.ConnectError):
            await Wire(proxy.url).health()


async def test_errors_of_ours_say_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object, **__: object) -> None:
        raise KeyError("not-a-real-secret")

    monkeypatch.setattr("mcp_streamablehttp_proxy.child_pool.run_modern_child", broken)
    async with proxied() as wire:
        error = await wire.fail("pid")
    assert error == {"code": -32603, "message": "server cannot be used"}
