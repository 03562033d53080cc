"""What kind of content a response carries, by its media type or, without one, by its first bytes."""

from __future__ import annotations

import enum
import re

_TEXT_TYPES = frozenset(
    {
        "application/csv",
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/sql",
        "application/toml",
        "application/typescript",
        "application/x-httpd-php",
        "application/x-javascript",
        "application/x-sh",
        "application/x-www-form-urlencoded",
        "application/x-yaml",
        "application/yaml",
        "message/http",
        "message/rfc822",
    }
)
_JSON_TYPES = frozenset({"application/json", "application/x-json", "text/json", "application/manifest+json"})
_LINES_OF_JSON = frozenset({"application/json-seq", "application/jsonl", "application/ndjson", "application/x-ndjson"})
_XML_TYPES = frozenset({"application/xml", "application/xml-dtd", "text/xml"})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_HTML_START = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_SNIFFED = 1024
_ESSENCE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")


class Kind(enum.Enum):
    """How content is shown."""

    HTML = "html"
    JSON = "json"
    TEXT = "text"
    IMAGE = "image"
    BINARY = "binary"


def media_type(content_type: str | None) -> str | None:
    """Type and subtype without parameters (RFC 9110 8.3), or ``None`` when there is no usable type."""
    essence = (content_type or "").partition(";")[0].strip().lower()
    return essence if _ESSENCE.fullmatch(essence) else None


def kind_of(media: str | None, body: bytes) -> Kind:
    """Judges the content."""
    if media is None:
        return _sniffed(body[:_SNIFFED])
    if media in _HTML_TYPES:
        return Kind.HTML
    if media in _JSON_TYPES or media.endswith("+json"):
        return Kind.JSON
    if media.startswith("image/"):
        return Kind.IMAGE
    if media.startswith("text/") or media in _TEXT_TYPES | _XML_TYPES | _LINES_OF_JSON:
        return Kind.TEXT
    return Kind.TEXT if media.endswith(("+xml", "+yaml")) else Kind.BINARY


def _sniffed(start: bytes) -> Kind:
    if b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Kind.BINARY
    return Kind.HTML if _HTML_START.match(start) else Kind.TEXT
