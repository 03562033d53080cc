"""Requests and replies in the shapes Authlib works with. Independent of the web framework."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import JsonPayload, JsonRequest, OAuth2Payload, OAuth2Request

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Incoming:
    """A request after its body was read. ``parameters`` are those of the query or the form, in order."""

    method: str
    path: str
    parameters: Parameters = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    document: Any = None
    subject: str | None = None
    """The client id in the path of a configuration request."""

    def values(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def value(self, name: str) -> str | None:
        """The first value of a parameter that is not empty."""
        return next((value for value in self.values(name) if value), None)

    def repeated(self) -> list[str]:
        """The names that occur more than once."""
        names = [key for key, _ in self.parameters]
        return sorted({name for name in names if names.count(name) > 1})


class Parsed(OAuth2Payload):
    """Parameters by name. Empty ones count as absent (RFC 6749 section 3.1)."""

    def __init__(self, parameters: Parameters) -> None:
        self._data: dict[str, str] = {}
        self._datalist: dict[str, list[str]] = {}
        for name, value in parameters:
            if value:
                self._data.setdefault(name, value)
                self._datalist.setdefault(name, []).append(value)

    @property
    def data(self) -> dict[str, str]:
        """The first value of each."""
        return self._data

    @property
    def datalist(self) -> dict[str, list[str]]:
        """All values of each."""
        return self._datalist


class OAuthRequest(OAuth2Request):
    """A request to an endpoint at its address below the issuer, wherever TLS ended."""

    def __init__(self, incoming: Incoming, issuer: str) -> None:
        super().__init__(incoming.method, issuer + incoming.path, headers=_safe_headers(incoming.headers))
        self.payload = Parsed(incoming.parameters)
        self.resource: str | None = None

    @property
    def args(self) -> dict[str, str]:
        """The parameters."""
        return self.form

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        data: dict[str, str] = self.payload.data
        return data


class _Document(JsonPayload):
    def __init__(self, document: Any) -> None:
        self._document = document

    @property
    def data(self) -> Any:
        return self._document


class DocumentRequest(JsonRequest):
    """A request whose body is a JSON object."""

    def __init__(self, incoming: Incoming, issuer: str) -> None:
        super().__init__(incoming.method, issuer + incoming.path, headers=incoming.headers)
        self.payload = _Document(incoming.document)
        self.subject = incoming.subject
        self.credential: Any = None
        self.client: Any = None


@dataclass
class Reply:
    """What to answer. ``location`` can be rewritten, which is how Authlib adds ``iss`` to redirects."""

    status: int
    body: Any
    headers: list[tuple[str, str]]

    @property
    def location(self) -> str | None:
        """The ``Location`` header."""
        return next((value for name, value in self.headers if name.lower() == "location"), None)

    @location.setter
    def location(self, value: str) -> None:
        self.headers = [header for header in self.headers if header[0].lower() != "location"]
        self.headers.append(("Location", value))


def _safe_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers Authlib reads. Basic credentials that are no UTF-8 are dropped: it would fail over them."""
    authorization = headers.get("authorization")
    if authorization is None or not _decodable(authorization):
        return {}
    return {"Authorization": authorization}


def _decodable(authorization: str) -> bool:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return True
    try:
        base64.b64decode(credentials.strip()).decode()
    except (binascii.Error, ValueError):
        return False
    return True
