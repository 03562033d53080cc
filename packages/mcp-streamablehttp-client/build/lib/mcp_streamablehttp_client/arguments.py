"""Turns the text behind a tool's name into arguments: JSON, ``key=value`` pairs, or one bare value.

Types follow the tool's schema. Nothing is invented: a tool called without text
gets no arguments.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from .errors import ConfigurationError

_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)=(?P<value>.*)", re.DOTALL)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def parse_tool_arguments(tool_name: str, text: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The arguments that ``text`` means for a tool; ``schema`` is the tool's ``inputSchema`` if it is known.

    Raises:
        ConfigurationError: the text fits none of the three forms, or a value not its type.
    """
    text = text.strip()
    if not text:
        return {}
    if text.startswith("{"):
        return _json_object(tool_name, text)
    words = _words(tool_name, text)
    if _PAIR.fullmatch(words[0]):
        return _pairs(tool_name, words, schema)
    return _bare(tool_name, words[0] if len(words) == 1 else text, schema)


def _json_object(tool_name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(
            f"the arguments of {tool_name} are not JSON: {error}", hint="quote the whole object for the shell"
        ) from None
    return dict(value)  # what begins with a brace and is JSON is an object


def _words(tool_name: str, text: str) -> list[str]:
    try:
        return shlex.split(text) or [""]
    except ValueError as error:
        if "=" in text.split(" ", 1)[0]:
            raise ConfigurationError(
                f"the arguments of {tool_name} cannot be split: {error}", hint="close the quotation marks"
            ) from None
        return [text]  # an apostrophe in a plain sentence


def _pairs(tool_name: str, words: list[str], schema: Mapping[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        pair = _PAIR.fullmatch(word)
        if pair is None:
            raise ConfigurationError(
                f"the arguments of {tool_name} mix `key=value` with something else: {word!r}",
                hint="quote values that contain spaces: key='a b'",
            )
        key = pair["key"]
        found[key] = _converted(tool_name, key, pair["value"], _types(schema, key))
    return found


def _converted(tool_name: str, key: str, value: str, types: list[str]) -> Any:
    """A value as the first type that takes it; without types as JSON if it is JSON, else as text."""
    if not types:
        return _as_json(value, value)
    for kind in types:
        try:
            return _CONVERSIONS[kind](value)
        except (KeyError, ValueError):
            continue
    raise ConfigurationError(
        f"the argument `{key}` of {tool_name} is not of type {' or '.join(types)}: {value!r}",
        hint=f"see the tool's schema with `--list-tools --verbose`; strings may be quoted: {key}='...'",
    )


def _as_json(value: str, default: Any) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return default


def _structured(kind: type) -> Any:
    def convert(value: str) -> Any:
        parsed = json.loads(value)
        if not isinstance(parsed, kind):
            raise ValueError(value)  # noqa: TRY004 - text that does not fit, like the other conversions
        return parsed

    return convert


def _boolean(value: str) -> bool:
    lowered = value.lower()
    if lowered not in _TRUE | _FALSE:
        raise ValueError(value)
    return lowered in _TRUE


def _number(value: str) -> int | float:
    try:
        return int(value)
    except ValueError:
        return float(value)


def _null(value: str) -> None:
    if value != "null":
        raise ValueError(value)


_CONVERSIONS: dict[str, Any] = {
    "integer": int,
    "number": _number,
    "boolean": _boolean,
    "null": _null,
    "array": _structured(list),
    "object": _structured(dict),
    "string": str,
}


def _types(schema: Mapping[str, Any] | None, key: str) -> list[str]:
    """The types a property may have, the narrow ones first: text is what everything else can be read as."""
    described = _properties(schema).get(key)
    if not isinstance(described, Mapping):
        return []
    options = [described, *(described.get("anyOf") or []), *(described.get("oneOf") or [])]
    named: list[str] = []
    for option in options:
        kind = option.get("type") if isinstance(option, Mapping) else None
        named += [kind] if isinstance(kind, str) else list(kind or [])
    return [kind for kind in _CONVERSIONS if kind in named]


def _properties(schema: Mapping[str, Any] | None) -> Mapping[str, Any]:
    properties = (schema or {}).get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _bare(tool_name: str, value: str, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    required = [name for name in (schema or {}).get("required") or [] if "string" in _types(schema, name)]
    if len(required) == 1:
        return {required[0]: value}
    for name in _by_name(tool_name, value):
        if schema is None or name in _properties(schema):
            return {name: value}
    names = ", ".join(_properties(schema)) or "none"
    raise ConfigurationError(
        f"{tool_name} has no single argument for a bare value (its arguments: {names})",
        hint="write key=value pairs or a JSON object",
    )


def _by_name(tool_name: str, value: str) -> list[str]:
    """The property names a value fits, the likeliest first."""
    names = []
    if value.startswith(("http://", "https://")):
        names.append("url")
    if value.startswith("/"):
        names.append("path")
    if "echo" in tool_name.lower():
        names.append("message")
    return [*names, "query"]
