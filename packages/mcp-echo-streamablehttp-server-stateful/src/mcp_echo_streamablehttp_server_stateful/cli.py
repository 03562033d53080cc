"""Command line of the session-keeping echo server. Settings come from flags and the environment."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from .about import NAME, distribution_version
from .server import MCPEchoServerStateful
from .service.command import run_command, service_parser
from .settings import add_session_arguments, read_settings
from .tools.settings import VARIABLES


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server; returns the exit code."""
    parser = service_parser(
        NAME, distribution_version(), "Session-keeping MCP echo and diagnostics server over streamable HTTP.", VARIABLES
    )
    add_session_arguments(parser)
    return run_command(parser, arguments, _start)


def _start(options: argparse.Namespace) -> None:
    settings = read_settings(options, os.environ)
    service = settings.service
    MCPEchoServerStateful(settings=settings).run(service.host, service.port, service.log_file)
