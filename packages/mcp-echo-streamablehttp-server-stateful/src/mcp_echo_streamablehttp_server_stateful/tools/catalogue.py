"""The tools of a server: their schemas, the check of arguments, and the mapping of failures to the protocol."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from .call import Call

LIST_TTL_MS = 300_000
_LONGEST_COMPLAINT = 200


class ToolError(Exception):
    """A failure the model can mend; its message goes into a result with ``isError``."""


@dataclass(frozen=True)
class Reply:
    """What a tool answers: text, and optionally the same as data."""

    text: str
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class EchoTool:
    """One tool. ``properties`` are JSON Schema; nothing beyond them is accepted."""

    name: str
    title: str
    description: str
    run: Callable[[Call, dict[str, Any]], Awaitable[Reply]]
    properties: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    output: Mapping[str, Any] | None = None
    read_only: bool = True

    def input_schema(self) -> dict[str, Any]:
        """The schema of the arguments."""
        schema: dict[str, Any] = {"type": "object", "properties": dict(self.properties), "additionalProperties": False}
        if self.required:
            schema["required"] = list(self.required)
        return schema

    def definition(self) -> types.Tool:
        """The entry of ``tools/list``."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.input_schema(),
            output_schema=dict(self.output) if self.output is not None else None,
            annotations=types.ToolAnnotations(
                read_only_hint=self.read_only,
                destructive_hint=False,
                idempotent_hint=self.read_only,
                open_world_hint=False,
            ),
        )


class Catalogue:
    """Tools in a fixed order, and the two request handlers that serve them."""

    def __init__(self, tools: Iterable[EchoTool], logger: logging.Logger) -> None:
        self.tools = tuple(tools)
        self._logger = logger
        self._by_name = {tool.name: tool for tool in self.tools}
        self._schemas = {tool.name: tool.input_schema() for tool in self.tools}
        self._validators = {name: Draft202012Validator(schema) for name, schema in self._schemas.items()}
        self._list = types.ListToolsResult(tools=[tool.definition() for tool in self.tools])

    def server(self, name: str, version: str, bind: Callable[[ServerRequestContext[Any, Any]], Call]) -> Server[Any]:
        """Builds the SDK server; ``bind`` turns a request context into what the tools see."""
        hint = CacheHint(ttl_ms=LIST_TTL_MS, scope="public")

        async def list_tools(
            ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
        ) -> types.ListToolsResult:
            if params is not None and params.cursor is not None:
                raise MCPError(types.INVALID_PARAMS, "Unknown cursor: the tool list has one page")
            return self._list

        async def call_tool(
            ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
        ) -> types.CallToolResult:
            return await self._call(bind, ctx, params)

        return Server(
            name,
            version=version,
            cache_hints={"tools/list": hint, "server/discover": hint},
            get_tool_input_schema=self._schemas.get,
            on_list_tools=list_tools,
            on_call_tool=call_tool,
        )

    async def _call(
        self,
        bind: Callable[[ServerRequestContext[Any, Any]], Call],
        ctx: ServerRequestContext[Any, Any],
        params: types.CallToolRequestParams,
    ) -> types.CallToolResult:
        tool = self._by_name.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name[:128]}")
        arguments = dict(params.arguments or {})
        problem = best_match(self._validators[tool.name].iter_errors(arguments))
        if problem is not None:
            where = ".".join(str(step) for step in problem.absolute_path)
            complaint = problem.message[:_LONGEST_COMPLAINT]
            return _failure(f"Invalid arguments for {tool.name}: {f'{where}: ' if where else ''}{complaint}")
        try:
            reply = await tool.run(bind(ctx), arguments)
        except ToolError as failure:
            return _failure(str(failure))
        except MCPError:
            raise
        except Exception as error:
            self._logger.exception("event=tool_crash name=%s", tool.name)
            raise MCPError(types.INTERNAL_ERROR, "Internal error") from error
        return types.CallToolResult(
            content=[types.TextContent(text=reply.text)],
            structured_content=dict(reply.data) if reply.data is not None else None,
        )


def _failure(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)
