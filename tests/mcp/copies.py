"""Keeps the modules that several packages carry identical.

Each package stands alone: none depends on another, nor on a private package
that would have to be published with them. The price is a copy of the shared
modules and tests in each. ``python tests/mcp/copies.py`` lists the copies that
differ, ``--write`` copies the stateless echo server's over the others'.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2] / "packages"
ORIGINAL = "mcp-echo-streamablehttp-server-stateless"
SERVICE = "src/{import}/service"
TOOLS = "src/{import}/tools"


@dataclass(frozen=True)
class Share:
    """What one package has in common with the original: whole folders of Python files, and single files."""

    package: str
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ("LICENSE",)

    def places(self, owner: str) -> dict[str, Path]:
        """The shared files as they lie in ``owner``, by their place in any package."""
        root = PACKAGES / owner
        import_name = owner.replace("-", "_")
        found = {name: root / name.replace("{import}", import_name) for name in self.files}
        for folder in self.folders:
            base = root / folder.replace("{import}", import_name)
            found.update({f"{folder}/{path.relative_to(base)}": path for path in sorted(base.rglob("*.py"))})
        return {name: path for name, path in found.items() if path.exists()}

    def target(self, place: str) -> Path:
        """Where the package keeps the shared file of that place."""
        return PACKAGES / self.package / place.replace("{import}", self.package.replace("-", "_"))


SHARES = (
    Share(
        "mcp-echo-streamablehttp-server-stateful",
        folders=(SERVICE, TOOLS, "tests/service", "tests/shared"),
        files=("LICENSE", "tests/harness.py", "tests/conftest.py"),
    ),
    Share("mcp-streamablehttp-proxy", folders=(SERVICE,)),
    Share("mcp-fetch-streamablehttp-server", folders=(SERVICE,), files=("LICENSE", "tests/harness.py")),
    Share("mcp-streamablehttp-client"),
    Share(
        "mcp-oauth-dynamicclient",
        files=("LICENSE", *(f"{SERVICE}/{name}.py" for name in ("errors", "log_output", "masking"))),
    ),
)


def differing() -> list[str]:
    """The shared files that differ from the original or that one side lacks."""
    found = []
    for share in SHARES:
        original, copy = share.places(ORIGINAL), share.places(share.package)
        for place in sorted({*original, *copy}):
            here, there = original.get(place), copy.get(place)
            if here is None or there is None or here.read_bytes() != there.read_bytes():
                found.append(f"{share.package}: {place}")
    return found


def write() -> None:
    """Makes the copies equal to the originals."""
    for share in SHARES:
        original = share.places(ORIGINAL)
        for place, path in share.places(share.package).items():
            if place not in original:
                path.unlink()
        for place, path in original.items():
            target = share.target(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    names = differing()
    print("\n".join(names) if names else "all copies are equal")
    raise SystemExit(1 if names else 0)
