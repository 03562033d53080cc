"""One running stdio server: its pipes, its end, its exit code. Knows JSON-RPC lines, not what they mean.

The SDK's ``stdio_client`` does the same for a client that owns one server. It
reads lines of any length, hands stderr to a file and keeps the exit code to
itself; a proxy has to bound the first, log the second and report the third.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import AsyncResource, ByteReceiveStream, ByteSendStream, Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from .child_command import ChildCommand
from .lines import LineSplitter, LineTooLongError, TextLines
from .service.log_output import fields

GRACE_SECONDS = 2.0
"""How long a server may take to leave after its input is closed, and again after SIGTERM."""

_FLUSH_SECONDS = 0.5
_POLL_SECONDS = 0.01
_WATCH_SECONDS = 0.25
_LONGEST_LOG_LINE = 2000
_PIPE_ENDED = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)
_OWN_GROUP = os.name == "posix"


class ChildStartError(Exception):
    """The server could not be started, or did not become usable. The text is fit for a client."""


class Child:
    """A server that runs. ``incoming`` gives its messages and ends with it, ``outgoing`` takes messages for it.

    Once ``incoming`` has ended, :attr:`exit_code` is known.
    """

    def __init__(self, process: Process, max_message: int, logger: logging.Logger) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("a child needs all three pipes")
        self._stdin: ByteSendStream = process.stdin
        self._stdout: ByteReceiveStream = process.stdout
        self._stderr: ByteReceiveStream = process.stderr
        self._process = process
        self._max_message = max_message
        self._logger = logger
        self._failure: str | None = None
        self._stopping = False
        self._written = anyio.Event()
        self._logged = anyio.Event()
        self._waiting_for_output = False
        self._reading = anyio.CancelScope()
        self._to_us: MemoryObjectSendStream[SessionMessage | Exception]
        self._to_us, self.incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self._from_us: MemoryObjectReceiveStream[SessionMessage]
        self.outgoing, self._from_us = anyio.create_memory_object_stream[SessionMessage](0)

    @property
    def pid(self) -> int:
        """Process id, which is also the id of the process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit status, negative for a signal, or ``None`` while it runs."""
        return self._process.returncode

    @property
    def epitaph(self) -> str:
        """Why there will be no more answers, in words for a client."""
        return self._failure or f"server exited (code {self.exit_code})"

    async def read_messages(self) -> None:
        """Passes the server's lines on until its output ends, then learns its exit code."""
        async with self._to_us:
            with self._reading:
                try:
                    await self._pass_lines()
                except LineTooLongError:
                    self._give_up(f"server sent a message over {self._max_message} bytes")
                except _PIPE_ENDED:
                    self._logger.debug("output of child %d ended", self.pid)
            with anyio.CancelScope(shield=True):
                if not self._stopping and not await self._exited(GRACE_SECONDS):
                    self._give_up("server closed its output")
                    await self._exited(GRACE_SECONDS)

    async def _pass_lines(self) -> None:
        splitter = LineSplitter(self._max_message)
        wanted = True
        while True:
            self._waiting_for_output = True
            chunk = await self._stdout.receive()
            self._waiting_for_output = False
            for line in splitter.feed(chunk) if wanted else ():
                message = self._parse(line)
                try:
                    if message is not None:
                        await self._to_us.send(message)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    # Nobody listens any more. Going on reading lets the server leave by itself.
                    wanted = False
                    break

    def _parse(self, line: bytes) -> SessionMessage | None:
        if not line.strip():
            return None
        try:
            return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValueError:
            # What looks like JSON may quote a client's data and is not shown.
            shown = "" if line.lstrip()[:1] in (b"{", b"[") else line[:200].decode("utf-8", "replace")
            pairs = {"pid": str(self.pid), "bytes": str(len(line)), "text": shown}
            self._logger.warning(fields("child_stdout_skipped", pairs))
            return None

    async def write_messages(self) -> None:
        """Writes messages for the server, one a line, until there are no more."""
        try:
            async with self._from_us:
                async for item in self._from_us:
                    text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                    await self._stdin.send(text.encode() + b"\n")
        except _PIPE_ENDED:
            if not self._stopping and not await self._exited(GRACE_SECONDS):
                self._give_up("server closed its input")
        finally:
            self._written.set()

    async def log_stderr(self) -> None:
        """Writes the server's stderr to our log, so that a full pipe never holds the server up."""
        lines = TextLines(_LONGEST_LOG_LINE)
        try:
            async for chunk in self._stderr:
                for text in lines.feed(chunk):
                    self._log_line(text)
        except _PIPE_ENDED:
            self._logger.debug("stderr of child %d was cut", self.pid)
        finally:
            self._log_line(lines.flush())
            self._logged.set()

    def _log_line(self, text: str) -> None:
        if text.strip():
            self._logger.info(fields("child_stderr", {"pid": str(self.pid), "text": text}))

    async def watch(self) -> None:
        """Ends the reading of a server that is gone while a process of its own still holds the pipe."""
        while self.exit_code is None:  # noqa: ASYNC110 - see `_exited`
            await anyio.sleep(_WATCH_SECONDS)
        while not self._waiting_for_output:  # noqa: ASYNC110 - runs only after the end, while somebody reads slowly
            await anyio.sleep(_WATCH_SECONDS)
        await anyio.sleep(_WATCH_SECONDS)
        self._reading.cancel()

    def _give_up(self, reason: str) -> None:
        """Ends a server that cannot be talked to any more, and says why."""
        self._failure = reason
        pairs = {"pid": str(self.pid), "reason": reason}
        self._logger.error(fields("child_killed", pairs))
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """Closes the input, then SIGTERM, then SIGKILL to the whole group; two seconds each.

        https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#shutdown
        """
        self._stopping = True
        self.incoming.close()
        self.outgoing.close()
        with anyio.move_on_after(_FLUSH_SECONDS):
            await self._written.wait()
        await _close(self._stdin)
        if not await self._exited(GRACE_SECONDS):
            self._signal(signal.SIGTERM)
            if not await self._exited(GRACE_SECONDS):
                self._signal(signal.SIGKILL)
                await self._exited(GRACE_SECONDS)
        await self._end_group()
        with anyio.move_on_after(_FLUSH_SECONDS):
            await self._logged.wait()
        await _close(self._stdout)
        await _close(self._stderr)
        _close_transport(self._process)

    async def _end_group(self) -> None:
        """Ends what the server started and left behind in its process group."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._signal(number):
                return
            with anyio.move_on_after(GRACE_SECONDS):
                while self._signal(0):  # noqa: ASYNC110 - the system tells nobody of the end of a group
                    await anyio.sleep(_POLL_SECONDS)

    def _signal(self, number: int) -> bool:
        """Signals the whole group; returns whether anything was left to signal."""
        try:
            if _OWN_GROUP:
                os.killpg(self.pid, number)
            elif self.exit_code is not None:
                return False
            elif number:
                self._process.send_signal(signal.Signals(number))
        except (ProcessLookupError, PermissionError):
            # PermissionError: macOS says so of a group that holds nothing but a zombie.
            return False
        return True

    async def _exited(self, seconds: float) -> bool:
        """Whether the process ended within ``seconds``.

        Polls: ``Process.wait()`` also waits for the end of the pipes, which a process the server left behind may hold.
        """
        deadline = anyio.current_time() + seconds
        while self.exit_code is None:
            if anyio.current_time() >= deadline:
                return False
            await anyio.sleep(_POLL_SECONDS)
        return True


@asynccontextmanager
async def open_child(command: ChildCommand, max_message: int, logger: logging.Logger) -> AsyncIterator[Child]:
    """Starts a server and keeps it until the block ends, however it ends.

    Raises:
        ChildStartError: the operating system refuses to start it.
    """
    try:
        process = await anyio.open_process(
            command.argv, env=command.environment, cwd=command.cwd, start_new_session=_OWN_GROUP
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        logger.error(  # noqa: TRY400 - a missing program is no accident of ours: its frames say nothing
            fields("child_start_failed", {"command": command.name, "reason": reason})
        )
        raise ChildStartError(f"server cannot be started: {reason}") from error
    child = Child(process, max_message, logger)
    logger.info(fields("child_started", {"pid": str(child.pid), "command": command.name}))
    async with anyio.create_task_group() as tasks:
        for worker in (child.read_messages, child.write_messages, child.log_stderr, child.watch):
            tasks.start_soon(worker)
        try:
            yield child
        finally:
            with anyio.CancelScope(shield=True):
                await child.stop()
            tasks.cancel_scope.cancel()
            logger.info(fields("child_stopped", {"pid": str(child.pid), "code": str(child.exit_code)}))


async def _close(pipe: AsyncResource) -> None:
    with suppress(*_PIPE_ENDED):
        await pipe.aclose()


def _close_transport(process: Process) -> None:
    """Closes asyncio's end of a process that left one of its pipes to somebody else.

    Nothing public leads there, and an open transport warns when it is collected.
    """
    transport = getattr(getattr(process, "_process", None), "_transport", None)
    close = getattr(transport, "close", None)
    if callable(close):
        with suppress(PermissionError):
            close()
