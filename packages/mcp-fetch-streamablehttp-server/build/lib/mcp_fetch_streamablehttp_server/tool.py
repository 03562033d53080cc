"""The ``fetch`` tool as listed: schemas, defaults, annotations; and the arguments of a call as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from .failure import FetchError

TOOL_NAME = "fetch"
DEFAULT_LENGTH = 100_000
LARGEST_LENGTH = 1_000_000
_LONGEST_COMPLAINT = 200
_DESCRIPTION = (
    "Fetches a web page or API answer over HTTP. HTML becomes markdown unless `format` says otherwise, JSON is "
    "indented, images come as images. Long texts are cut: go on with `start_index` set to the `next_index` of the "
    "result. Private addresses are refused and robots.txt is respected."
)


def _or_null(kind: str, description: str) -> dict[str, Any]:
    """A value that may be missing, without an array of types, which not every client understands."""
    return {"anyOf": [{"type": kind}, {"type": "null"}], "description": description}


OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status_code": {"type": "integer", "description": "HTTP status of the last response."},
        "final_url": {"type": "string", "description": "Address of the content after redirects."},
        "content_type": _or_null("string", "Media type without parameters."),
        "encoding": _or_null("string", "Character encoding the text was in."),
        "title": _or_null("string", "Title of an HTML page."),
        "truncated": {"type": "boolean", "description": "Whether there is more text after this part."},
        "next_index": _or_null("integer", "`start_index` of the next part, if there is one."),
    },
    "required": ["status_code", "final_url", "content_type", "encoding", "title", "truncated", "next_index"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class FetchArguments:
    """A call's arguments, checked and complete."""

    url: str
    user_agent: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    max_length: int = DEFAULT_LENGTH
    start_index: int = 0
    format: str = "markdown"
    extract: bool = False
    follow_redirects: bool = True
    max_redirects: int = 5


class FetchTool:
    """The tool with the defaults and limits of one server."""

    def __init__(self, user_agent: str, max_redirects: int) -> None:
        self._user_agent = user_agent
        self._max_redirects = max_redirects
        self.input_schema = _input_schema(user_agent, max_redirects)
        self._validator = Draft202012Validator(self.input_schema)

    def definition(self) -> types.Tool:
        """The entry of ``tools/list``."""
        return types.Tool(
            name=TOOL_NAME,
            title="Fetch",
            description=_DESCRIPTION,
            input_schema=self.input_schema,
            output_schema=OUTPUT_SCHEMA,
            annotations=types.ToolAnnotations(read_only_hint=False, open_world_hint=True),
        )

    def read(self, arguments: Mapping[str, Any]) -> FetchArguments:
        """The arguments of a call.

        Raises:
            FetchError: they do not fit the schema, or each other.
        """
        problem = best_match(self._validator.iter_errors(dict(arguments)))
        if problem is not None:
            where = ".".join(str(step) for step in problem.absolute_path)
            complaint = problem.message[:_LONGEST_COMPLAINT]
            raise FetchError(f"Invalid arguments for fetch: {f'{where}: ' if where else ''}{complaint}")
        given = dict(arguments)
        for name in ("max_length", "start_index", "max_redirects"):
            if name in given:
                # JSON Schema takes 5.0 for an integer; Python does not.
                given[name] = int(given[name])
        defaults = {"user_agent": self._user_agent, "max_redirects": self._max_redirects}
        read = FetchArguments(**{**defaults, **given})
        if read.body is not None and read.method != "POST":
            raise FetchError("Invalid arguments for fetch: body: needs method POST")
        if read.extract and read.format == "raw":
            raise FetchError("Invalid arguments for fetch: extract: needs format markdown or text")
        return read


def _input_schema(user_agent: str, max_redirects: int) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "url": {"type": "string", "minLength": 1, "description": "Absolute http or https URL."},
            "method": {"type": "string", "enum": ["GET", "POST"], "default": "GET"},
            "headers": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Headers to send; they are dropped when a redirect leads to another origin.",
            },
            "body": {"type": "string", "description": "Body of a POST request."},
            "max_length": {
                "type": "integer",
                "minimum": 1,
                "maximum": LARGEST_LENGTH,
                "default": DEFAULT_LENGTH,
                "description": "Most characters to return.",
            },
            "user_agent": {
                "type": "string",
                "minLength": 1,
                "default": user_agent,
                "description": "User-Agent to send, and the name robots.txt is asked about.",
            },
            "start_index": {
                "type": "integer",
                "minimum": 0,
                "default": 0,
                "description": "First character to return; `next_index` of the part before.",
            },
            "format": {
                "type": "string",
                "enum": ["markdown", "text", "raw"],
                "default": "markdown",
                "description": "What HTML becomes: markdown, its words, or nothing else (raw).",
            },
            "extract": {
                "type": "boolean",
                "default": False,
                "description": "Return only the main content of an HTML page.",
            },
            "follow_redirects": {"type": "boolean", "default": True},
            "max_redirects": {
                "type": "integer",
                "minimum": 0,
                "maximum": max_redirects,
                "default": max_redirects,
                "description": "Most redirects to follow.",
            },
        },
        "required": ["url"],
        "additionalProperties": False,
    }
