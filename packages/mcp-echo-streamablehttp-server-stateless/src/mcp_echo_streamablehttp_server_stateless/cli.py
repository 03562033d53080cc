"""Command line of the stateless echo server. Settings come from flags, the environment and ``.env``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .about import NAME, distribution_version
from .server import MCPEchoServer, environment_with_dotenv
from .service.command import run_command, service_parser
from .service.settings import read_service_settings
from .tools.settings import VARIABLES


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server; returns the exit code."""
    parser = service_parser(
        NAME, distribution_version(), "Stateless MCP echo and diagnostics server over streamable HTTP.", VARIABLES
    )
    return run_command(parser, arguments, _start)


def _start(options: argparse.Namespace) -> None:
    settings = read_service_settings(options, environment_with_dotenv(), VARIABLES)
    MCPEchoServer(settings=settings).run(settings.host, settings.port, settings.log_file)
