"""What differs between the two echo servers, for the tests they share."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from mcp_echo_streamablehttp_server_stateless.server import MCPEchoServer
from mcp_echo_streamablehttp_server_stateless.service.settings import read_service_settings
from mcp_echo_streamablehttp_server_stateless.tools.settings import VARIABLES

NAME = "mcp-echo-streamablehttp-server-stateless"
PACKAGE = "mcp_echo_streamablehttp_server_stateless"
TOOLS = (
    "echo",
    "printHeader",
    "bearerDecode",
    "authContext",
    "requestTiming",
    "corsAnalysis",
    "environmentDump",
    "healthProbe",
    "whoIStheGOAT",
)
SAMPLE = {"name": "echo", "arguments": {"message": "hello"}}
"""A call that works, for the tests of the service."""
ARGUMENTS = {
    "echo": {"message", "uppercase", "reverse"},
    "printHeader": {"category"},
    "bearerDecode": {"token", "includeRaw"},
    "environmentDump": {"showSecrets"},
    "whoIStheGOAT": {"subject"},
}


def build(*, env: dict[str, str] | None = None, extra_tools: Sequence[Any] = ()) -> MCPEchoServer:
    """A server with the settings the environment ``env`` gives, and tools of the test's own."""
    settings = read_service_settings(argparse.Namespace(), env or {}, VARIABLES)
    return MCPEchoServer(settings=settings, extra_tools=extra_tools)


def service(module: str) -> ModuleType:
    """A module of the package's ``service`` part."""
    return importlib.import_module(f"{PACKAGE}.service.{module}")


def tools(module: str) -> ModuleType:
    """A module of the package's ``tools`` part."""
    return importlib.import_module(f"{PACKAGE}.tools.{module}")
