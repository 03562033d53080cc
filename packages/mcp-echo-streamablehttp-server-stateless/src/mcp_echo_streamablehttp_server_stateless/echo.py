"""The echo tool: gives a message back, unchanged, in capitals or backwards. Remembers nothing."""

from __future__ import annotations

from typing import Any

from .tools.call import Call
from .tools.catalogue import EchoTool, Reply


def echo_tool() -> EchoTool:
    """The tool as listed."""
    return EchoTool(
        name="echo",
        title="Echo",
        description="Returns the message. `uppercase` turns it into capitals, `reverse` turns it round.",
        run=echo,
        properties={
            "message": {"type": "string", "description": "Text to return."},
            "uppercase": {"type": "boolean", "default": False, "description": "Return it in capitals."},
            "reverse": {"type": "boolean", "default": False, "description": "Return it backwards."},
        },
        required=("message",),
        output={
            "type": "object",
            "properties": {"message": {"type": "string", "description": "The text returned."}},
            "required": ["message"],
            "additionalProperties": False,
        },
        read_only=False,
    )


async def echo(call: Call, arguments: dict[str, Any]) -> Reply:
    """Gives the message back."""
    message: str = arguments["message"]
    if arguments.get("uppercase", False):
        message = message.upper()
    if arguments.get("reverse", False):
        message = message[::-1]
    return Reply(message, {"message": message})
