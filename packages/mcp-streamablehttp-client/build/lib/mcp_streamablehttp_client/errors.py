"""Errors a person can mend. Owns no exit codes: the command line chooses those.

Messages name the setting, server or cause; ``hint`` says what to do about it.
No message ever quotes a token, a code, a ``state`` or a client secret.
"""

from __future__ import annotations


class ClientError(Exception):
    """What can be shown to a person as it is: one line, and a remedy."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class ConfigurationError(ClientError, ValueError):
    """A setting, flag or argument that cannot work."""


class AuthorizationError(ClientError):
    """The authorization server, or what it said about itself, was refused or refused us."""


class AuthorizationRequired(AuthorizationError):  # noqa: N818 - a state to report, the command ends with status 3
    """A person has to authorize this client and there is no way to reach one from here."""


class ServerUnreachableError(ClientError):
    """The MCP server could not be reached or did not answer as one."""
