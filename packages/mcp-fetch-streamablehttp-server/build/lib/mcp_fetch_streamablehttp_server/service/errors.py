"""Errors a person who starts the service can mend. Owns no exit codes: the command line chooses those."""

from __future__ import annotations


class ConfigurationError(ValueError):
    """A setting that cannot work.

    The message names the flag or variable, the cause and the value; ``hint``
    says what to do about it.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
