"""Tells what one installed distribution brings: importable modules, console scripts, and requirements."""

import json
import sys
from importlib import metadata

SUFFIXES = (".py", ".so", ".pyd")


def module_parts(path):
    """Returns the dotted parts that a file makes importable, or None."""
    parts = list(path.parts)
    if not parts or parts[0] == ".." or not parts[-1].endswith(SUFFIXES):
        return None
    parts[-1] = parts[-1].split(".")[0]
    if not all(part.isidentifier() for part in parts):
        return None
    return parts


def modules(files):
    """Returns the topmost regular packages and modules; a namespace package alone proves nothing."""
    found = [parts for parts in map(module_parts, files) if parts]
    regular = {tuple(parts[:-1]) for parts in found if parts[-1] == "__init__" and len(parts) > 1}
    names = set()
    for parts in found:
        if parts[-1] == "__main__" or parts == ["__init__"]:
            continue
        for depth in range(1, len(parts)):
            if tuple(parts[:depth]) in regular:
                names.add(".".join(parts[:depth]))
                break
        else:
            names.add(".".join(parts))
    return sorted(names)


def main(name):
    distribution = metadata.distribution(name)
    scripts = {point.name for point in distribution.entry_points if point.group == "console_scripts"}
    answer = {
        "version": distribution.version,
        "modules": modules(distribution.files or []),
        "scripts": sorted(scripts),
        "requires": distribution.requires or [],
    }
    json.dump(answer, sys.stdout)


main(sys.argv[1])
