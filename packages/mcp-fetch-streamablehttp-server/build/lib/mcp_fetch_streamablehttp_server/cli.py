"""Command line of the fetch server. Settings come from flags, the environment and ``.env``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .about import NAME, distribution_version
from .server import StreamableHTTPServer
from .service.command import run_command, service_parser
from .service.settings import read_service_settings
from .settings import VARIABLES, environment_with_dotenv, read_settings, service_environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server; returns the exit code."""
    parser = service_parser(
        NAME, distribution_version(), "MCP server that fetches web pages, over streamable HTTP.", VARIABLES
    )
    return run_command(parser, arguments, _start)


def _start(options: argparse.Namespace) -> None:
    environment = environment_with_dotenv()
    service = read_service_settings(options, service_environment(environment), VARIABLES)
    StreamableHTTPServer(read_settings(environment), service=service).run()
