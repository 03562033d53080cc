"""The command line round a server: parsing, errors and exit codes. The only module that prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from .errors import ConfigurationError
from .settings import Variables, add_service_arguments

EXIT_CONFIGURATION = 2


def run_command(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, start: Callable[[argparse.Namespace], None]
) -> int:
    """Parses ``arguments`` and starts the server; a setting that cannot work ends with code 2."""
    options = parser.parse_args(arguments)
    try:
        start(options)
    except ConfigurationError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
        return EXIT_CONFIGURATION
    except KeyboardInterrupt:
        return 130
    return 0


def service_parser(name: str, version: str, summary: str, variables: Variables) -> argparse.ArgumentParser:
    """A parser with the flags every MCP service here takes, and ``--version``."""
    parser = argparse.ArgumentParser(prog=name, description=summary)
    parser.add_argument("--version", action="version", version=f"{name} {version}")
    add_service_arguments(parser, variables)
    return parser
