"""Compares pyrel's verdicts on reStructuredText with those of readme_renderer, on documents made up for it.

Documents are mutations and recombinations of the corpus in crates/pyrel-readme/tests/corpus: lines cut, doubled,
indented, swapped, markers exchanged, pieces of two documents joined. The generator is seeded, so a run can be
repeated. Both sides judge the same files in the same run; a disagreement in the verdict or in the first message
fails the run unless `EXPLAINED` says why it is right.

    cargo build --release -p pyrel-readme --example verdict
    pip install -r tests/readme/requirements.txt
    python tests/readme/run.py --count 4000 --seed 1
"""

import argparse
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from docutils.parsers.rst import roles
from readme_renderer import rst

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "crates" / "pyrel-readme" / "tests" / "corpus"

# Patterns of documents on which the two may differ, each with the reason.
EXPLAINED: list[tuple[str, str]] = []

MARKERS = [
    "*", "**", "`", "``", "_", "__", "|", "::", ":", ".. ", "- ", "* ", "+ ", "1. ", "#. ", "a. ", "(i) ", "    ",
    "=", "----", "====", "~~~~", "\\", "<", ">", "[1]_", "[#]_", "[*]_", "[x]_", ".. [1] ", ".. _a: ", "a_", "`a`_",
    "`a <b>`_", "`a <b_>`__", ":ref:`x`", ":code:`x`", "|x|", "|x|_", ".. |x| replace:: y", ".. image:: x.png",
    "   :alt: x", "   :width: 5%", ".. note::", ".. code-block:: python", ".. list-table::", "::", "\t", "+---+",
    "| a |", "== ==", "-- me", ">>> x", ":Field: x", ":Author: x", "-a  b", "/V  c", "http://a.b/c_d", "a@b.c", "...",
    ".. contents::", ".. class:: x", ".. role:: x", ".. default-role:: code", "__ http://x", ".. __: y_", '"', "'",
]  # fmt: skip


def mutated(rng: random.Random, texts: list[str]) -> str:
    """Makes one document out of the corpus."""
    lines = rng.choice(texts).split("\n")
    if rng.random() < 0.4:
        other = rng.choice(texts).split("\n")
        at = rng.randrange(len(lines) + 1)
        start = rng.randrange(len(other))
        blank = [""] * rng.randrange(3)
        lines = lines[:at] + blank + other[start : start + rng.randrange(1, 12)] + blank + lines[at:]
    for _ in range(rng.randrange(1, 5)):
        lines = one_change(rng, lines) or [""]
    return "\n".join(lines)


def swapped(rng: random.Random, lines: list[str], at: int) -> list[str]:
    other = rng.randrange(len(lines))
    changed = list(lines)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


def inserted(rng: random.Random, lines: list[str], at: int) -> list[str]:
    line = lines[at]
    place = rng.randrange(len(line) + 1)
    return [*lines[:at], line[:place] + rng.choice(MARKERS) + line[place:], *lines[at + 1 :]]


def without_character(rng: random.Random, lines: list[str], at: int) -> list[str]:
    line = lines[at]
    if not line:
        return lines[: at + 1]
    place = rng.randrange(len(line))
    return [*lines[:at], line[:place] + line[place + 1 :], *lines[at + 1 :]]


def repeated(rng: random.Random, lines: list[str], at: int) -> list[str]:
    end = min(len(lines), at + rng.randrange(1, 6))
    return lines[:end] + lines[at:end] + lines[end:]


def indented(rng: random.Random, lines: list[str], at: int) -> list[str]:
    end = min(len(lines), at + rng.randrange(1, 8))
    return lines[:at] + ["   " + item if item else item for item in lines[at:end]] + lines[end:]


CHANGES = [
    lambda _, lines, at: lines[:at] + lines[at + 1 :],
    lambda _, lines, at: [*lines[:at], lines[at], *lines[at:]],
    lambda rng, lines, at: [*lines[:at], " " * rng.randrange(1, 5) + lines[at], *lines[at + 1 :]],
    lambda rng, lines, at: [*lines[:at], lines[at][rng.randrange(1, 4) :], *lines[at + 1 :]],
    lambda _, lines, at: [*lines[:at], "", *lines[at:]],
    inserted,
    without_character,
    swapped,
    lambda rng, lines, at: [*lines[:at], rng.choice(MARKERS), *lines[at:]],
    repeated,
    indented,
    lambda _, lines, at: lines[: at + 1],
]


def one_change(rng: random.Random, lines: list[str]) -> list[str]:
    at = rng.randrange(len(lines))
    return CHANGES[rng.randrange(len(CHANGES))](rng, lines, at)


def reference(path: str) -> dict:
    """Judges one file as readme_renderer does."""
    # Roles outlive a document in docutils; each file is to be judged alone.
    roles._roles.clear()
    text = Path(path).read_bytes().decode("utf-8", "replace")
    stream = io.StringIO()
    try:
        rendered = rst.render(text, stream=stream)
    except Exception as error:  # noqa: BLE001 - the renderer breaks down in any way; twine would show a traceback
        return {"verdict": "crash", "message": repr(error)[:200]}
    if rendered is not None:
        return {"verdict": "pass", "html": rendered}
    # A message without a line sometimes says so in Python's words.
    message = stream.getvalue().strip().replace("<string>:None:", "<string>::", 1)
    return {"verdict": "fail", "message": message}


def ours(answer: dict) -> dict:
    """Puts pyrel's answer into the form of the reference's, for the current renderer."""
    verdict = answer["verdict"]
    if verdict["verdict"] == "unknown":
        return {"verdict": "unknown", "message": verdict["construct"]}
    if verdict["verdict"] == "pass" or verdict.get("renderer") == "readme_renderer 45":
        return {"verdict": "pass"}
    message = verdict["message"]
    if message is None:
        return {"verdict": "fail", "message": "No content rendered from RST source."}
    line, severity, text, details = message
    level = {"Warning": "WARNING/2", "Error": "ERROR/3"}[severity]
    shown = "\n\n".join([text, *details])
    return {"verdict": "fail", "message": f"<string>:{'' if line is None else line}: ({level}) {shown}".strip()}


def explained(text: str) -> str | None:
    return next((why for pattern, why in EXPLAINED if re.search(pattern, text)), None)


def judged(program: Path, paths: list[str]) -> list[dict]:
    found = subprocess.run(
        [str(program)], input="\n".join(paths), capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return [json.loads(line) for line in found.stdout.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=4000, help="documents to make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", type=Path, default=ROOT / "target/release/examples/verdict")
    parser.add_argument("--keep", type=Path, help="directory for documents on which the two differ")
    parser.add_argument("--jobs", type=int, default=1, help="processes that run readme_renderer")
    options = parser.parse_args()
    texts = [path.read_bytes().decode("utf-8", "replace") for path in sorted(CORPUS.glob("*.rst"))]
    rng = random.Random(options.seed)
    counts = dict.fromkeys(["agree", "message", "verdict", "unknown", "crash", "explained"], 0)
    os.environ["DOCUTILSCONFIG"] = ""
    with tempfile.TemporaryDirectory() as directory:
        paths = []
        for number in range(options.count):
            path = Path(directory) / f"{number}.rst"
            path.write_bytes(mutated(rng, texts).encode())
            paths.append(str(path))
        answers = judged(options.program, paths)
        with ProcessPoolExecutor(options.jobs) as pool:
            wanted = list(pool.map(reference, paths, chunksize=50))
        for path, want, answer in zip(paths, wanted, answers, strict=True):
            got = ours(answer)
            outcome = compare(want, got)
            text = Path(path).read_text(encoding="utf-8", errors="replace")
            if outcome in ("verdict", "message") and explained(text):
                outcome = "explained"
            counts[outcome] += 1
            if outcome in ("verdict", "message"):
                print(f"--- {Path(path).name}: wanted {strip(want)}\n    got {strip(got)}")
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{options.seed}-{Path(path).name}").write_text(text, encoding="utf-8")
    total = sum(counts.values())
    print(f"{total} documents, seed {options.seed}")
    for name, count in counts.items():
        print(f"  {name}: {count} ({100 * count / total:.2f} %)")
    return 1 if counts["verdict"] or counts["message"] else 0


def strip(answer: dict) -> str:
    return f"{answer['verdict']} {answer.get('message', '')[:300]!r}"


def compare(want: dict, got: dict) -> str:
    if got["verdict"] == "unknown":
        return "unknown"
    if want["verdict"] == "crash":
        return "crash"
    if want["verdict"] != got["verdict"]:
        return "verdict"
    return "agree" if want.get("message", "") == got.get("message", "") else "message"


if __name__ == "__main__":
    sys.exit(main())
