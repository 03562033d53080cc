"""What the verdicts must have to do with each other, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass

import reasons
from tools import Contents, Packaging, Pyrel, Twine, normal


@dataclass(frozen=True)
class Verdicts:
    """What all tools say about one distribution."""

    case: str
    pyrel: Pyrel
    twine: Twine
    contents: Contents | None
    packaging: Packaging | None


@dataclass(frozen=True)
class Difference:
    """Two tools that differ about one distribution, and why; no reason is a fault."""

    case: str
    tool: str
    what: str
    rule: str
    reason: str


def faults(verdict: Verdicts) -> list[str]:
    """Returns what must never be, whatever the reason."""
    said = []
    pyrel, twine = verdict.pyrel, verdict.twine
    for finding in pyrel.findings:
        if finding.source == "twine":
            passes = twine.ok if finding.level == "error" else twine.ok_strict
            if passes:
                said.append(f"{verdict.case}: `{finding.rule}` is called twine's, but twine passes")
    # Of metadata that cannot be read at all there is one finding only.
    readable = all(finding.rule != "metadata-syntax" for finding in pyrel.findings)
    if verdict.packaging and readable:
        said += [f"{verdict.case}: {text}" for text in compare_words(verdict)]
    return said


def compare_words(verdict: Verdicts) -> list[str]:
    """Holds the messages of the rules that state the packaging library's judgement to that library."""
    assert verdict.packaging
    own = {normal(f.message): f.rule for f in verdict.pyrel.findings if f.rule in reasons.PACKAGING_RULES}
    theirs = set(verdict.packaging.messages)
    findings = verdict.pyrel.findings
    crash = any(each.rule == "metadata-braces" or each.message.startswith(reasons.CRASH) for each in findings)
    said = []
    if crash != verdict.packaging.crash:
        said.append(f"the library fails: {verdict.packaging.crash}; pyrel says so: {crash}")
    if verdict.packaging.crash:
        return said
    # Of a field with several values the library judges no more after the first bad one.
    agreed = {rule for message, rule in own.items() if message in theirs}
    for message, rule in own.items():
        if message not in theirs and rule not in agreed and not reasons.is_stricter(message):
            said.append(f"`{rule}` says what the library does not: {message}")
    for message in theirs - set(own):
        if not reasons.is_known_elsewhere(message):
            said.append(f"the library says what pyrel does not: {message}")
    return said


def disagreements(verdicts: list[Verdicts]) -> list[Difference]:
    """Returns every difference, in the order of the cases."""
    found = []
    for verdict in verdicts:
        found += twine_differences(verdict)
        found += contents_differences(verdict)
    return found


def twine_differences(verdict: Verdicts) -> list[Difference]:
    """Compares with ``twine check`` and ``twine check --strict``."""
    found = []
    for strict in (False, True):
        own = verdict.pyrel.ok_strict if strict else verdict.pyrel.ok
        theirs = verdict.twine.ok_strict if strict else verdict.twine.ok
        tool = "twine check --strict" if strict else "twine check"
        if own and not theirs:
            reason = reasons.LAXER_THAN_TWINE.get(verdict.case, "")
            found.append(Difference(verdict.case, tool, f"{tool} fails, pyrel passes", "", reason))
        elif theirs and not own:
            rules = sorted({finding.rule for finding in verdict.pyrel.deciding(strict=strict)})
            sources = {finding.source for finding in verdict.pyrel.deciding(strict=strict)}
            reason = reasons.stricter(sources, rules, by_twine=True)
            what = f"{tool} passes, pyrel fails"
            found.append(Difference(verdict.case, tool, what, ", ".join(rules), reason))
    return found


def contents_differences(verdict: Verdicts) -> list[Difference]:
    """Compares with check-wheel-contents, which has one level only: it complains or it does not."""
    if verdict.contents is None:
        return []
    own = verdict.pyrel.deciding(strict=True)
    tool = "check-wheel-contents"
    if verdict.contents.ok and own:
        rules = sorted({finding.rule for finding in own})
        reason = reasons.stricter({finding.source for finding in own}, rules, by_twine=False)
        return [Difference(verdict.case, tool, f"{tool} passes, pyrel complains", ", ".join(rules), reason)]
    if not verdict.contents.ok and not own:
        code = ", ".join(verdict.contents.codes) or verdict.contents.invalid
        reason = " ".join(reasons.CODES.get(each, "") for each in verdict.contents.codes).strip()
        return [Difference(verdict.case, tool, f"{tool} complains, pyrel passes", code, reason)]
    return []
