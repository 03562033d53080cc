"""Runs the official conformance suite against ``MCPClient`` and against the bridge.

usage: python tests/mcp/client_conformance.py [library] [bridge]

The library runs the whole required sets of both revisions, which the suite runs
in parallel by itself. The bridge, started as the installed command by an SDK
host on stdio, runs the scenarios a relay can be judged by, one after another.
There is no list of expected failures. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from foreign_tools import HERE, NODE_DIRECTORY, conformance, ensure_installed

LEGACY, MODERN = "2025-11-25", "2026-07-28"
PARTS = ("library", "bridge")
AUTHORIZATION = [
    "auth/metadata-default",
    "auth/basic-cimd",
    "auth/token-endpoint-auth-none",
    "auth/scope-step-up",
]
BRIDGED = {
    LEGACY: [
        "initialize",
        "tools_call",
        "sse-retry",
        "elicitation-sep1034-client-defaults",
        "json-schema-2020-12-preservation",
        *AUTHORIZATION,
    ],
    MODERN: [
        "tools_call",
        "request-metadata",
        "http-standard-headers",
        "http-custom-headers",
        "http-invalid-tool-headers",
        "json-schema-ref-no-deref",
        "json-schema-2020-12-preservation",
        "sep-2322-client-request-state",
        *AUTHORIZATION,
    ],
}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# All clients of a set start at once; on a busy machine that alone takes more than the suite's own 30 seconds.
_SCENARIO_MILLISECONDS = 120_000
_STEP_SECONDS = 400


@dataclass
class Outcome:
    """One line of the table. ``log`` is shown when it failed."""

    part: str
    revision: str
    step: str
    passed: bool
    log: str


def run(adapter: str, *options: str) -> tuple[int, str]:
    """Runs the suite with one of the adapters; returns its status and everything it wrote."""
    command = [*conformance(), "client", "--command", f"{sys.executable} {HERE / adapter}"]
    command += ["--timeout", str(_SCENARIO_MILLISECONDS), *options]
    try:
        done = subprocess.run(
            command, cwd=NODE_DIRECTORY, capture_output=True, text=True, timeout=_STEP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, f"not finished after {_STEP_SECONDS} seconds"
    return done.returncode, _COLOUR.sub("", done.stdout + done.stderr)


def required(revision: str) -> tuple[bool, str, str]:
    """The frozen required set of one revision."""
    status, log = run("conformance_client.py", "--requirements", revision)
    scored = log.partition("Not scored for")[0]
    passed = len(re.findall(r"^✓ ", scored, flags=re.MULTILINE))
    return status == 0 and passed > 0, f"{passed} scenarios passed, status {status}", log


def scenario(revision: str, name: str) -> tuple[bool, str, str]:
    """One scenario through the bridge."""
    status, log = run("conformance_bridge.py", "--scenario", name, "--spec-version", revision)
    summary = re.search(r"Passed: (\d+)/(\d+), (\d+) failed, (\d+) warnings", log)
    if summary is None:
        return False, "no result", log
    passed, total, failed, warned = map(int, summary.groups())
    detail = f"{passed}/{total} checks" + (f", {warned} warnings" if warned else "")
    return status == 0 and passed > 0 and failed == 0, detail, log


def timed(part: str, revision: str, step: str, work: Callable[[], tuple[bool, str, str]]) -> Outcome:
    """Runs one step and prints its line."""
    started = time.monotonic()
    passed, detail, log = work()
    word = "pass" if passed else "FAIL"
    print(f"{word}  {part:<7}  {revision}  {step:<36} {time.monotonic() - started:5.1f} s  {detail}", flush=True)
    return Outcome(part, revision, step, passed, log)


def check(part: str) -> Iterator[Outcome]:
    """Everything about the library or the bridge."""
    for revision, names in BRIDGED.items():
        if part == "library":
            yield timed(part, revision, "required set", lambda at=revision: required(at))
            continue
        for name in names:
            yield timed(part, revision, name, lambda at=revision, name=name: scenario(at, name))


def main(arguments: list[str]) -> int:
    """Runs the named parts, or both; returns the exit status."""
    unknown = set(arguments) - set(PARTS)
    if unknown:
        print(
            f"error: no such part: {', '.join(sorted(unknown))}\nhint: choose from {', '.join(PARTS)}", file=sys.stderr
        )
        return 2
    ensure_installed()
    outcomes = [outcome for part in arguments or PARTS for outcome in check(part)]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n--- {outcome.part} {outcome.revision} {outcome.step}\n{outcome.log[-6000:]}")
    print(f"\n{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
