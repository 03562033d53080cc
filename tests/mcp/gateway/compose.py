"""Reads the compose file of the documentation the way Compose does, as far as that file goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

DIRECTORY = Path(__file__).resolve().parents[3] / "docs" / "gateway"
COMPOSE = DIRECTORY / "compose.yaml"
CADDYFILE = DIRECTORY / "Caddyfile"
NGINX = DIRECTORY / "nginx.conf"
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Z0-9_]+)(?::([-?])([^}]*))?\})")


def services(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services, with every variable filled in from ``environment``; a required one must be there."""
    document = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    filled = _filled(document["services"], environment)
    assert isinstance(filled, dict)
    return filled


def variables() -> set[str]:
    """Every variable the file takes from its environment."""
    return {match.group(1) for match in _VARIABLE.finditer(COMPOSE.read_text(encoding="utf-8")) if match.group(1)}


def _filled(node: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, environment) for value in node]
    return _VARIABLE.sub(lambda match: _value(match, environment), node) if isinstance(node, str) else node


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    name, kind, rest = match.groups()
    if name is None:
        return "$"
    if kind == "?" and not environment.get(name):
        raise KeyError(f"{name}: {rest}")
    return environment.get(name) or (rest if kind == "-" else "")
