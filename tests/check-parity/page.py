"""Writes docs/check-parity.md."""

from __future__ import annotations

from collections import defaultdict

from judge import Difference, Verdicts
from tools import Twine

HEAD = """# `pyrel check` beside other checkers

<!-- generated: python tests/check-parity/run.py --pyrel target/debug/pyrel --bless -->

The program `tests/check-parity/run.py` makes {count} distributions, good and bad, and lets `pyrel check`, `twine check`
7.0.0, `check-wheel-contents` 0.6.3, and the library `packaging` 26.2 (PyPI's own version)
judge each of them. This page lists where they differ.

What must hold, and fails the program when it does not:

- What `twine check` fails, `pyrel check` fails; what `twine check --strict` fails, `pyrel check --strict` fails.
- A finding of `source: twine` is true: an error fails `twine check`, a warning fails `twine check --strict`.
- The rules that state the judgement of `packaging` say it in its very words, and they say all that it says.
- `description-content-type-defect` says what `packaging` 26.3, which twine has, refuses of content types, 26.2 not.
- Of {values} values of single fields, good ones and mutated ones, pyrel refuses none that the library takes, and takes
  none that the library refuses, but for paths on drives of Windows.
- Every difference has a reason below.

| | twine passes | twine passes with warnings | twine fails |
|---|---|---|---|
{matrix}
"""


def render(verdicts: list[Verdicts], found: list[Difference], untouched: list[str], values: int) -> str:
    """Returns the text of the page."""
    parts = [HEAD.format(count=len(verdicts), values=values, matrix=matrix(verdicts))]
    for tool in ("twine check", "twine check --strict", "check-wheel-contents"):
        own = [each for each in found if each.tool == tool]
        parts.append(f"\n## `{tool}`: {len(own)} differences\n")
        if tool == "twine check --strict":
            # What fails for an error fails strictly too; to list it again would say nothing.
            errors = {each.case for each in found if each.tool == "twine check"}
            again = [each for each in own if each.case in errors]
            own = [each for each in own if each.case not in errors]
            parts.append(f"\n{len(again)} of them stand above, because an error fails both; these are the others.\n")
        for what in sorted({each.what for each in own}):
            parts.append(table(what, [each for each in own if each.what == what]))
    parts.append("\n## Rules that no distribution here breaks\n\n")
    parts.append(
        "They need an index, a second file, or an archive too large for a comparison; each has tests of its own.\n\n"
    )
    parts.append(", ".join(f"`{rule}`" for rule in untouched) + "\n")
    return "".join(parts)


def matrix(verdicts: list[Verdicts]) -> str:
    """Counts the verdicts of pyrel and twine against each other."""
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for verdict in verdicts:
        counts[grade(verdict.pyrel.ok, verdict.pyrel.ok_strict), twine_grade(verdict.twine)] += 1
    names = ("pyrel passes", "pyrel passes with warnings", "pyrel fails")
    return "\n".join(
        f"| {name} | " + " | ".join(str(counts[row, column]) for column in range(3)) + " |"
        for row, name in enumerate(names)
    )


def twine_grade(verdict: Twine) -> int:
    """Returns 0 for a pass, 1 for warnings, 2 for a failure."""
    return grade(verdict.ok, verdict.ok_strict)


def grade(ok: bool, ok_strict: bool) -> int:
    """Returns 0 for a pass, 1 for warnings, 2 for a failure."""
    if ok_strict:
        return 0
    return 1 if ok else 2


def table(what: str, found: list[Difference]) -> str:
    """Returns the rows of one kind of difference, cases with the same cause together."""
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in found:
        rows[each.rule, each.reason].append(each.case)
    tool = found[0].tool
    lines = [f"\n### `{tool}`{what.removeprefix(tool)}\n\n| rules | distributions | reason |\n|---|---|---|\n"]
    for (rule, reason), cases in sorted(rows.items()):
        shown = ", ".join(f"`{name}`" for name in rule.split(", ")) if rule else ""
        lines.append(f"| {shown} | {'; '.join(cases).replace('|', '&#124;')} | {reason} |\n")
    return "".join(lines)
