"""Documents that clients send and get: registration metadata, token answers, errors. Holds no logic of the flows."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .redirects import check_registrable

GRANT_CODE = "authorization_code"
GRANT_REFRESH = "refresh_token"
GRANT_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_WEB_URL = re.compile(r"https?://[^\s\x00-\x20\x7f\"<>\\^`{|}#]+")


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("has control or direction characters")
    return text


def _redirect_uri(uri: str) -> str:
    check_registrable(uri)
    return uri


def _web_url(url: str) -> str:
    if not _WEB_URL.fullmatch(url):
        raise ValueError("is not an http(s) URL")
    return url


def _ascii(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("has characters other than printable ASCII")
    return text


Text = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
RedirectUri = Annotated[str, AfterValidator(_redirect_uri)]
WebUrl = Annotated[str, Field(max_length=2048), AfterValidator(_web_url)]
ScopeText = Annotated[str, Field(max_length=1000), AfterValidator(_ascii)]


class ClientRegistration(BaseModel):
    """Client metadata of RFC 7591 section 2, as far as this server stores it. Other fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    redirect_uris: list[RedirectUri] = Field(default=[], max_length=20)
    client_name: Text | None = None
    token_endpoint_auth_method: Literal["none", "client_secret_basic", "client_secret_post"] = "client_secret_basic"  # noqa: S105 - a method's name
    grant_types: list[Annotated[str, Field(max_length=100)]] = Field(default=[], max_length=10)
    response_types: list[Annotated[str, Field(max_length=100)]] = Field(default=["code"], max_length=10)
    application_type: Literal["web", "native"] | None = None
    scope: ScopeText | None = None
    client_uri: WebUrl | None = None
    logo_uri: WebUrl | None = None
    tos_uri: WebUrl | None = None
    policy_uri: WebUrl | None = None
    contacts: list[Text] | None = Field(default=None, max_length=20)
    software_id: Text | None = None
    software_version: Text | None = None

    def metadata(self) -> dict[str, Any]:
        """The metadata as a JSON object, without what was not given."""
        return self.model_dump(exclude_none=True)


class TokenResponse(BaseModel):
    """A successful answer of the token endpoint (RFC 6749 section 5.1)."""

    access_token: str = Field(repr=False)
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a type's name
    expires_in: int
    refresh_token: str | None = Field(default=None, repr=False)
    scope: str | None = None


class ErrorResponse(BaseModel):
    """A JSON error (RFC 6749 section 5.2)."""

    error: str
    error_description: str | None = None
