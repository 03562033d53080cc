"""What is started as the server, with which environment, where. Starts nothing; no shell is involved.

The command is the operator's: it comes from the command line or from Python,
never from a request.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mcp.client.stdio import get_default_environment

from .service.errors import ConfigurationError


@dataclass(frozen=True)
class ChildCommand:
    """Program, arguments, whole environment and working directory of a server."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    cwd: str | None = None

    @classmethod
    def of(
        cls,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        pass_env: Iterable[str] = (),
        inherit_env: bool = False,
        cwd: str | Path | None = None,
    ) -> ChildCommand:
        """Puts the environment together: the SDK's safe subset or all of ours, then what is named, then ``env``.

        Raises:
            ConfigurationError: there is no program, or a text cannot be handed to a process.
        """
        if isinstance(argv, str) or not argv or not argv[0]:
            raise ConfigurationError(
                "there is no command to start",
                hint="name the stdio server and its arguments, for example `-- my-server`",
            )
        named = {name: os.environ[name] for name in pass_env if name in os.environ}
        environment = {**(os.environ if inherit_env else get_default_environment()), **named, **(env or {})}
        for name in environment:
            if not name or "=" in name:
                raise ConfigurationError(
                    f"not the name of an environment variable: {name!r}", hint="write `--env NAME=VALUE`"
                )
        if any("\0" in text for text in (*argv, *environment, *environment.values(), str(cwd or ""))):
            raise ConfigurationError("the command or its environment holds a NUL character", hint="remove it")
        return cls(tuple(argv), environment, None if cwd is None else str(cwd))

    @property
    def name(self) -> str:
        """The program without its directory, as log and ``/health`` show it; arguments may hold secrets."""
        return Path(self.argv[0]).name


def as_assignment(text: str) -> tuple[str, str]:
    """Splits ``NAME=VALUE``.

    Raises:
        ConfigurationError: there is no name or no equals sign. The value is not repeated: it may be a secret.
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ConfigurationError("`--env` is not an assignment", hint="write `--env NAME=VALUE`")
    return name, value
