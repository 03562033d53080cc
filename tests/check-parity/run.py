"""pyrel's verdicts beside those of twine, check-wheel-contents, and the packaging library, on made distributions.

Usage: ``python tests/check-parity/run.py --pyrel BINARY [--bless] [--seed N]``

Makes every distribution of ``cases.py``, lets all tools judge it, and fails when pyrel passes what another tool
refuses without a reason in ``reasons.py``, when a finding that pyrel calls twine's or PyPI's is not true, or when
``docs/check-parity.md``, which lists all differences, is not what this run says. ``--bless`` writes that page.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from cases import SEED, Case, all_cases
from dists import wheel
from judge import Verdicts, disagreements, faults
from page import render
from reasons import UNDECIDED
from tools import contents, library, packaging, pyrel, twine, twine_command
from values import FIELDS, dist_of, values_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "check-parity.md"
RULES = ROOT / "docs" / "rules.md"


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pyrel", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args()


def judge_all(binary: Path, cases: list[Case]) -> list[Verdicts]:
    """Lets all tools judge all distributions."""
    texts = {case.name: case.dist.metadata() for case in cases if case.dist.metadata_bytes is None}
    judged = dict(zip(texts, packaging(list(texts.values()), library(Path(sys.prefix))), strict=True))
    verdicts = []
    with tempfile.TemporaryDirectory() as directory:
        for number, case in enumerate(cases):
            path = Path(directory) / str(number) / case.dist.filename
            path.parent.mkdir()
            path.write_bytes(case.dist.data())
            known = judged.get(case.name)
            verdicts.append(Verdicts(case.name, pyrel(binary, path), twine(path), contents(path), known))
    return verdicts


def compare_command(verdicts: list[Verdicts], cases: list[Case]) -> list[str]:
    """Holds what the command ``twine check`` calls to the command itself, on a few distributions."""
    problems = []
    with tempfile.TemporaryDirectory() as directory:
        for verdict, case in list(zip(verdicts, cases, strict=True))[:20:6]:
            path = Path(directory) / case.dist.filename
            path.write_bytes(case.dist.data())
            for flags, ok in (((), verdict.twine.ok), (("--strict",), verdict.twine.ok_strict)):
                if twine_command(path, *flags) != ok:
                    problems.append(f"{case.name}: the command `twine check` says something else")
    return problems


def compare_values(binary: Path, seed: int) -> tuple[list[str], int]:
    """Compares pyrel and PyPI's library value by value; returns what pyrel refuses wrongly, and how many there were."""
    problems, count = [], 0
    home = library(Path(sys.prefix))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / wheel().filename
        for field, (rule, often, _) in FIELDS.items():
            values = values_of(field, seed)
            count += len(values)
            alone = packaging([dist_of(field, [value]).metadata() for value in values], home)
            bad = {value for value, said in zip(values, alone, strict=True) if said.messages or said.crash}
            size = 50 if often else 1
            for start in range(0, len(values), size):
                chunk = values[start : start + size]
                path.write_bytes(dist_of(field, chunk).data())
                found = [each for each in pyrel(binary, path).findings if each.rule in (rule, "metadata-braces")]
                refused = len([each for each in found if not each.message.startswith("Dynamic field")])
                expected = len([value for value in chunk if value in bad])
                if refused > expected or (refused < expected and field not in UNDECIDED):
                    problems.append(f"{field}: pyrel refuses {refused}, the library {expected} of {chunk}")
    return problems, count


def compare_defects(binary: Path, seed: int) -> list[str]:
    """Holds the rule that says twine's words about content types to twine's version of the library."""
    field, words = "Description-Content-Type", "is not a valid content type"
    refusals = {"description-content-type", "metadata-braces"}
    problems = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / wheel().filename
        values = values_of(field, seed)
        said = packaging([dist_of(field, [value]).metadata() for value in values])
        for value, library_says in zip(values, said, strict=True):
            theirs = any(words in message for message in library_says.messages)
            path.write_bytes(dist_of(field, [value]).data())
            rules = {finding.rule for finding in pyrel(binary, path).findings}
            own = "description-content-type-defect" in rules
            # What PyPI refuses anyway has that finding alone.
            if own > theirs or (theirs and not own and not rules & refusals):
                problems.append(f"{field}: twine's library calls {value!r} a defect: {theirs}; pyrel: {own}")
    return problems


def untouched(verdicts: list[Verdicts]) -> list[str]:
    """Returns the rules of the catalogue that no distribution here breaks."""
    rules = re.findall(r"^\| \[`([a-z0-9-]+)`\]", RULES.read_text(encoding="utf-8"), re.MULTILINE)
    broken = {finding.rule for verdict in verdicts for finding in verdict.pyrel.findings}
    return [rule for rule in rules if rule not in broken]


def main() -> int:
    """Runs everything; returns the exit code."""
    given = arguments()
    cases = all_cases(given.seed)
    verdicts = judge_all(given.pyrel, cases)
    problems, values = compare_values(given.pyrel, given.seed)
    problems += compare_defects(given.pyrel, given.seed)
    problems += compare_command(verdicts, cases)
    for verdict in verdicts:
        problems += faults(verdict)
    found = disagreements(verdicts)
    problems += [f"{each.case}: {each.what}: no reason is known" for each in found if not each.reason]
    text = render(verdicts, found, untouched(verdicts), values)
    if given.bless:
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    elif given.seed == SEED:
        page = PAGE.read_text(encoding="utf-8").replace("\r\n", "\n") if PAGE.is_file() else ""
        if page != text:
            problems.append(f"{PAGE.relative_to(ROOT)} is not what this run says; `--bless` writes it")
    for problem in problems:
        print(f"FAULT {problem}")
    print(f"{len(verdicts)} distributions, {values} values, {len(found)} differences, {len(problems)} faults")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
