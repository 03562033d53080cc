"""Raw MCP requests through an edge: both eras, exact headers, nothing hidden by a client library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
ACCEPT = "application/json, text/event-stream"


def modern_call(
    tool: str, arguments: Mapping[str, Any], *, number: int = 1, **meta: Any
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a modern ``tools/call``."""
    headers = {
        "Accept": ACCEPT,
        "Content-Type": "application/json",
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
    }
    params = {"name": tool, "arguments": dict(arguments), "_meta": {**META, **meta}}
    return headers, json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()


def legacy(method: str, params: Mapping[str, Any] | None = None, *, number: int | None = 1) -> dict[str, Any]:
    """A message of the handshake era; a notification without a number."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if number is not None:
        message["id"] = number
    return {**message, "params": dict(params)} if params is not None else message


def answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON-RPC answer in a response, plain or as the last event of a stream."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        data = [line.removeprefix("data:").strip() for line in response.text.splitlines() if line.startswith("data:")]
        found = json.loads([line for line in data if line][-1])
    else:
        found = response.json()
    assert isinstance(found, dict)
    return found


def tool_text(response: httpx.Response) -> str:
    """The text of a tool's result."""
    assert response.status_code == 200, (response.status_code, response.text)
    text = answer(response)["result"]["content"][0]["text"]
    assert isinstance(text, str)
    return text
