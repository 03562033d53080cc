"""Keeps the modules that both echo servers carry identical.

Each package stands alone: neither depends on the other, nor on a private third
package that would have to be published with them. The price is a copy of the
shared modules and tests in each. ``python tests/mcp/copies.py`` lists the
copies that differ, ``--write`` copies the stateless server's over the other's.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2] / "packages"
ORIGINAL = "stateless"
COPY = "stateful"
TREES = ("src/mcp_echo_streamablehttp_server_{kind}/service", "tests/shared")
FILES = ("tests/harness.py", "tests/conftest.py", "LICENSE")


def root(kind: str) -> Path:
    """The directory of one package."""
    return PACKAGES / f"mcp-echo-streamablehttp-server-{kind}"


def shared_files(kind: str) -> dict[str, Path]:
    """The shared files of one package by their place in either."""
    found = {name: root(kind) / name for name in FILES}
    for tree in TREES:
        base = root(kind) / tree.format(kind=kind)
        found.update({f"{tree}/{path.relative_to(base)}": path for path in sorted(base.rglob("*.py"))})
    return found


def differing() -> list[str]:
    """The shared files that differ or that one package lacks."""
    ours, theirs = shared_files(ORIGINAL), shared_files(COPY)
    return [
        name
        for name in sorted({*ours, *theirs})
        if name not in ours or name not in theirs or ours[name].read_bytes() != theirs[name].read_bytes()
    ]


def write() -> None:
    """Makes the copies equal to the originals."""
    ours, theirs = shared_files(ORIGINAL), shared_files(COPY)
    for name, path in theirs.items():
        if name not in ours:
            path.unlink()
    for name, path in ours.items():
        target = root(COPY) / name.format(kind=COPY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    names = differing()
    print("\n".join(names) if names else "all copies are equal")
    raise SystemExit(1 if names else 0)
