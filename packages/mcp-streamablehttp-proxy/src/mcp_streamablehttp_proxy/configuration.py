"""Everything one proxy is told: which server, which limits, whom to serve. Refuses what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from .child_command import ChildCommand
from .limits import ISOLATIONS, Isolation, Limits
from .service.admission import AllowList
from .service.errors import ConfigurationError
from .service.identity import TrustedEdge
from .service.settings import DEFAULT_HOST, DEFAULT_PORT, ServiceSettings


class ProxyOptions(TypedDict, total=False):
    """What may be said about a proxy in Python, beside its command, address and session timeout."""

    request_timeout: float
    startup_timeout: float
    max_sessions: int
    max_message: int
    isolation: Isolation
    env: Mapping[str, str] | None
    pass_env: Iterable[str]
    inherit_env: bool
    cwd: str | Path | None
    allowed_hosts: Sequence[str]
    allowed_origins: Sequence[str]
    trust_user_header: bool
    json_response: bool


@dataclass(frozen=True)
class ProxyConfiguration:
    """A whole configuration.

    ``isolation`` says which modern clients share a server; a legacy session always has its own.
    """

    command: ChildCommand
    limits: Limits = field(default_factory=Limits)
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    isolation: Isolation = "session"
    json_response: bool = False

    def __post_init__(self) -> None:
        """Refuses an isolation nothing can provide.

        Raises:
            ConfigurationError: the isolation is unknown, or is by user while no user is known.
        """
        if self.isolation not in ISOLATIONS:
            raise ConfigurationError(
                f"`--isolation` is none of {', '.join(ISOLATIONS)}: {self.isolation}",
                hint="choose one of them",
            )
        if self.isolation == "user" and not self.settings.edge.user_header:
            raise ConfigurationError(
                "`--isolation user` needs to know the users, and no header is trusted to name them",
                hint="add `--trust-user-header` behind an edge proxy that sets `X-User-Id`, or isolate by session",
            )


def configure(
    command: Sequence[str],
    session_timeout: float,
    options: ProxyOptions,
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
) -> ProxyConfiguration:
    """The configuration for what is said in Python.

    Raises:
        ConfigurationError: something cannot work.
    """
    given = Limits()
    limits = Limits(
        session_timeout=session_timeout,
        request_timeout=options.get("request_timeout", given.request_timeout),
        startup_timeout=options.get("startup_timeout", given.startup_timeout),
        max_sessions=options.get("max_sessions", given.max_sessions),
        max_message=options.get("max_message", given.max_message),
    )
    child = ChildCommand.of(
        command,
        env=options.get("env"),
        pass_env=options.get("pass_env", ()),
        inherit_env=options.get("inherit_env", False),
        cwd=options.get("cwd"),
    )
    settings = ServiceSettings(
        host=host,
        port=port,
        allow=AllowList(
            hosts=tuple(options.get("allowed_hosts", ())), origins=tuple(options.get("allowed_origins", ()))
        ),
        edge=TrustedEdge(user_header=options.get("trust_user_header", False)),
    )
    isolation = options.get("isolation", "session")
    return ProxyConfiguration(child, limits, settings, isolation, options.get("json_response", False))
