"""Judges metadata with the packaging library as PyPI does; run as a program, because PyPI's version is another one
than twine's.

Reads a JSON list of texts in base64 from standard input, and writes a JSON list of
``{"messages": [...], "crash": bool}``.
"""

from __future__ import annotations

import base64
import json
import sys
from email.errors import MessageError

from packaging.metadata import InvalidMetadata, Metadata, parse_email

if sys.version_info < (3, 11):
    from packaging.errors import ExceptionGroup


def judge(metadata: bytes) -> dict[str, object]:
    """Parses metadata as a form would carry it: without what is no field, and without early licence files."""
    raw, _ = parse_email(metadata)
    if raw.get("metadata_version") in ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3"):
        raw.pop("license_files", None)
    messages: list[str] = []
    try:
        Metadata.from_raw(raw)
    except ExceptionGroup as group:
        messages = sorted(str(error) for error in group.exceptions if isinstance(error, InvalidMetadata))
    except (KeyError, ValueError, IndexError, MessageError):
        # The library puts a text with the user's braces through `str.format_map`, and a broken content type through
        # Python's mail parser.
        return {"messages": [], "crash": True}
    return {"messages": messages, "crash": False}


if __name__ == "__main__":
    json.dump([judge(base64.b64decode(text)) for text in json.load(sys.stdin)], sys.stdout)
