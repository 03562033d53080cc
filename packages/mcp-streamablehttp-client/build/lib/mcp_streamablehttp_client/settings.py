"""Settings from the environment and an ``.env`` file. Reads nothing until a ``Settings`` is made; knows no flags.

A variable of the environment wins over the file. Secrets are ``SecretStr``: no
repr, log line or error shows them.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import ConfigurationError

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
DEFAULT_STORE = Path("~/.mcp/credentials.json")
PROTOCOLS = ("auto", "legacy", "2026-07-28")
_LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}


class Settings(BaseSettings):
    """What the client needs to know. Each field is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    mcp_server_url: str | None = None
    mcp_client_id: str | None = None
    mcp_client_secret: SecretStr | None = None
    mcp_client_access_token: SecretStr | None = None
    mcp_client_refresh_token: SecretStr | None = None
    mcp_client_registration_token: SecretStr | None = None
    mcp_client_registration_uri: str | None = None
    client_name: str = "mcp-http-stdio"
    client_version: str | None = None
    session_timeout: float = Field(default=300, ge=60, le=3600)
    """Seconds a response stream of the bridge may stay silent."""
    request_timeout: float = Field(default=30, ge=5, le=300)
    """Seconds to connect, to send, and to wait for the answer to a command of the command line."""
    log_level: LogLevel = "INFO"
    mcp_client_log_level: LogLevel | None = None
    mcp_debug: bool = False
    verify_ssl: bool = True
    credential_storage_path: Path = DEFAULT_STORE

    @field_validator("log_level", "mcp_client_log_level", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("mcp_server_url")
    @classmethod
    def _an_http_address(cls, value: str | None) -> str | None:
        return None if value is None else checked_server_url(value)

    @property
    def level(self) -> int:
        """The level of the log as a number: ``MCP_DEBUG`` wins over ``MCP_CLIENT_LOG_LEVEL`` over ``LOG_LEVEL``."""
        return _LEVELS["DEBUG" if self.mcp_debug else self.mcp_client_log_level or self.log_level]

    @property
    def server_url(self) -> str:
        """The address of the MCP server.

        Raises:
            ConfigurationError: none was given.
        """
        if self.mcp_server_url is None:
            raise ConfigurationError(
                "no MCP server is given",
                hint="set `MCP_SERVER_URL` or pass `--server-url https://host.example/mcp`",
            )
        return self.mcp_server_url


def checked_server_url(value: str) -> str:
    """The address as given, if it is one of an HTTP server and holds no credentials.

    Raises:
        ValueError: it is something else.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address with a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password")
    if parts.fragment:
        raise ValueError("must not contain a fragment")
    return value


def load_settings(env_file: str | None = ".env", **overrides: Any) -> Settings:
    """Reads the settings; ``overrides`` are the fields that flags set.

    Raises:
        ConfigurationError: a variable cannot work; the message names it.
    """
    if env_file not in (None, ".env") and not Path(str(env_file)).is_file():
        raise ConfigurationError(
            f"`--env-file` names no file: {env_file}", hint="give the path of an existing file of NAME=value lines"
        )
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        # `_env_file` is pydantic-settings' way to choose the file at run time; its signature hides it.
        return Settings(**{"_env_file": env_file, **given})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper()
        cause = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigurationError(
            f"`{name}` cannot be used: {cause}", hint=f"correct `{name}` in the environment or in {env_file}"
        ) from None
