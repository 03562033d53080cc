"""From bytes to text: byte order mark, then the header's charset, then ``<meta>``, then detection.

A byte order mark comes first because the Encoding Standard says so: it cannot
be there by accident. Labels that are no character encodings of the web are
ignored (``punycode`` and its like are also slow on purpose-made input).
"""

from __future__ import annotations

import codecs
import re
from email.message import Message

from charset_normalizer import from_bytes

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"<meta\b[^>]{0,512}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_PRESCANNED = 4096
_DETECTED = 32 * 1024
_FALLBACK = "windows-1252"
_NOT_OF_THE_WEB = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(body: bytes, content_type: str | None, *, html: bool) -> tuple[str, str]:
    """The text and the name of the encoding it was in. What cannot be decoded becomes U+FFFD."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    labels: list[str | None] = [_charset_of(content_type)]
    if html:
        labels.append(_declared_in_meta(body))
    for label in labels:
        known = _known(label)
        if known is not None:
            return without_surrogates(body.decode(known, "replace")), known
    name = _detected(body)
    return without_surrogates(body.decode(name, "replace")), name


def without_surrogates(text: str) -> str:
    """Replaces lone surrogates, which no JSON message could carry over the wire."""
    return _SURROGATES.sub("\ufffd", text)


def _charset_of(content_type: str | None) -> str | None:
    if not content_type:
        return None
    message = Message()
    message["content-type"] = content_type
    charset = message.get_param("charset")
    return charset.strip() if isinstance(charset, str) else None


def _declared_in_meta(body: bytes) -> str | None:
    found = _META.search(body[:_PRESCANNED])
    if found is None:
        return None
    label = found.group(1).decode("ascii")
    # A document whose meta element could be read in ASCII is not in UTF-16, whatever it claims.
    return "utf-8" if label.lower().startswith(("utf-16", "utf-32")) else label


def _known(label: str | None) -> str | None:
    if not label:
        return None
    try:
        name = codecs.lookup(label).name
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return None
    if name.replace("_", "-") in _NOT_OF_THE_WEB:
        return None
    # The Encoding Standard reads both labels as the superset that browsers have always taken them for.
    return _FALLBACK if name in ("ascii", "iso8859-1") else name


def _detected(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(body[:_DETECTED]).best()
        return _known(best.encoding) or _FALLBACK if best is not None else _FALLBACK
    return "utf-8"
