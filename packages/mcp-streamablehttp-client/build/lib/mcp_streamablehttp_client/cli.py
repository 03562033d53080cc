"""Command line. Without an action it is the bridge; actions answer on stdout and say all else on stderr.

Owns flags and exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 an
authorization is needed and nobody can be asked.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import anyio
import click
from mcp import MCPError

from .about import NAME, distribution_version
from .auth.person import Person, ask
from .bridge.proxy import StreamableHttpToStdioProxy
from .errors import AuthorizationRequired, ClientError, ConfigurationError
from .log_output import LogOutput, fields
from .masking import without_secrets
from .settings import PROTOCOLS, Settings, load_settings

OK, FAILED, USAGE, AUTHORIZATION_NEEDED = 0, 1, 2, 3
logger = logging.getLogger(__name__)

_ACTIONS = (
    "reset_auth",
    "test_auth",
    "token",
    "get_client_info",
    "update_client",
    "delete_client",
    "list_tools",
    "list_resources",
    "list_prompts",
    "command",
    "raw",
    "export",
    "save_env",
)


@click.command(name=NAME, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--env-file", default=".env", show_default=True, help="File of NAME=value settings.")
@click.option("--log-level", type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False))
@click.option("--server-url", help="Address of the MCP server; wins over MCP_SERVER_URL.")
@click.option("--reset-auth", is_flag=True, help="Delete the stored credentials for the server.")
@click.option("--test-auth", is_flag=True, help="Authorize if the server asks for it, and say whether it accepts us.")
@click.option("-t", "--token", is_flag=True, help="Show the token's state, refresh it if it ends soon, and test it.")
@click.option("-c", "--command", metavar="'TOOL ARGS'", help="Call a tool: JSON, key=value pairs or one value.")
@click.option("--get-client-info", is_flag=True, help="Show the registration as the authorization server knows it.")
@click.option("--update-client", metavar="'field=value,…'", help="Change the registration; `;` separates list items.")
@click.option("--delete-client", is_flag=True, help="Delete the registration and all its tokens.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("--raw", metavar="JSON", help="Send one request, an object with method and params; print its result.")
@click.option("--list-tools", is_flag=True, help="List the tools.")
@click.option("--list-resources", is_flag=True, help="List the resources.")
@click.option("--list-prompts", is_flag=True, help="List the prompts.")
@click.option("--verbose", is_flag=True, help="Show schemas and details.")
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON, one document per action.")
@click.option("--export", is_flag=True, help="Print the credentials, in full, as `export MCP_CLIENT_…` lines.")
@click.option("--save-env", is_flag=True, help="Write the credentials into the file of --env-file.")
@click.option("--no-browser", is_flag=True, help="Never open a browser: use a device code, or paste the answer.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="auto", show_default=True, help="Era of the server.")
@click.version_option(distribution_version(), prog_name=NAME, message="%(prog)s %(version)s")
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Talk to an MCP server over streamable HTTP.

    Without an action this bridges a host on stdin and stdout to the server.
    """
    return _guarded(context, options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    try:
        status = command.main(args=arguments, prog_name=NAME, standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.Abort:
        return _complain("interrupted", "start again", FAILED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return status if isinstance(status, int) else OK


def _guarded(context: click.Context, options: dict[str, Any]) -> int:
    """Turns what went wrong into one line, a remedy and a status."""
    try:
        settings = load_settings(
            options["env_file"], mcp_server_url=options["server_url"], mcp_client_log_level=options["log_level"]
        )
        wanted = [name for name in _ACTIONS if options[name]]
        output = LogOutput(settings.level)
        try:
            if not settings.verify_ssl:
                logger.warning(fields("tls_not_verified", variable="VERIFY_SSL"))
            return _bridge(settings, options) if not wanted else _act(settings, options, wanted)
        finally:
            output.close()
    except AuthorizationRequired as error:
        return _complain(str(error), error.hint, AUTHORIZATION_NEEDED)
    except ConfigurationError as error:
        return _complain(str(error), error.hint, USAGE)
    except ClientError as error:
        return _complain(str(error), error.hint, FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", "start again", FAILED)


def _complain(message: str, hint: str, status: int) -> int:
    click.echo(f"error: {message}\nhint: {hint}", err=True)
    return status


def _person(options: dict[str, Any], *, bridging: bool) -> Person:
    """Who can be asked: in a bridge stdin belongs to the host, so nothing can be typed."""
    typed = not bridging and sys.stdin is not None and sys.stdin.isatty()
    return Person(browser=not options["no_browser"], prompt=ask if typed else None)


# -- bridge ----------------------------------------------------------------------------------------


def _bridge(settings: Settings, options: dict[str, Any]) -> int:
    _ = settings.server_url  # a missing one is a usage error, not a failure of the first request
    proxy = StreamableHttpToStdioProxy(settings, protocol=options["protocol"], person=_person(options, bridging=True))
    anyio.run(_serve, proxy)
    return AUTHORIZATION_NEEDED if proxy.authorization_missing else OK


async def _serve(proxy: StreamableHttpToStdioProxy) -> None:
    async with proxy, anyio.create_task_group() as group:
        if sys.platform != "win32":
            group.start_soon(_stop_on_signal, proxy)
        await proxy.run()
        group.cancel_scope.cancel()


async def _stop_on_signal(proxy: StreamableHttpToStdioProxy) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            await proxy.stop()
            # A thread of the SDK waits for stdin and cannot be woken; everything that had to end has ended.
            sys.stderr.flush()
            os._exit(OK)


# -- actions ---------------------------------------------------------------------------------------


def _act(settings: Settings, options: dict[str, Any], wanted: list[str]) -> int:
    # Imported here: the bridge does not need what prints tables, and is to stay small.
    from .actions import Actions  # noqa: PLC0415 - see above

    if options["delete_client"] and not options["yes"]:
        click.confirm("Delete the registration of this client and all its tokens?", abort=True, err=True)
    actions = Actions(settings, options, _person(options, bridging=False))
    try:
        succeeded = anyio.run(actions.run, wanted)
    except MCPError as error:
        return _complain(
            f"the MCP server refused: {without_secrets(error.message)} ({error.code})", "see `--list-tools`", FAILED
        )
    return OK if succeeded else FAILED


if __name__ == "__main__":
    raise SystemExit(main())
