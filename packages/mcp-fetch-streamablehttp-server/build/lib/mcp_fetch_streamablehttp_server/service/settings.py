"""Settings shared by flags and environment. Reads what it is handed; never ``os.environ`` by itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .admission import AllowList
from .errors import ConfigurationError
from .identity import DEFAULT_TRUSTED_PROXIES, TrustedEdge, parse_networks
from .log_output import LOG_LEVELS
from .protocol import ProtocolPolicy

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 3000
DEFAULT_LOG_LEVEL = "info"
DEBUG = "debug"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})
_T = TypeVar("_T")


@dataclass(frozen=True)
class Variables:
    """Names of the environment variables that each package calls its own way.

    A package logs by level (``--log-level``) or has a debug switch (``--debug``):
    it names the variable of the one it has.
    """

    host: str
    port: str
    log_level: str | None = None
    debug: str | None = None


@dataclass(frozen=True)
class ServiceSettings:
    """Everything about the service that is not about its tools. The defaults serve loopback only."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    log_level: str = DEFAULT_LOG_LEVEL
    protocol: ProtocolPolicy = field(default_factory=ProtocolPolicy)
    allow: AllowList = field(default_factory=AllowList)
    edge: TrustedEdge = field(default_factory=TrustedEdge)
    cors_origins: tuple[str, ...] = ()
    log_file: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def debug(self) -> bool:
        """Whether everything is logged."""
        return self.log_level == DEBUG


def as_text(text: str) -> str:
    """Takes a value as it is."""
    return text


def as_flag(text: str) -> bool:
    """Reads yes or no."""
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("neither yes nor no; write 1 or 0")


def as_list(text: str) -> tuple[str, ...]:
    """Reads a comma list."""
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def as_port(text: str) -> int:
    """Reads a TCP port; 0 lets the system choose one."""
    if not text.strip().isdecimal() or int(text) > 65535:
        raise ValueError("not a port between 0 and 65535")
    return int(text)


def as_count(text: str) -> int:
    """Reads a whole number of at least one."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise ValueError("not a whole number of at least 1")
    return int(text)


def as_log_level(text: str) -> str:
    """Reads the name of a log level, in capitals or not."""
    lowered = text.strip().lower()
    if lowered not in LOG_LEVELS:
        raise ValueError(f"none of {', '.join(LOG_LEVELS)}")
    return lowered


class OptionReader:
    """Looks a setting up: flag first, then environment variable, then default."""

    def __init__(self, options: argparse.Namespace, environment: Mapping[str, str]) -> None:
        self._options = vars(options)
        self._environment = environment

    def get(self, variable: str, read: Callable[[str], _T], default: _T, *, option: str | None = None) -> _T:
        """Returns the setting called ``option`` on the command line and ``variable`` in the environment.

        Raises:
            ConfigurationError: the text given for it makes no sense.
        """
        given = self._options.get(option) if option else None
        if isinstance(given, list):
            given = ",".join(given)
        if given is not None and not isinstance(given, str):
            raise TypeError(f"option `{option}` must arrive as text")
        source, text = (f"--{option.replace('_', '-')}", given) if option and given is not None else (variable, None)
        text = text if text is not None else self._environment.get(variable)
        if text is None:
            return default
        try:
            return read(text)
        except ValueError as error:
            raise ConfigurationError(f"`{source}` is {error}: {text}", hint=f"correct or unset `{source}`") from error


def add_service_arguments(parser: argparse.ArgumentParser, variables: Variables) -> None:
    """Adds the flags every MCP service here takes. All of them stay text: :class:`OptionReader` reads them."""
    parser.add_argument("--host", help=f"address to bind ({variables.host}, default {DEFAULT_HOST})")
    parser.add_argument("--port", help=f"port to bind, 0 for any free one ({variables.port}, default {DEFAULT_PORT})")
    if variables.log_level is not None:
        parser.add_argument(
            "--log-level",
            metavar="LEVEL",
            help=f"{', '.join(LOG_LEVELS)} ({variables.log_level}, default {DEFAULT_LOG_LEVEL})",
        )
    if variables.debug is not None:
        parser.add_argument(
            "--debug", action="store_const", const="1", help=f"log more and let tools unmask more ({variables.debug})"
        )
    parser.add_argument(
        "--protocol-versions",
        metavar="LIST",
        help="comma list of MCP revisions to speak (MCP_PROTOCOL_VERSIONS_SUPPORTED, default all)",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        metavar="HOST",
        help="Host header to accept, exact or HOST:* (repeatable; MCP_ALLOWED_HOSTS)",
    )
    parser.add_argument(
        "--allowed-origin",
        action="append",
        metavar="ORIGIN",
        help="Origin header to accept, exact or ORIGIN:* (repeatable; MCP_ALLOWED_ORIGINS)",
    )
    parser.add_argument(
        "--allow-any-host",
        action="store_const",
        const="1",
        help="accept any Host header, for use behind an edge that fixes it (MCP_ALLOW_ANY_HOST)",
    )
    parser.add_argument(
        "--trust-user-header",
        action="store_const",
        const="1",
        help="take the caller from X-User-Id when a trusted proxy sends it (MCP_TRUST_USER_HEADER)",
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        metavar="CIDR",
        help="proxies whose headers are believed (repeatable; MCP_TRUSTED_PROXIES, default loopback and private)",
    )


def read_service_settings(
    options: argparse.Namespace, environment: Mapping[str, str], variables: Variables
) -> ServiceSettings:
    """Combines flags and environment into settings.

    Raises:
        ConfigurationError: a value makes no sense.
    """
    reader = OptionReader(options, environment)
    nothing: tuple[str, ...] = ()
    trusted_by_default: tuple[str, ...] = DEFAULT_TRUSTED_PROXIES
    versions = reader.get("MCP_PROTOCOL_VERSIONS_SUPPORTED", as_list, None, option="protocol_versions")
    preferred = reader.get("MCP_PROTOCOL_VERSION", as_text, None)
    origins = reader.get("MCP_ALLOWED_ORIGINS", as_list, nothing, option="allowed_origin")
    cors_origins = reader.get("MCP_CORS_ORIGINS", as_list, nothing)
    trusted = reader.get("MCP_TRUSTED_PROXIES", as_list, trusted_by_default, option="trusted_proxy")
    return ServiceSettings(
        host=reader.get(variables.host, as_text, DEFAULT_HOST, option="host"),
        port=reader.get(variables.port, as_port, DEFAULT_PORT, option="port"),
        log_level=_log_level(reader, variables),
        protocol=ProtocolPolicy.of(versions, preferred or None),
        allow=AllowList(
            hosts=reader.get("MCP_ALLOWED_HOSTS", as_list, nothing, option="allowed_host"),
            origins=(*origins, *(origin for origin in cors_origins if origin != "*")),
            any_host=reader.get("MCP_ALLOW_ANY_HOST", as_flag, False, option="allow_any_host"),
        ),
        edge=TrustedEdge(
            networks=parse_networks(trusted),
            user_header=reader.get("MCP_TRUST_USER_HEADER", as_flag, False, option="trust_user_header"),
        ),
        cors_origins=cors_origins,
        log_file=reader.get("LOG_FILE", as_text, "") or None,
        environment=dict(environment),
    )


def _log_level(reader: OptionReader, variables: Variables) -> str:
    if variables.debug is not None and reader.get(variables.debug, as_flag, False, option="debug"):
        return DEBUG
    if variables.log_level is not None:
        return reader.get(variables.log_level, as_log_level, DEFAULT_LOG_LEVEL, option="log_level")
    return DEFAULT_LOG_LEVEL
