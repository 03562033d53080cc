"""An MCP server with one tool for every thing the tests want to see, for either era or both."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import mcp_types as types
from mcp.server import Server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.exceptions import MCPError
from web import Recorder, Seen, json_answer, serving

LEGACY, MODERN = "2025-11-25", "2026-07-28"
_TEXT = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
_REGION = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}, "count": {"type": "integer"}},
}
_BAD = {"type": "object", "properties": {"secret": {"type": "number", "x-mcp-header": "Not a token"}}}
_ANY = {"type": "object"}


class Behaviour:
    """What the tests can turn, and what they can look at."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.started = threading.Event()
        self.subscribed: list[str] = []
        self.levels: list[str] = []
        self.extra_tools: list[types.Tool] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.bus = InMemorySubscriptionBus()


def build(behaviour: Behaviour) -> Server[Any]:  # noqa: C901 - a list of small handlers
    """The server itself."""

    async def list_tools(_: Any, params: Any) -> types.ListToolsResult:
        names = ("echo", "big", "wait", "progress", "ask", "fail", "log", "change", "poke", "sample")
        tools = [types.Tool(name=name, input_schema=_TEXT if name == "echo" else _ANY) for name in names]
        tools.append(types.Tool(name="region", input_schema=_REGION))
        tools.append(types.Tool(name="bad", input_schema=_BAD))
        return types.ListToolsResult(tools=[*tools, *behaviour.extra_tools])

    async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> Any:
        arguments = params.arguments or {}
        behaviour.calls.append((params.name, arguments))
        return await _TOOLS[params.name](behaviour, ctx, params, arguments)

    async def list_resources(_: Any, params: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[types.Resource(name="note", uri="test://note")])

    async def read_resource(_: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        if str(params.uri) != "test://note":
            raise MCPError(code=-32602, message="Resource not found")
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri="test://note", text="note", mime_type="text/plain")]
        )

    async def list_prompts(_: Any, params: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[types.Prompt(name="greet")])

    async def get_prompt(_: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        text = types.TextContent(text=f"hello {(params.arguments or {}).get('name', '')}")
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])

    async def subscribe(_: Any, params: Any) -> types.EmptyResult:
        behaviour.subscribed.append(str(params.uri))
        return types.EmptyResult()

    async def unsubscribe(_: Any, params: Any) -> types.EmptyResult:
        behaviour.subscribed.remove(str(params.uri))
        return types.EmptyResult()

    async def set_level(_: Any, params: Any) -> types.EmptyResult:
        behaviour.levels.append(params.level)
        return types.EmptyResult()

    return Server(
        "fixture",
        version="1.0",
        instructions="Be kind.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_subscribe_resource=subscribe,
        on_unsubscribe_resource=unsubscribe,
        on_set_logging_level=set_level,
        on_subscriptions_listen=ListenHandler(behaviour.bus),
    )


def text(value: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=value)])


async def _echo(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    return text(arguments["message"])


async def _big(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    return text("x" * int(arguments["size"]))


async def _wait(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    behaviour.started.set()
    try:
        await anyio.sleep(60)
    except BaseException:
        behaviour.cancelled.set()
        raise
    return text("too late")


async def _progress(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    await ctx.session.report_progress(1, 2, "half")
    return text("done")


async def _ask(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    schema: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}
    if ctx.protocol_version != MODERN:
        answer = await ctx.session.elicit_form("Your name?", schema)
        return text(json.dumps(answer.content))
    if params.input_responses is None:
        question = types.ElicitRequest(
            params=types.ElicitRequestFormParams(message="Your name?", requested_schema=schema)
        )
        return types.InputRequiredResult(input_requests={"name": question}, request_state="opaque")
    assert params.request_state == "opaque"
    return text(json.dumps(params.input_responses["name"].content))


async def _sample(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    try:
        await ctx.session.elicit_form("?", {"type": "object", "properties": {}})
    except MCPError as error:
        return text(f"refused {error.code}")
    return text("answered")


async def _fail(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    return types.CallToolResult(content=[types.TextContent(text="it broke")], is_error=True)


async def _log(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    await ctx.session.send_log_message("warning", "careful", related_request_id=ctx.request_id)
    return text("logged")


async def _change(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    if ctx.protocol_version == MODERN:
        await behaviour.bus.publish(ToolsListChanged())
    else:
        await ctx.session.send_tool_list_changed()
    return text("changed")


async def _poke(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    await ctx.session.send_resource_updated("test://note")
    return text("poked")


async def _region(behaviour: Behaviour, ctx: Any, params: Any, arguments: dict[str, Any]) -> Any:
    return text(ctx.request.headers.get("mcp-param-region", "absent"))


_TOOLS: dict[str, Any] = {
    "echo": _echo,
    "big": _big,
    "wait": _wait,
    "progress": _progress,
    "ask": _ask,
    "sample": _sample,
    "fail": _fail,
    "log": _log,
    "change": _change,
    "poke": _poke,
    "region": _region,
}


def refuse_modern(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
    """Makes a server of the handshake era: it knows no modern version header."""
    if seen.headers.get("mcp-protocol-version") == MODERN:
        error = {"code": -32600, "message": "Bad Request: Unsupported protocol version"}
        return json_answer(400, {"jsonrpc": "2.0", "id": None, "error": error})
    return None


def refuse_legacy(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
    """Makes a modern-only server: it knows no handshake and no stream of its own."""
    if seen.headers.get("mcp-protocol-version") == MODERN:
        return None
    if seen.method != "POST":
        return 405, {"allow": "POST"}, b""
    error = {"code": -32601, "message": "Method not found"}
    return json_answer(404, {"jsonrpc": "2.0", "id": seen.body.get("id"), "error": error})


ERAS = {"both": None, "legacy": refuse_modern, "modern": refuse_legacy}


class Running:
    """A server on its port."""

    def __init__(self, url: str, recorder: Recorder, behaviour: Behaviour) -> None:
        self.url = url
        self.recorder = recorder
        self.behaviour = behaviour


@contextmanager
def mcp_server(era: str = "both", *, json_response: bool = False, wrap: Any = None) -> Iterator[Running]:
    """Serves the fixture; ``wrap(app, origin)`` may put something in front of it."""
    behaviour = Behaviour()
    recorders: list[Recorder] = []

    def application(origin: str) -> Any:
        app: Any = build(behaviour).streamable_http_app(json_response=json_response)
        inner = Recorder(app, instead=ERAS[era])
        recorders.append(inner)
        return wrap(inner, origin) if wrap is not None else inner

    with serving(application) as origin:
        yield Running(f"{origin}/mcp", recorders[0], behaviour)
