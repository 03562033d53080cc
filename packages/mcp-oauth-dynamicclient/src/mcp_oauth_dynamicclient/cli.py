"""Command line: runs the server, and the small jobs round it. The only module that prints."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence

from .about import NAME, distribution_version
from .keys import create_private_key
from .launch import Launch, serve
from .proxies import parse_networks
from .server import open_store
from .service.errors import ConfigurationError
from .settings import load_settings, settings_faults
from .store.contract import StoreUnavailableError

EXIT_FAULTS = 1
EXIT_CONFIGURATION = 2
_LEVELS = ("debug", "info", "warning", "error")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code: 0, 1 when a check found faults, 2 when a setting cannot work."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except ConfigurationError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)  # noqa: T201 - the command's output
        return EXIT_CONFIGURATION
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mcp-oauth-server",
        description="OAuth 2.1 authorization server for MCP. Settings come from the environment and .env.",
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {distribution_version()}")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="port to bind, 0 for any free one (default 8000)")
    parser.add_argument("--reload", action="store_true", help="restart when the code changes")
    parser.add_argument("--workers", type=_count, default=1, metavar="N", help="processes; more than one needs Redis")
    parser.add_argument("--log-level", choices=_LEVELS, help="how much to log (LOG_LEVEL, default info)")
    parser.add_argument(
        "--forwarded-allow-ips",
        metavar="CIDR,...",
        help="proxies whose X-Forwarded-* headers are believed (TRUSTED_PROXIES, default loopback and private ranges)",
    )
    parser.set_defaults(run=_serve)
    commands = parser.add_subparsers(title="commands", metavar="")
    jobs: dict[str, tuple[str, Callable[[argparse.Namespace], int]]] = {
        "generate-secret": ("print a JWT_SECRET for HS256", _generate_secret),
        "create-keys": ("print a JWT_PRIVATE_KEY_B64 for RS256", _create_keys),
        "validate-config": ("print one line for each fault of the settings", _validate_config),
        "cleanup-tokens": ("drop index entries of tokens that are gone from Redis", _cleanup_tokens),
    }
    for name, (summary, run) in jobs.items():
        commands.add_parser(name, help=summary, description=summary).set_defaults(run=run)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("not a port between 0 and 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("not a whole number of at least 1")
    return int(text)


def _serve(options: argparse.Namespace) -> int:
    if options.reload and options.workers > 1:
        raise ConfigurationError("`--reload` and `--workers` exclude each other", hint="leave one of them out")
    # Through the environment, since workers and reloaded processes read their settings there.
    if options.log_level is not None:
        os.environ["LOG_LEVEL"] = options.log_level.upper()
    if options.forwarded_allow_ips is not None:
        try:
            parse_networks(options.forwarded_allow_ips)
        except ValueError as error:
            raise ConfigurationError(
                f"`--forwarded-allow-ips` is wrong ({error})", hint="write for example `10.0.0.0/8,127.0.0.1`"
            ) from error
        os.environ["TRUSTED_PROXIES"] = options.forwarded_allow_ips
    serve(load_settings(), Launch(options.host, options.port, options.workers, options.reload))
    return 0


def _generate_secret(_: argparse.Namespace) -> int:
    print(f"JWT_SECRET={secrets.token_urlsafe(48)}")  # noqa: T201 - the command's output
    return 0


def _create_keys(_: argparse.Namespace) -> int:
    print(f"JWT_PRIVATE_KEY_B64={create_private_key()}")  # noqa: T201 - the command's output
    return 0


def _validate_config(_: argparse.Namespace) -> int:
    faults = settings_faults()
    print("\n".join(faults) if faults else "the settings are complete")  # noqa: T201 - the command's output
    return EXIT_FAULTS if faults else 0


def _cleanup_tokens(_: argparse.Namespace) -> int:
    store = open_store(load_settings())
    if store.kind == "embedded":
        raise ConfigurationError(
            "the embedded store ends with its process: there is nothing to clean up", hint="set `REDIS_URL`"
        )
    try:
        dropped = store.clean_up()
    except StoreUnavailableError:
        print("error: Redis does not answer", file=sys.stderr)  # noqa: T201 - the command's output
        return EXIT_FAULTS
    print(f"dropped {dropped} index entries")  # noqa: T201 - the command's output
    return 0
