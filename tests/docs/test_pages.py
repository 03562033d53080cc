"""The pages: links lead somewhere, files that are named exist, commands are understood as they are written."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)(`{3,}|~{3,})([^\n]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FOLDERS = ("crates", "docs", "xtask", "packages", "benches", "tests", ".github")


def listed():
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pages = [ROOT / line for line in output.splitlines() if not is_fixture(line)]
    return sorted(path for path in set(pages) if path.is_file())


def is_fixture(path):
    """Whether a page is input of a test and not a page for people."""
    return path.startswith("tests/") or "/tests/" in path


PAGES = listed()
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def text(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    """The page without its blocks of code."""
    return FENCE.sub("", text(page))


def anchors(page):
    """The anchors that GitHub gives to the headings of a page."""
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found.add(anchor if count == 0 else f"{anchor}-{count}")
    return found


def commands(page):
    """Command lines on a page: lines of its shell blocks, and whole code spans."""
    for _, _, language, body in FENCE.findall(text(page)):
        if language.strip().split(" ")[0] in {"", "console", "sh", "bash", "shell", "powershell"}:
            for line in body.replace("\\\n", " ").splitlines():
                yield line.strip().removeprefix("$ ")
    yield from SPAN.findall(prose(page))


def calls(page, program):
    """The words after `program` in every command line that starts with it."""
    for line in commands(page):
        command = re.split(r"\s+(?:#|\||>|&&|;)", line)[0]
        try:
            words = shlex.split(command)
        except ValueError:
            continue
        if words[: len(program)] == list(program):
            yield words[len(program) :]


@functools.cache
def help_of(*verbs):
    """The help of a command of pyrel, or nothing when it knows no such command."""
    result = subprocess.run(
        [os.environ["PYREL_UNDER_TEST"], *verbs, "--help"], capture_output=True, text=True, check=False
    )
    return result.stdout if result.returncode == 0 else None


def flags(help_text):
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", help_text))


def faults_of_call(words):
    """What pyrel would not understand in a call; words in capitals and brackets stand for something."""
    verbs = []
    if words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        verbs = words[:2] if words[0] in {"index", "ci"} and len(words) > 1 else words[:1]
    help_text = help_of(*verbs)
    if help_text is None:
        return [f"no such command: pyrel {' '.join(verbs)}"]
    used = {re.split(r"[=\[\]|…]", word.strip("[]"))[0] for word in words if re.match(r"\[?--[a-z]", word)}
    return [f"pyrel {' '.join(verbs)} has no option {flag}" for flag in sorted(used - flags(help_text))]


def test_there_are_pages():
    assert {ROOT / "README.md", ROOT / "docs" / "architecture.md"} <= set(PAGES)


@each_page
def test_links_lead_somewhere(page):
    broken = []
    for target in LINK.findall(SPAN.sub("", prose(page))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        destination = (page.parent / path).resolve() if path else page
        if not destination.exists():
            broken.append(f"{target}: no such file")
        elif anchor and destination.suffix == ".md" and anchor not in anchors(destination):
            broken.append(f"{target}: no such heading")
    assert broken == []


@each_page
def test_files_that_are_named_exist(page):
    names = [name for name in SPAN.findall(prose(page)) if name.split("/")[0] in FOLDERS and "/" in name]
    concrete = [name for name in names if re.fullmatch(r"[\w./-]+", name)]
    missing = [name for name in concrete if not (ROOT / name).exists() and not (page.parent / name).exists()]
    assert missing == []


@each_page
def test_calls_of_pyrel_are_understood(page):
    assert [fault for words in calls(page, ["pyrel"]) for fault in faults_of_call(words)] == []


@each_page
def test_recipes_and_stages_that_are_named_exist(page):
    justfile = (ROOT / "justfile").read_text(encoding="utf-8")
    recipes = set(re.findall(r"^(?:alias )?([a-z][a-z-]*)(?: [^:=]*=\"[^\"]*\")*(?::| :=)", justfile, re.MULTILINE))
    named = {words[0] for words in calls(page, ["just"]) if words and re.fullmatch(r"[a-z][a-z-]*", words[0])}
    assert named - recipes == set()
    verbs = {words[0] for words in calls(page, ["cargo", "xtask"]) if words}
    assert verbs <= {"test", "bench", "rules"}
    table = (ROOT / "xtask" / "src" / "stage.rs").read_text(encoding="utf-8")
    stages = {
        words[index + 1]
        for words in calls(page, ["cargo", "xtask"])
        for index, word in enumerate(words[:-1])
        if word == "--stage" and words[index + 1].islower()
    }
    assert {stage for stage in stages if f'"{stage}"' not in table} == set()


def test_the_reading_of_pages_finds_what_is_wrong(tmp_path, monkeypatch):
    """A test of these tests: a page with one fault of each kind."""
    page = tmp_path / "page.md"
    page.write_text(
        "# Top\n\n## `pyrel` & more\n\n## Top\n\nSee [a](gone.md), `pyrel nosuch --x` and\n\n"
        "```console\n$ pyrel check --strict --nosuch # why\nPlain output\n```\n\n"
        "```toml\npyrel = 1\n```\n",
        encoding="utf-8",
    )
    assert anchors(page) == {"top", "pyrel--more", "top-1"}
    assert list(calls(page, ["pyrel"])) == [["check", "--strict", "--nosuch"], [], ["nosuch", "--x"]]
    helps = {("check",): "  --strict  be strict"}
    monkeypatch.setattr("test_pages.help_of", lambda *verbs: helps.get(verbs))
    assert faults_of_call(["check", "--strict", "--nosuch"]) == ["pyrel check has no option --nosuch"]
    assert faults_of_call(["nosuch"]) == ["no such command: pyrel nosuch"]
    with pytest.raises(AssertionError, match="no such file"):
        test_links_lead_somewhere(page)
