#!/usr/bin/env python3
"""Refuses a tag that is not the version of what it releases.

usage: check_tag.py --tag TAG --info FILE

TAG is `NAME-vVERSION` for one package or `vVERSION` for all of them; FILE holds what `pyrel info --format json`
printed. Prints `selection=NAME` (or `selection=all`), the form in which a workflow step sets an output. The name is
the one that the package itself has, never a part of the tag.

Exits with 1 and one line for each reason when the tag does not fit.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

TAG = re.compile(r"(?:(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)-)?v(?P<version>[0-9][A-Za-z0-9.!+_-]*)")


class RefusedError(Exception):
    """The tag does not fit; says every reason."""


def canonical(name: str) -> str:
    """The one spelling of a project name that all its spellings share (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def split(tag: str) -> tuple[str | None, str]:
    """The package's name, where the tag has one, and the version."""
    match = TAG.fullmatch(tag)
    if match is None:
        raise RefusedError(f"tag is neither `NAME-vVERSION` nor `vVERSION`: {tag}")
    return match["name"], match["version"]


def misfits(package: dict[str, Any], version: str) -> list[str]:
    """Why a package cannot be released as `version`."""
    name = package["name"]
    if package["error"] is not None:
        return [f"`{name}` is broken: {package['error']}"]
    if package["version"] != version:
        return [f"`{name}` has another version than the tag: {package['version']}"]
    return []


def select(tag: str, info: dict[str, Any]) -> str:
    """What the tag releases: a package's name, or `all`."""
    if info["schema"] != 1:
        raise RefusedError(f"output of `pyrel info` has an unknown schema: {info['schema']}")
    name, version = split(tag)
    if name is None:
        packages = [package for package in info["packages"] if package["publish"] or package["error"] is not None]
    else:
        packages = [p for p in info["packages"] if p["name"] is not None and canonical(p["name"]) == canonical(name)]
        if not packages:
            raise RefusedError(f"no package has the name in the tag: {name}")
        if not packages[0]["publish"] and packages[0]["error"] is None:
            raise RefusedError(f"`{packages[0]['name']}` is private and is never published")
    if not packages:
        raise RefusedError("no package is there to be published")
    reasons = [reason for package in packages for reason in misfits(package, version)]
    if reasons:
        raise RefusedError("\n".join(reasons))
    return "all" if name is None else str(packages[0]["name"])


def main(arguments: list[str]) -> int:
    """Judges the tag and returns the exit code."""
    parser = argparse.ArgumentParser(description="refuses a tag that is not the version of what it releases")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--info", required=True, type=Path)
    options = parser.parse_args(arguments)
    try:
        selection = select(options.tag, json.loads(options.info.read_text(encoding="utf-8")))
    except RefusedError as refused:
        for reason in str(refused).splitlines():
            sys.stderr.write(f"error: {reason}\n")
        return 1
    sys.stdout.write(f"selection={selection}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
