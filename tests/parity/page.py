"""docs/parity.md: what a run of the comparison found, in numbers and names."""

from __future__ import annotations

import collections
import difflib
import pathlib

HEAD = """\
# Native builds beside the real backends

Made by `tests/parity/run.py --page docs/parity.md --bless`, and compared with the run in every `cargo xtask test`.
Each project is built by pyrel, which must do it natively, and by its real, pinned backend; sdist and wheel are compared
member by member and field by field (`tests/parity/compare_dists.py`). One difference fails the run. What goes to the
real backend instead is told in [builds.md](builds.md).

"""

TOLERATED = """
## Differences that are tolerated

| where | what differs | why it does not matter |
|---|---|---|
| archives | order and times of members, compression, folders as members | no installer looks at them |
| sdists | `*.egg-info` on one side | a by-product of setuptools; nothing that builds from an sdist reads it |
| sdists | `pyproject.toml.orig` on one side | uv_build's copy of the file as it was before it printed it anew |
| metadata | order of fields, spelling of requirements that mean the same | consumers parse both |
| WHEEL | `Generator` | says who made the wheel |
| members | executable bit | backends disagree with themselves across platforms |

No project is excepted from the comparison.
"""


def page(results):
    """Return the page of a run; a result is (name, kind, dialect, verdict of the sdist, of the wheel, report)."""
    rows = collections.defaultdict(list)
    for name, kind, dialect, sdist, wheel, _ in results:
        rows[dialect or "none"].append((name, kind, (sdist, wheel) == ("same", "same")))
    text = HEAD + "| dialect | projects of the corpus | packages of this repository | real projects | equivalent |\n"
    text += "|---|---|---|---|---|\n"
    for dialect, projects in sorted(rows.items()):
        counts = [sum(kind == wanted for _, kind, _ in projects) for wanted in ("corpus", "package", "real")]
        same = sum(is_same for *_, is_same in projects)
        cells = [dialect, *(str(count) for count in counts), f"{same} of {len(projects)}"]
        text += "| " + " | ".join(cells) + " |\n"
    text += TOLERATED + "\n## Projects\n"
    for dialect, projects in sorted(rows.items()):
        text += f"\n**{dialect}**: " + ", ".join(f"`{name}`" for name, *_ in sorted(projects)) + "\n"
    return text


def settle(path: pathlib.Path, text: str, bless: bool) -> list[str]:
    """Write the page, or return how it differs from the one that is there."""
    if bless:
        path.write_text(text, encoding="utf-8")
        return []
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = difflib.unified_diff(old.splitlines(), text.splitlines(), str(path), "this run", lineterm="")
    return list(lines)
