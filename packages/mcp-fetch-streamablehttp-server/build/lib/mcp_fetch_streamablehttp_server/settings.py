"""Settings of the fetch server, from the environment and ``.env``. Old spellings with or without ``MCP_`` are read.

What every MCP service here can be told (hosts, origins, trusted proxies, log
file and so on) is read by ``service.settings``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Annotated, Any

from dotenv import dotenv_values
from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from .about import distribution_version
from .handler import DEFAULT_MAX_SIZE, FetchLimits
from .policy import DEFAULT_SCHEMES, UrlPolicy, domain_entry, normal_host
from .robots import DEFAULT_CACHE_SIZE
from .service.errors import ConfigurationError
from .service.settings import DEFAULT_HOST, DEFAULT_LOG_LEVEL, DEFAULT_PORT, Variables, as_log_level

SERVER_NAME = "mcp-fetch-streamablehttp"
SERVER_USER_AGENT = "ModelContextProtocol/1.0 (Fetch Server)"
VARIABLES = Variables(host="HOST", port="PORT", log_level="LOG_LEVEL")
_PREFIX = "MCP_"


def _named(variable: str) -> AliasChoices:
    """The variable with and without ``MCP_``; the spelling given here wins."""
    other = variable.removeprefix(_PREFIX) if variable.startswith(_PREFIX) else _PREFIX + variable
    return AliasChoices(variable, other)


def _entries(value: Any) -> Any:
    """Reads a comma list, or the JSON list that earlier versions wanted."""
    if not isinstance(value, str):
        return value
    if value.strip().startswith("["):
        return json.loads(value)
    return [part for part in (piece.strip() for piece in value.split(",")) if part]


def _host_and_port(entry: str) -> tuple[str, int]:
    host, colon, port = entry.rpartition(":")
    if not colon or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"write HOST:PORT, not {entry!r}")
    return normal_host(host), int(port)


_List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_entries)]


class Settings(BaseSettings):
    """Everything about the fetches, and what the server calls itself.

    ``Settings()`` reads the process environment and ``.env`` in the working
    directory; arguments by field name win.
    """

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_ignore_empty=True, populate_by_name=True, frozen=True
    )

    server_name: str = Field(SERVER_NAME, validation_alias=_named("MCP_SERVER_NAME"))
    server_version: str = Field(default_factory=distribution_version, validation_alias=_named("MCP_SERVER_VERSION"))
    host: str = Field(DEFAULT_HOST, validation_alias=_named("HOST"))
    port: int = Field(DEFAULT_PORT, ge=0, le=65535, validation_alias=_named("PORT"))
    log_level: str = Field(DEFAULT_LOG_LEVEL, validation_alias=_named("LOG_LEVEL"))
    allowed_schemes: _List = Field(DEFAULT_SCHEMES, validation_alias=_named("MCP_FETCH_ALLOWED_SCHEMES"))
    max_redirects: int = Field(5, ge=0, le=20, validation_alias=_named("MCP_FETCH_MAX_REDIRECTS"))
    default_user_agent: str = Field(
        SERVER_USER_AGENT, min_length=1, max_length=256, validation_alias=_named("MCP_FETCH_DEFAULT_USER_AGENT")
    )
    max_size: int = Field(DEFAULT_MAX_SIZE, ge=1, validation_alias=_named("FETCH_MAX_SIZE"))
    timeout: float = Field(30, gt=0, le=3600, allow_inf_nan=False, validation_alias=_named("FETCH_TIMEOUT"))
    allow_private_ips: bool = Field(False, validation_alias=_named("FETCH_ALLOW_PRIVATE_IPS"))
    allowed_domains: _List = Field((), validation_alias=_named("FETCH_ALLOWED_DOMAINS"))
    blocked_domains: _List = Field((), validation_alias=_named("FETCH_BLOCKED_DOMAINS"))
    allow_hosts: _List = Field((), validation_alias=_named("FETCH_ALLOW_HOSTS"))
    robots_cache_size: int = Field(DEFAULT_CACHE_SIZE, ge=0, validation_alias=_named("MCP_FETCH_ROBOTS_TXT_CACHE_SIZE"))
    ignore_robots: bool = Field(False, validation_alias=_named("FETCH_IGNORE_ROBOTS"))
    verify_ssl: bool = Field(True, validation_alias=_named("MCP_FETCH_VERIFY_SSL"))
    concurrency: int = Field(20, ge=1, le=1000, validation_alias=_named("FETCH_CONCURRENCY"))
    concurrency_per_user: int = Field(4, ge=1, le=1000, validation_alias=_named("FETCH_CONCURRENCY_PER_USER"))
    proxy: SecretStr | None = Field(None, validation_alias=_named("FETCH_PROXY"))

    @field_validator("allowed_schemes")
    @classmethod
    def _known_schemes(cls, schemes: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(scheme.lower() for scheme in schemes)
        if not lowered or not set(lowered) <= set(DEFAULT_SCHEMES):
            raise ValueError("choose from http and https")
        return lowered

    @field_validator("allowed_domains", "blocked_domains")
    @classmethod
    def _domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(domain_entry(domain) for domain in domains)

    @field_validator("allow_hosts")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for entry in hosts:
            _host_and_port(entry)
        return hosts

    @field_validator("log_level")
    @classmethod
    def _level(cls, level: str) -> str:
        return as_log_level(level)

    @field_validator("proxy")
    @classmethod
    def _proxy_address(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is not None and not proxy.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("write http://HOST:PORT")
        return proxy

    def policy(self) -> UrlPolicy:
        """The rules for URLs that these settings make."""
        return UrlPolicy(
            schemes=self.allowed_schemes,
            allowed_domains=self.allowed_domains,
            blocked_domains=self.blocked_domains,
            allow_private=self.allow_private_ips,
            allow_hosts=frozenset(_host_and_port(entry) for entry in self.allow_hosts),
        )

    def limits(self) -> FetchLimits:
        """The bounds of a handler that these settings make."""
        return FetchLimits(
            max_size=self.max_size,
            timeout=self.timeout,
            concurrency=self.concurrency,
            concurrency_per_user=self.concurrency_per_user,
            robots_cache_size=self.robots_cache_size,
            ignore_robots=self.ignore_robots,
            verify_tls=self.verify_ssl,
            user_agent=self.default_user_agent,
            proxy=self.proxy.get_secret_value() if self.proxy is not None else None,
        )


class _MappingSettings(Settings):
    """Settings from what is handed in and from nowhere else."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the arguments count."""
        return (init_settings,)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads settings from a mapping of variables.

    Raises:
        ConfigurationError: a value makes no sense; the message names the variable.
    """
    given: dict[str, Any] = {}
    for field in Settings.model_fields.values():
        variable = _set_variable(field.validation_alias, environment)
        if variable is not None:
            given[variable] = environment[variable]
    try:
        return _MappingSettings(**given)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        variable = str(problem["loc"][0])
        shown = "" if "PROXY" in variable else f": {str(environment.get(variable, ''))[:100]}"
        raise ConfigurationError(
            f"`{variable}` makes no sense ({_plain(problem['msg'])}){shown}", hint=f"correct or unset `{variable}`"
        ) from None


def service_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which host, port and log level stand under the names the service reads."""
    renamed = dict(environment)
    for name in (VARIABLES.host, VARIABLES.port, VARIABLES.log_level or ""):
        variable = _set_variable(_named(name), environment)
        renamed.pop(name, None)
        if variable is not None:
            renamed[name] = environment[variable]
    return renamed


def environment_with_dotenv() -> dict[str, str]:
    """The process environment on top of ``.env`` in the working directory."""
    stored = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**stored, **os.environ}


def _set_variable(alias: Any, environment: Mapping[str, str]) -> str | None:
    if not isinstance(alias, AliasChoices):
        raise TypeError("every setting has its variables")
    return next((name for name in alias.choices if isinstance(name, str) and environment.get(name)), None)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
