"""Command line of the proxy. Settings come from flags and the environment; the rest of the line is the server's."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import anyio

from .about import NAME, PACKAGE, distribution_version
from .application import build_app
from .check import check
from .child import ChildStartError
from .child_command import ChildCommand, as_assignment
from .configuration import ProxyConfiguration
from .limits import ISOLATIONS, Isolation, Limits, as_bytes, as_isolation, as_seconds
from .service.command import run_command, service_parser
from .service.launch import serve
from .service.log_output import LogOutput
from .service.settings import OptionReader, Variables, as_count, read_service_settings

VARIABLES = Variables(host="MCP_BIND_HOST", port="MCP_PORT", log_level="MCP_LOG_LEVEL")
_SUMMARY = "Puts a stdio MCP server behind a streamable HTTP endpoint."
_EXIT_UNUSABLE = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the proxy, or ``--check``; returns the exit code."""
    return run_command(_parser(), arguments, _start)


def _parser() -> argparse.ArgumentParser:
    parser = service_parser(NAME, distribution_version(), _SUMMARY, VARIABLES)
    parser.usage = f"{NAME} [options] [--] COMMAND [ARG ...]"
    limits = Limits()
    for flag, variable, default, meaning in (
        ("--timeout", "MCP_SESSION_TIMEOUT", f"{limits.session_timeout:g}", "seconds a session may be idle"),
        (
            "--request-timeout",
            "MCP_SUBPROCESS_TIMEOUT",
            f"{limits.request_timeout:g}",
            "seconds a request may take; progress starts them again, up to four times",
        ),
        ("--startup-timeout", "MCP_STARTUP_TIMEOUT", f"{limits.startup_timeout:g}", "seconds the server may start"),
        ("--max-sessions", "MCP_MAX_SESSIONS", str(limits.max_sessions), "most sessions at a time"),
        ("--max-message", "MCP_MAX_MESSAGE_SIZE", "16MiB", "largest message of the server"),
        ("--isolation", "MCP_ISOLATION", "session", f"which modern clients share a server: {', '.join(ISOLATIONS)}"),
    ):
        parser.add_argument(flag, metavar="VALUE", help=f"{meaning} ({variable}, default {default})")
    parser.add_argument("--json-response", action="store_true", help="answer in JSON instead of event streams")
    parser.add_argument(
        "--pass-env", action="append", default=[], metavar="NAME", help="variable the server gets, too (repeatable)"
    )
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="variable for the server (repeatable)"
    )
    parser.add_argument("--inherit-env", action="store_true", help="give the server the whole environment")
    parser.add_argument("--cwd", metavar="DIRECTORY", help="working directory of the server")
    parser.add_argument(
        "--check", action="store_true", help="start the server once, print what it is as JSON, stop; exit 1 if it fails"
    )
    # The first positional ends our options: all that follows is the server's, in its order.
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the stdio server and its arguments"
    )
    return parser


def _start(options: argparse.Namespace) -> None:
    configuration = _configuration(options)
    if options.check:
        _check(configuration)
        return
    # Ctrl-C is a way to end a server as good as SIGTERM.
    with suppress(KeyboardInterrupt):
        serve(build_app(configuration), configuration.settings, package=PACKAGE)


def _configuration(options: argparse.Namespace) -> ProxyConfiguration:
    reader = OptionReader(options, os.environ)
    default = Limits()
    by_session: Isolation = "session"
    argv = options.command[1:] if options.command[:1] == ["--"] else options.command
    return ProxyConfiguration(
        command=ChildCommand.of(
            argv,
            env=dict(as_assignment(text) for text in options.env),
            pass_env=options.pass_env,
            inherit_env=options.inherit_env,
            cwd=options.cwd,
        ),
        limits=Limits(
            session_timeout=reader.get("MCP_SESSION_TIMEOUT", as_seconds, default.session_timeout, option="timeout"),
            request_timeout=reader.get(
                "MCP_SUBPROCESS_TIMEOUT", as_seconds, default.request_timeout, option="request_timeout"
            ),
            startup_timeout=reader.get(
                "MCP_STARTUP_TIMEOUT", as_seconds, default.startup_timeout, option="startup_timeout"
            ),
            max_sessions=reader.get("MCP_MAX_SESSIONS", as_count, default.max_sessions, option="max_sessions"),
            max_message=reader.get("MCP_MAX_MESSAGE_SIZE", as_bytes, default.max_message, option="max_message"),
        ),
        settings=read_service_settings(options, os.environ, VARIABLES),
        isolation=reader.get("MCP_ISOLATION", as_isolation, by_session, option="isolation"),
        json_response=options.json_response,
    )


def _check(configuration: ProxyConfiguration) -> None:
    settings = configuration.settings
    output = LogOutput(PACKAGE, level=settings.log_level, log_file=settings.log_file)
    try:
        found = anyio.run(check, configuration, logging.getLogger(PACKAGE))
    except ChildStartError as error:
        sys.stderr.write(f"error: {error}\nhint: run the command by itself and look at what it prints\n")
        raise SystemExit(_EXIT_UNUSABLE) from None
    finally:
        output.close()
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
