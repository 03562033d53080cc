"""A stdio server with every tool, resource and prompt the official conformance suite looks for.

usage: python tests/mcp/stdio_fixture.py

The names and texts are the suite's; it stands behind the proxy in
``proxy_conformance.py``, so that what passes has passed the proxy, too.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context, MCPServer, RequestStateSecurity
from mcp.server.mcpserver.prompts.base import Prompt, UserMessage
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    Completion,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)
from pydantic import BaseModel, Field

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="

server = MCPServer(
    name="stdio-conformance-fixture",
    version="1.0.0",
    request_state_security=RequestStateSecurity(keys=[b"only for tests, not a secret at all: 0123456789"]),
)


def text(words: str) -> TextContent:
    return TextContent(type="text", text=words)


def image() -> ImageContent:
    return ImageContent(type="image", data=PIXEL, mime_type="image/png")


def embedded(uri: str, words: str, kind: str = "text/plain") -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=kind, text=words))


# Content of every kind.


@server.tool()
def test_simple_text() -> str:
    """Answers with text."""
    return "This is a simple text response for testing."


@server.tool()
def test_image_content() -> list[ImageContent]:
    """Answers with a picture."""
    return [image()]


@server.tool()
def test_audio_content() -> list[AudioContent]:
    """Answers with a sound."""
    return [AudioContent(type="audio", data=SILENCE, mime_type="audio/wav")]


@server.tool()
def test_embedded_resource() -> list[EmbeddedResource]:
    """Answers with a resource."""
    return [embedded("test://embedded-resource", "This is an embedded resource content.")]


@server.tool()
def test_multiple_content_types() -> list[TextContent | ImageContent | EmbeddedResource]:
    """Answers with a text, a picture and a resource."""
    document = embedded("test://mixed-content-resource", json.dumps({"test": "data", "value": 123}), "application/json")
    return [text("Multiple content types test:"), image(), document]


@server.tool()
def test_error_handling() -> str:
    """Fails."""
    raise RuntimeError("This tool intentionally returns an error for testing")


@server.tool()
def test_x_mcp_header(
    region: Annotated[str, Field(description="Also sent as a header", json_schema_extra={"x-mcp-header": "Region"})],
) -> str:
    """Has an argument that travels in a header, too."""
    return region


# What happens while a tool works.


@server.tool()
async def test_tool_with_logging(ctx: Context) -> str:
    """Logs three times."""
    for step in ("started", "processing data", "completed"):
        await ctx.info(f"Tool execution {step}")
        await anyio.sleep(0.05)
    return "Tool with logging executed successfully"


@server.tool()
async def test_tool_with_progress(ctx: Context) -> str:
    """Reports progress three times."""
    for done in (0, 50, 100):
        await ctx.report_progress(done, 100, f"Completed step {done} of 100")
        await anyio.sleep(0.05)
    return "done"


@server.tool()
async def test_sampling(prompt: str, ctx: Context) -> str:
    """Has the client's model answer."""
    message = SamplingMessage(role="user", content=text(prompt))
    result = await ctx.session.create_message([message], max_tokens=100, related_request_id=ctx.request_id)
    return f"LLM response: {getattr(result.content, 'text', 'no text')}"


class Reply(BaseModel):
    username: str = Field(description="User's response")
    email: str = Field(description="User's email address")


class Defaults(BaseModel):
    name: str = Field(default="John Doe")
    age: int = Field(default=30)
    score: float = Field(default=95.5)
    status: str = Field(default="active", json_schema_extra={"enum": ["active", "inactive", "pending"]})
    verified: bool = Field(default=True)


def _titled(key: str, **titles: str) -> dict[str, Any]:
    return {key: [{"const": const, "title": title} for const, title in titles.items()]}


class Choices(BaseModel):
    untitledSingle: str = Field(json_schema_extra={"enum": ["option1", "option2", "option3"]})  # noqa: N815 - the suite's
    titledSingle: str = Field(  # noqa: N815 - the suite's
        json_schema_extra=_titled("oneOf", value1="First Option", value2="Second Option", value3="Third Option")
    )
    legacyEnum: str = Field(  # noqa: N815 - the suite's
        json_schema_extra={
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        }
    )
    untitledMulti: list[str] = Field(  # noqa: N815 - the suite's
        json_schema_extra={"items": {"type": "string", "enum": ["option1", "option2", "option3"]}}
    )
    titledMulti: list[str] = Field(  # noqa: N815 - the suite's
        json_schema_extra={
            "items": _titled("anyOf", value1="First Choice", value2="Second Choice", value3="Third Choice")
        }
    )


async def _elicited(ctx: Context, message: str, schema: type[BaseModel], words: str) -> str:
    result = await ctx.elicit(message=message, schema=schema)
    content = result.data.model_dump_json() if result.action == "accept" else "{}"
    return f"{words}: action={result.action}, content={content}"


@server.tool()
async def test_elicitation(message: str, ctx: Context) -> str:
    """Asks the user."""
    return await _elicited(ctx, message, Reply, "User response")


@server.tool()
async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
    """Asks the user and suggests answers of every primitive type."""
    return await _elicited(ctx, "Please check the defaults", Defaults, "Elicitation completed")


@server.tool()
async def test_elicitation_sep1330_enums(ctx: Context) -> str:
    """Asks the user to choose."""
    return await _elicited(ctx, "Please choose", Choices, "Elicitation completed")


@server.tool()
async def test_missing_capability(ctx: Context) -> str:
    """Works only for clients with sampling."""
    declared = ctx.client_capabilities
    if declared is None or declared.sampling is None:
        raise MCPError(
            MISSING_REQUIRED_CLIENT_CAPABILITY,
            "This tool needs sampling",
            data={"requiredCapabilities": {"sampling": {}}},
        )
    return "sampling is there"


# Answers that need the client's input first.


def _form(message: str, **properties: str) -> ElicitRequest:
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(question: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=text(question))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=100))


def _entered(answer: Any, field: str) -> Any:
    """A field of the form the user filled in; nothing when it is no filled-in form."""
    return (answer.content or {}).get(field) if isinstance(answer, ElicitResult) else None


def _asking(
    name: str, requests: dict[str, Any], answered: Callable[[dict[str, Any]], str], state: str | None = None
) -> None:
    """Adds a tool that asks once and answers when everything it asked for has come back."""

    async def tool(ctx: Context) -> str | InputRequiredResult:
        given = ctx.input_responses or {}
        if requests.keys() <= given.keys() and ctx.request_state == state:
            return answered(dict(given))
        return InputRequiredResult(input_requests=requests, request_state=state)

    server.add_tool(tool, name=f"test_input_required_result_{name}", description=f"Asks the client: {name}.")


NAME_FORM = _form("What is your name?", name="string")
_asking("elicitation", {"user_name": NAME_FORM}, lambda given: f"Hello, {_entered(given['user_name'], 'name')}!")
_asking(
    "sampling",
    {"capital_question": _sample("What is the capital of France?")},
    lambda given: f"The model says: {getattr(given['capital_question'].content, 'text', 'no text')}",
)
_asking("list_roots", {"client_roots": ListRootsRequest()}, lambda given: f"{len(given['client_roots'].roots)} roots")
_asking(
    "request_state",
    {"confirm": _form("Please confirm", ok="boolean")},
    lambda given: "state-ok: confirmation received",
    state="what the first round knew",
)
_asking(
    "multiple_inputs",
    {"user_name": NAME_FORM, "greeting": _sample("Generate a greeting"), "client_roots": ListRootsRequest()},
    lambda given: "All inputs received.",
    state="three questions",
)
_asking(
    "tampered_state",
    {"confirm": _form("Please confirm", ok="boolean")},
    lambda given: "state-ok: untouched",
    state="sealed",
)


@server.tool()
async def test_input_required_result_multi_round(ctx: Context) -> str | InputRequiredResult:
    """Asks twice; the state carries the first answer to the end."""
    given = ctx.input_responses or {}
    state = json.loads(ctx.request_state) if ctx.request_state else {}
    if state.get("asked") == "name" and "step1" in given:
        following = json.dumps({"asked": "colour", "name": _entered(given["step1"], "name")})
        return InputRequiredResult(
            input_requests={"step2": _form("Step 2: What is your favorite color?", color="string")},
            request_state=following,
        )
    if state.get("asked") == "colour" and "step2" in given:
        return f"{state['name']} likes {_entered(given['step2'], 'color')}."
    return InputRequiredResult(
        input_requests={"step1": _form("Step 1: What is your name?", name="string")},
        request_state=json.dumps({"asked": "name"}),
    )


@server.tool()
async def test_input_required_result_capabilities(ctx: Context) -> InputRequiredResult:
    """Asks only for what the client can give."""
    declared = ctx.client_capabilities
    requests: dict[str, Any] = {}
    if declared is not None and declared.sampling is not None:
        requests["sample"] = _sample("Say hello")
    if declared is not None and declared.elicitation is not None:
        requests["ask"] = NAME_FORM
    return InputRequiredResult(input_requests=requests, request_state="gated")


# Lists that change.


@server.tool()
async def test_trigger_tool_change(ctx: Context) -> str:
    """Adds a tool, takes it away and says so."""
    server.add_tool(lambda: "here and gone", name="test_dynamic_tool", description="Here and gone.")
    server.remove_tool("test_dynamic_tool")
    await ctx.notify_tools_changed()
    return "changed"


@server.tool()
async def test_trigger_prompt_change(ctx: Context) -> str:
    """Adds a prompt, takes it away and says so."""
    server.add_prompt(Prompt.from_function(test_simple_prompt, name="test_dynamic_prompt", description="Gone."))
    server.remove_prompt("test_dynamic_prompt")
    await ctx.notify_prompts_changed()
    return "changed"


# Resources.


@server.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    """A text that never changes."""
    return "This is the content of the static text resource."


@server.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """A picture that never changes."""
    return b64decode(PIXEL)


@server.resource("test://template/{id}/data", mime_type="application/json")
def template(id: str) -> str:  # noqa: A002 - the suite's name
    """A resource for every id."""
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


@server.resource("test://watched-resource", mime_type="text/plain")
def watched() -> str:
    """A resource to subscribe to."""
    return "Watched resource content"


# Prompts.


@server.prompt()
def test_simple_prompt() -> list[UserMessage]:
    """A prompt without arguments."""
    return [UserMessage(content=text("This is a simple prompt for testing."))]


@server.prompt()
def test_prompt_with_arguments(arg1: str, arg2: str) -> list[UserMessage]:
    """A prompt with two arguments."""
    return [UserMessage(content=text(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"))]


@server.prompt()
def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803 - the suite's
    """A prompt that shows a resource."""
    return [
        UserMessage(content=embedded(resourceUri, "Embedded resource content for testing.")),
        UserMessage(content=text("Please process the embedded resource above.")),
    ]


@server.prompt()
def test_prompt_with_image() -> list[UserMessage]:
    """A prompt that shows a picture."""
    return [UserMessage(content=image()), UserMessage(content=text("Please analyze the image above."))]


@server.prompt()
async def test_input_required_result_prompt(ctx: Context) -> list[UserMessage] | InputRequiredResult:
    """A prompt that asks first."""
    answer = (ctx.input_responses or {}).get("user_context")
    if answer is None:
        form = _form("What context should the prompt use?", context="string")
        return InputRequiredResult(input_requests={"user_context": form})
    return [UserMessage(content=text(f"Use the following context: {_entered(answer, 'context')}"))]


# What has no decorator.


@server.completion()
async def complete(ref: Any, argument: Any, context: Any) -> Completion:
    """Offers what begins like the argument."""
    offered = [word for word in ("paris", "park", "party") if word.startswith(argument.value)]
    return Completion(values=offered, total=len(offered), has_more=False)


async def accept(ctx: Any, params: Any) -> EmptyResult:
    """Accepts a log level or a subscription."""
    return EmptyResult()


for method, params_type in (
    ("logging/setLevel", SetLevelRequestParams),
    ("resources/subscribe", SubscribeRequestParams),
    ("resources/unsubscribe", UnsubscribeRequestParams),
):
    server._lowlevel_server.add_request_handler(method, params_type, accept)


if __name__ == "__main__":
    server.run("stdio")
