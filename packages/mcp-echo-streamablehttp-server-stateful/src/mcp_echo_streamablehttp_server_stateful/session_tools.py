"""The tools that remember: echo, replayLastEcho and sessionInfo. They show a caller's own session only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .session import HANDLE_PREFIX, KEPT_CHARACTERS, SessionManager, SessionState, UnknownHandleError
from .tools.bearer import describe_duration
from .tools.call import Call
from .tools.catalogue import EchoTool, Reply, ToolError

_ECHO_OUTPUT = {
    "type": "object",
    "properties": {
        "message": {"type": "string", "description": "The text returned."},
        "handle": {"type": "string", "description": "Pass this to later calls to go on in the same state."},
        "count": {"type": "integer", "minimum": 1, "description": "Echoes so far in this session or handle."},
    },
    "required": ["message", "count"],
    "additionalProperties": False,
}


class SessionTools:
    """The session tools of one server, and the session figures its diagnostic tools show."""

    def __init__(self, sessions: SessionManager) -> None:
        self._sessions = sessions

    def age(self, call: Call) -> float | None:
        """Seconds since the call's legacy session began."""
        state = self._sessions.find(call.session_id) if call.session_id else None
        return self._sessions.age(state) if state else None

    def counts(self) -> Mapping[str, int]:
        """Live sessions and handles."""
        return self._sessions.counts()

    def echo_tool(self) -> EchoTool:
        """The echo tool as listed."""
        return EchoTool(
            name="echo",
            title="Echo",
            description=(
                "Returns the message and remembers it. Without a session (2026-07-28 and later) the result carries "
                f"a handle to pass to later calls; it lives {self._life()} since its last use."
            ),
            run=self.echo,
            properties={
                "message": {"type": "string", "description": "Text to return."},
                "uppercase": {"type": "boolean", "default": False, "description": "Return it in capitals."},
                "handle": self._handle_property(),
            },
            required=("message",),
            output=_ECHO_OUTPUT,
            read_only=False,
        )

    def replay_tool(self) -> EchoTool:
        """The replay tool as listed."""
        return EchoTool(
            name="replayLastEcho",
            title="Replay last echo",
            description=(
                "Returns the last message echoed in this session or handle. "
                f"A handle lives {self._life()} since its last use."
            ),
            run=self.replay,
            properties={"handle": self._handle_property()},
        )

    def info_tool(self) -> EchoTool:
        """The session tool as listed."""
        return EchoTool(
            name="sessionInfo",
            title="Session information",
            description=(
                "Shows this session or handle: client, age, activity, counts. "
                f"A handle lives {self._life()} since its last use."
            ),
            run=self.info,
            properties={"handle": self._handle_property()},
        )

    async def echo(self, call: Call, arguments: dict[str, Any]) -> Reply:
        """Gives the message back and remembers it, in a new handle where there is neither session nor handle."""
        state = self._state(call, arguments) or self._sessions.mint(
            call.record.user_id, call.client_name, call.client_version
        )
        message: str = arguments["message"]
        if arguments.get("uppercase", False):
            message = message.upper()
        state.remember(message)
        data: dict[str, Any] = {"message": message, "count": state.echoes}
        if state.key.startswith(HANDLE_PREFIX):
            data["handle"] = state.key
        text = message if call.modern else f"[Session {state.label}... from {state.client_name}] {message}"
        return Reply(text, data)

    async def replay(self, call: Call, arguments: dict[str, Any]) -> Reply:
        """Gives the last message back once more."""
        state = self._required_state(call, arguments)
        if not state.echoes:
            return Reply("No previous echo message in this session: call echo first.")
        message = state.last_echo
        if message is None:
            raise ToolError(
                f"The last message had {state.last_length} characters; only up to {KEPT_CHARACTERS} are kept."
            )
        return Reply(f"[REPLAY - Session {state.label}... from {state.client_name}] {message}")

    async def info(self, call: Call, arguments: dict[str, Any]) -> Reply:
        """Shows the caller's own state; of all others only their number."""
        state = self._required_state(call, arguments)
        kind = "handle" if state.key.startswith(HANDLE_PREFIX) else "session"
        totals = dict(self._sessions.counts())
        data = {
            "kind": kind,
            "id": f"{state.label}...",
            "client": {"name": state.client_name, "version": state.client_version},
            "protocolVersion": call.protocol_version,
            "user": state.owner,
            "createdAt": _utc(state.created_at),
            "lastActivityAt": _utc(state.last_used_at),
            "expiresInSeconds": round(self._sessions.remaining(state)),
            "echoes": state.echoes,
            "uses": state.uses,
            "queuedMessages": len(state.messages),
            "totals": totals,
        }
        lines = [
            "Session information",
            f"{kind}: {state.label}...",
            f"client: {state.client_name} {state.client_version}".rstrip(),
            f"protocol version: {call.protocol_version}",
            f"user: {state.owner if state.owner is not None else '(bound to nobody)'}",
            f"created: {data['createdAt']} ({describe_duration(self._sessions.age(state))} ago)",
            f"last activity: {data['lastActivityAt']}",
            f"expires: in {describe_duration(self._sessions.remaining(state))} unless it is used again",
            f"echoes: {state.echoes}, messages kept: {len(state.messages)}",
            f"totals: {totals['sessions']} sessions, {totals['handles']} handles",
        ]
        return Reply("\n".join(lines), data)

    def _state(self, call: Call, arguments: dict[str, Any]) -> SessionState | None:
        handle = arguments.get("handle")
        if handle is not None:
            try:
                return self._sessions.resolve(handle, call.record.user_id)
            except UnknownHandleError as error:
                raise ToolError(
                    "Unknown or expired handle. Call echo without a handle to get a new one; "
                    f"a handle lives {self._life()} since its last use and only for the caller it was made for."
                ) from error
        if call.session_id is None:
            return None
        return self._sessions.session(call.session_id, call.record.user_id, call.client_name, call.client_version)

    def _required_state(self, call: Call, arguments: dict[str, Any]) -> SessionState:
        state = self._state(call, arguments)
        if state is None:
            raise ToolError("No session: call echo first and pass the `handle` of its result.")
        return state

    def _handle_property(self) -> dict[str, Any]:
        return {
            "type": "string",
            "maxLength": 64,
            "description": "Handle from an earlier result of echo; not needed within a legacy session.",
        }

    def _life(self) -> str:
        return describe_duration(self._sessions.session_timeout)


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="seconds")
