"""Reads JWTs without verifying them: enough to show a developer what a token says, never to trust it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class TokenFormatError(ValueError):
    """The text is no JWT; the message says why without quoting it."""


@dataclass(frozen=True)
class UnverifiedToken:
    """Header and claims of a JWT whose signature nobody has looked at."""

    header: dict[str, Any]
    claims: dict[str, Any]
    header_part: str
    claims_part: str

    @classmethod
    def parse(cls, token: str) -> UnverifiedToken:
        """Splits and decodes a compact JWS.

        Raises:
            TokenFormatError: it has not three parts, or a part is not Base64url JSON.
        """
        parts = token.split(".")
        if len(parts) == 5:
            raise TokenFormatError("the token is encrypted (a JWE of five parts); only its issuer can read it")
        if len(parts) != 3:
            raise TokenFormatError(
                f"a JWT has three parts separated by dots, this token has {len(parts)} (an opaque token?)"
            )
        return cls(_decode(parts[0], "header"), _decode(parts[1], "payload"), parts[0], parts[1])

    def text_claim(self, *names: str) -> str | None:
        """The first of the named claims that is a non-empty text."""
        for name in names:
            value = self.claims.get(name)
            if isinstance(value, str) and value:
                return value
        return None


def claims_of(token: str | None) -> UnverifiedToken | None:
    """Parses a token that may be absent or opaque."""
    if token is None:
        return None
    try:
        return UnverifiedToken.parse(token)
    except TokenFormatError:
        return None


def describe_moment(value: Any, now: float) -> str:
    """Renders a NumericDate as UTC with its distance from ``now``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "not a valid NumericDate"
    try:
        moment = _EPOCH + timedelta(seconds=value)
    except (OverflowError, ValueError):
        return "not a valid NumericDate"
    distance = describe_duration(abs(now - value))
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC ({f'{distance} ago' if value <= now else f'in {distance}'})"


def describe_duration(seconds: float) -> str:
    """Renders a duration in its two largest units."""
    left = int(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def _decode(part: str, label: str) -> dict[str, Any]:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenFormatError(f"the {label} of the token is not Base64url") from error
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise TokenFormatError(f"the {label} of the token is not JSON") from error
    if not isinstance(document, dict):
        raise TokenFormatError(f"the {label} of the token is not a JSON object")
    return document
