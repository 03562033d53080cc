"""Failures of one fetch that the caller is told about. Their text is one line and names no resolved address."""

from __future__ import annotations


class FetchError(Exception):
    """A fetch that cannot be carried out or did not work out; the message goes to the model."""


class UrlRefusedError(FetchError, ValueError):
    """A URL the policy refuses. ``rule`` names the rule; the address behind a name is never said."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"refused by rule `{rule}`: {reason}")
        self.rule = rule
