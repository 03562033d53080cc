"""What differs between the two echo servers, for the tests they share."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from mcp_echo_streamablehttp_server_stateful.server import MCPEchoServerStateful
from mcp_echo_streamablehttp_server_stateful.settings import read_settings
from mcp_echo_streamablehttp_server_stateful.tools.settings import VARIABLES  # noqa: F401 - the shared tests import it

NAME = "mcp-echo-streamablehttp-server-stateful"
PACKAGE = "mcp_echo_streamablehttp_server_stateful"
TOOLS = (
    "echo",
    "replayLastEcho",
    "printHeader",
    "bearerDecode",
    "authContext",
    "requestTiming",
    "corsAnalysis",
    "environmentDump",
    "healthProbe",
    "sessionInfo",
    "whoIStheGOAT",
)
SAMPLE = {"name": "echo", "arguments": {"message": "hello"}}
"""A call that works, for the tests of the service."""
ARGUMENTS = {
    "echo": {"message", "uppercase", "handle"},
    "replayLastEcho": {"handle"},
    "printHeader": {"category"},
    "bearerDecode": {"token", "includeRaw"},
    "environmentDump": {"showSecrets"},
    "sessionInfo": {"handle"},
    "whoIStheGOAT": {"subject"},
}


def build(*, env: dict[str, str] | None = None, extra_tools: Sequence[Any] = ()) -> MCPEchoServerStateful:
    """A server with the settings the environment ``env`` gives, and tools of the test's own."""
    return MCPEchoServerStateful(settings=read_settings(argparse.Namespace(), env or {}), extra_tools=extra_tools)


def service(module: str) -> ModuleType:
    """A module of the package's ``service`` part."""
    return importlib.import_module(f"{PACKAGE}.service.{module}")


def tools(module: str) -> ModuleType:
    """A module of the package's ``tools`` part."""
    return importlib.import_module(f"{PACKAGE}.tools.{module}")
