"""A small stdio MCP server that can misbehave in every way a proxy has to survive. Standard library only.

usage: python stdio_server.py [--era legacy|modern] [--slow-start S] [--ignore-sigterm] [--stderr BYTES]
       [--die-at-discover] [--mute-discover] [--refuse-handshake] [--exit-at-start N] [--leave-offspring] [--tasks]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

MODERN, LEGACY = "2026-07-28", "2025-11-25"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
INFO = {"name": "odd-server", "version": "7", "x-unknown": "kept"}
CAPABILITIES = {
    "tools": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "prompts": {},
    "logging": {},
    "x-vendor": {"kept": True},
}
NAMES = (
    *("echo", "pid", "params", "received", "die", "garbage", "huge", "silent", "progress", "log", "ask", "change"),
    *("update", "vendor", "fail", "close_stdout", "close_stdin", "flood", "env", "late", "stubborn"),
)


class RpcError(Exception):
    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.body = {"code": code, "message": message, **({} if data is None else {"data": data})}


def unknown(number: Any, params: dict[str, Any]) -> Any:
    raise RpcError(-32601, "Method not found")


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lock = threading.Lock()
        self.received: list[dict[str, Any]] = []
        self.replies: dict[Any, dict[str, Any]] = {}
        self.replied = threading.Condition()
        self.ids = itertools.count(1)
        self.listens: dict[Any, dict[str, Any]] = {}
        self.cancelled: set[Any] = set()
        self.deaf = False

    def run(self) -> None:
        for line in sys.stdin.buffer:
            if self.deaf:
                os.close(0)
                time.sleep(1000)
            message = json.loads(line)
            self.received.append(message)
            if "method" not in message:
                with self.replied:
                    self.replies[message["id"]] = message
                    self.replied.notify_all()
            elif "id" in message:
                threading.Thread(target=self.answer, args=(message,), daemon=True).start()
            elif message["method"] == "notifications/cancelled":
                self.cancelled.add(message["params"]["requestId"])
                self.listens.pop(message["params"]["requestId"], None)

    def raw(self, data: bytes) -> None:
        with self.lock:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def write(self, **message: Any) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def notify(self, method: str, **params: Any) -> None:
        self.write(method=method, params=params)

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self.ids)
        self.write(id=number, method=method, params=params)
        with self.replied:
            assert self.replied.wait_for(lambda: number in self.replies, 20)
            return self.replies.pop(number)

    def answer(self, message: dict[str, Any]) -> None:
        params = message.get("params") or {}
        try:
            method = message["method"].replace("/", "_").replace("server_", "")
            handler = getattr(self, f"on_{method}", unknown)
            result = handler(message["id"], params)
        except RpcError as error:
            self.write(id=message["id"], error=error.body)
            return
        if result is not None:
            modern = {"resultType": "complete", "_meta": {SERVER_KEY: INFO}} if self.modern else {}
            self.write(id=message["id"], result={**modern, **result})

    @property
    def modern(self) -> bool:
        return self.options.era == "modern"

    @property
    def freshness(self) -> dict[str, Any]:
        return {"ttlMs": 5, "cacheScope": "public"} if self.modern else {}

    # Opening

    def on_discover(self, number: Any, params: dict[str, Any]) -> dict[str, Any] | None:
        if self.options.die_at_discover:
            os._exit(3)
        if self.options.mute_discover:
            return None
        if not self.modern:
            raise RpcError(-32601, "Method not found")
        return {
            "supportedVersions": [MODERN, LEGACY],
            "capabilities": CAPABILITIES,
            "instructions": "be odd",
            **self.freshness,
        }

    def on_initialize(self, number: Any, params: dict[str, Any]) -> dict[str, Any]:
        if self.options.refuse_handshake:
            raise RpcError(-32600, "not today")
        if self.options.strange_version:
            return {"protocolVersion": "1999-01-01", "capabilities": {}, "serverInfo": INFO}
        tasks = {"tasks": {"list": {}}} if self.options.tasks else {}
        version = params["protocolVersion"]
        return {
            "protocolVersion": min(version, LEGACY),
            "capabilities": {**CAPABILITIES, **tasks},
            "serverInfo": INFO,
            "instructions": "be odd",
        }

    def on_ping(self, number: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {}

    def on_logging_setLevel(self, number: Any, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {}

    # Lists and resources

    def on_tools_list(self, number: Any, params: dict[str, Any]) -> dict[str, Any]:
        if self.options.refuse_lists:
            raise RpcError(-32603, "no lists")
        half = len(NAMES) // 2
        region = {"region": {"type": "string", "x-mcp-header": "Region"}}
        tools = [
            {
                "name": name,
                "inputSchema": {"type": "object", "properties": region if name == "echo" else {}},
                "x-unknown": 1,
            }
            for name in NAMES
        ]
        if params.get("cursor") == "second":
            return {"tools": tools[half:], **self.freshness}
        return {"tools": tools[:half], "nextCursor": "second", **self.freshness}

    def on_resources_read(self, number: Any, params: dict[str, Any]) -> dict[str, Any]:
        raise RpcError(-32002, "Resource not found", {"uri": params.get("uri")})

    def on_resources_subscribe(self, number: Any, params: dict[str, Any]) -> dict[str, Any]:
        if params["uri"] == "test://refused":
            raise RpcError(-32602, "no such resource")
        return {}

    def on_resources_unsubscribe(self, number: Any, params: dict[str, Any]) -> dict[str, Any]:
        if params["uri"] == "test://sticky":
            raise RpcError(-32602, "cannot let go")
        return {}

    def on_subscriptions_listen(self, number: Any, params: dict[str, Any]) -> dict[str, Any] | None:
        self.listens[number] = params["notifications"]
        self.notify(
            "notifications/subscriptions/acknowledged",
            notifications=params["notifications"],
            _meta={SUBSCRIPTION_KEY: number},
        )
        return None

    # Tools

    def on_tools_call(self, number: Any, params: dict[str, Any]) -> dict[str, Any] | None:
        arguments = params.get("arguments") or {}
        token = (params.get("_meta") or {}).get("progressToken")
        if params.get("name") not in NAMES:
            raise RpcError(-32602, "Unknown tool")
        found = getattr(self, f"tool_{params['name']}")(arguments, number=number, token=token, params=params)
        if found is None:
            return None
        return {"content": [{"type": "text", "text": json.dumps(found)}], "structuredContent": {"found": found}}

    def tool_echo(self, arguments: dict[str, Any], **_: Any) -> Any:
        time.sleep(arguments.get("seconds", 0))
        return arguments

    def tool_pid(self, arguments: dict[str, Any], **_: Any) -> Any:
        return os.getpid()

    def tool_env(self, arguments: dict[str, Any], **_: Any) -> Any:
        return {"environment": dict(os.environ), "cwd": str(Path.cwd()), "argv": sys.argv[1:]}

    def tool_params(self, arguments: dict[str, Any], *, params: dict[str, Any], number: Any, **_: Any) -> Any:
        return {"params": params, "id": number}

    def tool_received(self, arguments: dict[str, Any], **_: Any) -> Any:
        return self.received

    def tool_die(self, arguments: dict[str, Any], **_: Any) -> Any:
        if "signal" in arguments:
            os.kill(os.getpid(), arguments["signal"])
        os._exit(arguments.get("code", 9))

    def tool_garbage(self, arguments: dict[str, Any], **_: Any) -> Any:
        self.raw(b'plain words\n\n{"json": "but no rpc"}\n[1, 2]\n\xff\xfe\n')
        return "still here"

    def tool_huge(self, arguments: dict[str, Any], **_: Any) -> Any:
        return "x" * arguments["size"]

    def tool_silent(self, arguments: dict[str, Any], **_: Any) -> Any:
        return None

    def tool_stubborn(self, arguments: dict[str, Any], **_: Any) -> Any:
        """Stops reading, so that the pipe fills up."""
        os.kill(os.getpid(), signal.SIGSTOP)

    def tool_late(self, arguments: dict[str, Any], *, number: Any, **_: Any) -> Any:
        """Answers once the request has been cancelled, which is once too late."""
        deadline = time.monotonic() + 20
        while number not in self.cancelled and time.monotonic() < deadline:
            time.sleep(0.01)
        return "late"

    def tool_progress(self, arguments: dict[str, Any], *, token: Any, **_: Any) -> Any:
        for step in range(arguments["steps"]):
            self.notify("notifications/progress", progressToken=token, progress=step, x=None)
            time.sleep(arguments.get("pause", 0))
        self.notify("notifications/progress", progressToken="nobody's", progress=0)
        return {"token": token}

    def tool_flood(self, arguments: dict[str, Any], *, token: Any, **_: Any) -> Any:
        for step in range(arguments["count"]):
            self.notify("notifications/progress", progressToken=token, progress=step, message="f" * 1000)
        return "flooded"

    def tool_log(self, arguments: dict[str, Any], **_: Any) -> Any:
        for level in ("debug", "info", "error"):
            self.notify("notifications/message", level=level, data=f"{level} {arguments.get('data', '')}")
        return "logged"

    def tool_ask(self, arguments: dict[str, Any], **_: Any) -> Any:
        reply = self.request(arguments.get("method", "elicitation/create"), **arguments.get("params", {}))
        return reply.get("result", reply.get("error"))

    def tool_change(self, arguments: dict[str, Any], **_: Any) -> Any:
        self.tell_listeners(f"notifications/{arguments.get('kind', 'tools')}/list_changed")
        return "changed"

    def tool_update(self, arguments: dict[str, Any], **_: Any) -> Any:
        self.tell_listeners("notifications/resources/updated", uri=arguments["uri"])
        return "updated"

    def tell_listeners(self, method: str, **params: Any) -> None:
        if not self.modern:
            self.notify(method, **params)
        for number in list(self.listens):
            self.notify(method, **params, _meta={SUBSCRIPTION_KEY: number})

    def tool_vendor(self, arguments: dict[str, Any], **_: Any) -> Any:
        self.notify("notifications/vendor/hello", odd=True)
        return "told"

    def tool_fail(self, arguments: dict[str, Any], **_: Any) -> Any:
        raise RpcError(arguments["code"], "as asked", {"kept": True})

    def tool_close_stdout(self, arguments: dict[str, Any], **_: Any) -> Any:
        os.close(1)

    def tool_close_stdin(self, arguments: dict[str, Any], **_: Any) -> Any:
        self.deaf = True
        return "deaf from the next message on"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--era", default="legacy")
    parser.add_argument("--slow-start", type=float, default=0)
    parser.add_argument("--stderr", type=int, default=0)
    parser.add_argument("--exit-at-start", type=int)
    for flag in (
        "ignore-sigterm",
        "die-at-discover",
        "mute-discover",
        "refuse-handshake",
        "refuse-lists",
        "strange-version",
        "leave-offspring",
        "tasks",
        "linger",
    ):
        parser.add_argument(f"--{flag}", action="store_true")
    options, _ = parser.parse_known_args()
    if options.ignore_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if options.leave_offspring:
        # A process that holds our stdout and never ends by itself.
        subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL)
    sys.stderr.write("e" * options.stderr + "\n")
    sys.stderr.flush()
    if options.exit_at_start is not None:
        sys.exit(options.exit_at_start)
    time.sleep(options.slow_start)
    Server(options).run()
    if options.linger:
        time.sleep(1000)


if __name__ == "__main__":
    main()
