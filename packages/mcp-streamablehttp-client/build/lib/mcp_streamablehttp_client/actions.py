"""What the flags of the command line do. Owns no flags and no exit codes, and prints through :mod:`report` alone."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from dotenv import set_key

from .arguments import parse_tool_arguments
from .auth.client import OAuthClient
from .auth.person import Person
from .auth.store import CredentialStore
from .client import MCPClient
from .errors import AuthorizationError, ClientError, ConfigurationError
from .masking import mask
from .report import Report
from .settings import Settings

_SOON_SECONDS = 300
_LISTS = frozenset({"redirect_uris", "grant_types", "response_types", "contacts"})
_PAGES = 100


class Actions:
    """Runs the chosen actions, in a fixed order, over one connection where they need one."""

    def __init__(self, settings: Settings, options: dict[str, Any], person: Person) -> None:
        self._settings = settings
        self._options = options
        self._person = person
        self._oauth = OAuthClient(settings, person=person)
        self._report = Report(as_json=options["as_json"], verbose=options["verbose"])
        self._client: MCPClient | None = None

    async def run(self, wanted: list[str]) -> bool:
        """Runs the actions; whether all succeeded."""
        async with contextlib.AsyncExitStack() as stack:
            for name in wanted:
                if name in ("list_tools", "list_resources", "list_prompts", "command", "raw") and self._client is None:
                    self._client = await stack.enter_async_context(self._connection())
                method: Callable[[], Awaitable[bool]] = getattr(self, f"_{name}")
                if not await method():
                    return False
        return True

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[MCPClient]:
        client = MCPClient(
            self._settings.server_url,
            mode=self._options["protocol"],
            timeout=self._settings.request_timeout,
            storage=CredentialStore(self._settings.credential_storage_path),
            person=self._person,
            settings=self._settings,
        )
        async with client:
            yield client

    @property
    def _connected(self) -> MCPClient:
        if self._client is None:
            raise ConfigurationError("not connected", hint="this is a fault of the program")
        return self._client

    # -- credentials -------------------------------------------------------------------------------

    async def _reset_auth(self) -> bool:
        removed = self._oauth.forget()
        self._oauth = OAuthClient(self._settings, person=self._person)
        given = [
            name
            for name in ("MCP_CLIENT_ACCESS_TOKEN", "MCP_CLIENT_REFRESH_TOKEN", "MCP_CLIENT_ID")
            if getattr(self._settings, name.lower()) is not None
        ]
        text = "Stored credentials deleted." if removed else "There were no stored credentials."
        if given:
            text += f" Still set in the environment: {', '.join(given)}."
        self._report.result({"deleted": removed, "still_in_environment": given}, text)
        return True

    async def _test_auth(self) -> bool:
        token = await self._oauth.ensure_authenticated()
        text = "The server accepts our token." if token else "The server asks for no authorization."
        self._report.result({"authenticated": True, "token": mask(token) if token else None}, text)
        return True

    async def _token(self) -> bool:
        """Status, refresh when the token ends within five minutes, and a test against the server."""
        stored = self._oauth.stored_token()
        refreshed = False
        ends = stored.expires_at if stored is not None and stored.refresh_token is not None else None
        if ends is not None and ends - time.time() < _SOON_SECONDS:
            await self._oauth.refresh_token()
            refreshed = True
        token = await self._oauth.ensure_authenticated()
        stored = self._oauth.stored_token()
        left = int(stored.expires_at - time.time()) if stored is not None and stored.expires_at is not None else None
        facts = {
            "token": mask(token) if token else None,
            "expires_in": left,
            "scope": stored.scope if stored is not None else None,
            "refreshable": bool(stored is not None and stored.refresh_token),
            "refreshed": refreshed,
            "accepted": True,
        }
        self._report.facts("Token", facts)
        return True

    async def _get_client_info(self) -> bool:
        self._report.facts("Registration", await self._oauth.get_client_configuration())
        return True

    async def _update_client(self) -> bool:
        changes = parse_changes(self._options["update_client"])
        self._report.facts("Registration", await self._oauth.update_client_configuration(changes))
        return True

    async def _delete_client(self) -> bool:
        await self._oauth.delete_client_registration()
        self._report.result({"deleted": True}, "The registration is deleted.")
        return True

    async def _export(self) -> bool:
        self._report.exports(self._credentials())
        return True

    async def _save_env(self) -> bool:
        path = Path(self._options["env_file"])
        credentials = self._credentials()
        try:
            save_env(path, credentials)
        except OSError as error:
            raise ConfigurationError(
                f"cannot write {path} ({error.strerror})", hint="name a file this user may write with `--env-file`"
            ) from error
        self._report.result({"saved": sorted(credentials), "file": str(path)}, f"Credentials written to {path}.")
        return True

    def _credentials(self) -> dict[str, str]:
        """The credentials by the names of their variables.

        Raises:
            AuthorizationError: there are none.
        """
        token, client = self._oauth.stored_token(), self._oauth.stored_client()
        found = {
            "MCP_CLIENT_ID": client.client_id if client else self._settings.mcp_client_id,
            "MCP_CLIENT_SECRET": client.client_secret if client else None,
            "MCP_CLIENT_ACCESS_TOKEN": token.access_token if token else None,
            "MCP_CLIENT_REFRESH_TOKEN": token.refresh_token if token else None,
            "MCP_CLIENT_REGISTRATION_TOKEN": client.registration_access_token if client else None,
            "MCP_CLIENT_REGISTRATION_URI": client.registration_client_uri if client else None,
        }
        credentials = {name: value for name, value in found.items() if value}
        if not credentials:
            raise AuthorizationError(
                f"there are no credentials for {self._settings.server_url}", hint="authorize first with `--test-auth`"
            )
        return credentials

    # -- the server --------------------------------------------------------------------------------

    async def _list_tools(self) -> bool:
        self._report.listing("Tools", await self._pages(self._connected.list_tools, "tools"))
        return True

    async def _list_resources(self) -> bool:
        self._report.listing("Resources", await self._pages(self._connected.list_resources, "resources"))
        return True

    async def _list_prompts(self) -> bool:
        self._report.listing("Prompts", await self._pages(self._connected.list_prompts, "prompts"))
        return True

    async def _command(self) -> bool:
        name, _, text = self._options["command"].strip().partition(" ")
        if not name:
            raise ConfigurationError("`--command` names no tool", hint="write `--command 'TOOL ARGS'`")
        tools = {tool["name"]: tool for tool in await self._pages(self._connected.list_tools, "tools")}
        if name not in tools:
            raise _UnknownToolError(
                f"the server has no tool {name!r}", hint=f"its tools: {', '.join(sorted(tools)) or 'none'}"
            )
        arguments = parse_tool_arguments(name, text, tools[name].get("inputSchema"))
        result = await self._connected.call_tool(name, arguments)
        self._report.tool_result(_wire(result))
        return not result.is_error

    async def _raw(self) -> bool:
        method, params = parse_raw(self._options["raw"])
        self._report.document(await self._connected.request(method, params))
        return True

    async def _pages(self, method: Callable[[str | None], Awaitable[Any]], name: str) -> list[dict[str, Any]]:
        """Every page of a list; a server whose pages never end is cut off."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            page = await method(cursor)
            found += _wire(page)[name]
            cursor = page.next_cursor
            if cursor is None:
                break
        return found


class _UnknownToolError(ClientError):
    """The server has no such tool."""


def parse_changes(text: str) -> dict[str, Any]:
    """The fields of ``field=value,f2=v2``; fields that are lists are split at ``;``, empty ones are removed.

    Raises:
        ConfigurationError: a part is no ``field=value``.
    """
    changes: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ConfigurationError(
                f"`--update-client` has a part that is no field=value: {part!r}",
                hint="write --update-client 'client_name=My client,contacts=a@example.org;b@example.org'",
            )
        if name in _LISTS:
            changes[name] = [item.strip() for item in value.split(";") if item.strip()]
        else:
            changes[name] = value.strip() or None
    return changes


def parse_raw(text: str) -> tuple[str, dict[str, Any] | None]:
    """Method and parameters of a JSON request.

    Raises:
        ConfigurationError: it is none.
    """
    hint = 'write --raw \'{"method": "tools/list", "params": {}}\''
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"`--raw` is not JSON: {error}", hint=hint) from None
    method = document.get("method") if isinstance(document, dict) else None
    params = document.get("params") if isinstance(document, dict) else None
    if not isinstance(method, str) or not isinstance(params, (dict, type(None))):
        raise ConfigurationError("`--raw` is no request: it needs `method`, and `params` as an object", hint=hint)
    return method, params


def save_env(path: Path, credentials: dict[str, str]) -> None:
    """Sets variables in a file of settings and leaves its other lines; the file is 0600 and replaced as a whole.

    Raises:
        OSError: the file cannot be written.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    scratch = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(before)
        for variable, value in credentials.items():
            set_key(scratch, variable, value, quote_mode="always")
        scratch.chmod(0o600)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _wire(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped
