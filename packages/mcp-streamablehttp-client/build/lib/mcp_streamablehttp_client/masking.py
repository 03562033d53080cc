"""Hides secrets in what is shown. Knows how secrets look in text, never the secrets."""

from __future__ import annotations

import re

_SHORTEST_SHOWN = 13
_SHOWN_AT_MOST = 300
_NAMED_SECRET = re.compile(
    r"(?P<name>access_token|refresh_token|id_token|registration_access_token|client_secret|code_verifier|code|state"
    r"|device_code)(?P<join>\"?\s*[=:]\s*\"?)(?P<value>[^\s\"&,}]+)"
)
_BEARER = re.compile(r"(?P<scheme>Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_SESSION_LIKE = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")


def mask(secret: str) -> str:
    """Keeps four characters at either end; anything short enough to be guessed from them is hidden whole."""
    if len(secret) < _SHORTEST_SHOWN:
        return "****"
    return f"{secret[:4]}...{secret[-4:]}"


def without_secrets(text: str) -> str:
    """One line of foreign text as it may be shown: secret values replaced, session ids cut, length bounded."""
    line = " ".join(text.split())
    line = _NAMED_SECRET.sub(r"\g<name>\g<join>****", line)
    line = _BEARER.sub(r"\g<scheme> ****", line)
    line = _SESSION_LIKE.sub(r"\1...", line)
    return line if len(line) <= _SHOWN_AT_MOST else f"{line[:_SHOWN_AT_MOST]}..."
