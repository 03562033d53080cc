"""The tools that judge a distribution: pyrel, twine, check-wheel-contents, and the packaging library."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from check_wheel_contents.checker import WheelChecker
from check_wheel_contents.contents import WheelContents
from twine.commands.check import check as twine_check


@dataclass(frozen=True)
class Finding:
    """One finding of pyrel."""

    rule: str
    level: str
    source: str
    message: str


@dataclass
class Pyrel:
    """The verdict of pyrel."""

    ok: bool
    ok_strict: bool
    findings: list[Finding] = field(default_factory=list)

    def deciding(self, *, strict: bool) -> list[Finding]:
        """Returns the findings that make a file fail."""
        levels = ("error", "warning") if strict else ("error",)
        return [finding for finding in self.findings if finding.level in levels]


def pyrel(binary: Path, path: Path) -> Pyrel:
    """Runs ``pyrel check`` twice, and holds its exit codes to its JSON."""
    verdicts = []
    document = None
    for flags in ([], ["--strict"]):
        command = [str(binary), "check", "--format", "json", *flags, path.name]
        run = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=60, check=False)
        if run.returncode not in (0, 1):
            raise RuntimeError(f"{command} ended with {run.returncode}: {run.stderr}")
        report = json.loads(run.stdout)["files"][0]
        if report["ok"] != (run.returncode == 0):
            raise RuntimeError(f"{command} ended with {run.returncode}, but says ok: {report['ok']}")
        verdicts.append(report["ok"])
        document = document or report
    assert document is not None
    findings = [Finding(f["rule"], f["level"], f["source"], f["message"]) for f in document["findings"]]
    return Pyrel(verdicts[0], verdicts[1], findings)


@dataclass(frozen=True)
class Twine:
    """The verdict of ``twine check``; ``said`` is why it fails, when it does not come to a verdict."""

    ok: bool
    ok_strict: bool
    said: str


def twine(path: Path) -> Twine:
    """Calls what the command calls. Like the command, an error ends it."""
    logging.getLogger("twine").setLevel(logging.CRITICAL)
    verdicts, said = [], ""
    for strict in (False, True):
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                verdicts.append(not twine_check([str(path)], strict=strict))
        except Exception as error:  # noqa: BLE001 - the command prints a traceback then, which is no pass
            verdicts.append(False)
            said = f"{type(error).__name__}: {error}"
    return Twine(verdicts[0], verdicts[1], said.replace(str(path), path.name))


def twine_command(path: Path, *flags: str) -> bool:
    """Runs the real command line."""
    command = [sys.executable, "-m", "twine", "check", *flags, str(path)]
    environment = {**os.environ, "NO_COLOR": "1"}
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    return run.returncode == 0


@dataclass(frozen=True)
class Contents:
    """The verdict of check-wheel-contents: its codes, or why it does not take the file."""

    codes: tuple[str, ...]
    invalid: str = ""

    @property
    def ok(self) -> bool:
        """Whether it has nothing to say."""
        return not self.codes and not self.invalid


def contents(path: Path) -> Contents | None:
    """Calls what the command calls; nothing for an sdist."""
    if path.suffix != ".whl":
        return None
    checker = WheelChecker()
    try:
        wheel = WheelContents.from_wheel(path)
    except Exception as error:  # noqa: BLE001 - some files make it fail without an error of its own
        return Contents((), f"{type(error).__name__}: {error}".replace(str(path), path.name))
    return Contents(tuple(sorted({failed.check.name for failed in checker.check_contents(wheel)})))


@dataclass(frozen=True)
class Packaging:
    """What the packaging library says: its messages; ``crash`` when it fails on braces."""

    messages: tuple[str, ...]
    crash: bool = False


def library(root: Path) -> Path:
    """Installs the version of the library that PyPI has, once, beside the environment; returns where it is."""
    requirements = Path(__file__).with_name("pypi.txt")
    home = root / "packaging-of-pypi"
    stamp = home / "installed-from"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != requirements.read_text(encoding="utf-8"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*command, "--upgrade", "--target", home, "--requirement", requirements], check=True)
        stamp.write_text(requirements.read_text(encoding="utf-8"), encoding="utf-8")
    return home


def packaging(texts: list[bytes], home: Path | None = None) -> list[Packaging]:
    """Judges metadata with the library at ``home``, or with twine's version of it, all in one program."""
    program = Path(__file__).with_name("library.py")
    asked = json.dumps([base64.b64encode(text).decode() for text in texts])
    environment = {**os.environ, "PYTHONPATH": str(home)} if home else dict(os.environ)
    run = subprocess.run(
        [sys.executable, str(program)],
        input=asked,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=environment,
    )
    return [
        Packaging(tuple(sorted(normal(message) for message in answer["messages"])), answer["crash"])
        for answer in json.loads(run.stdout)
    ]


def normal(message: str) -> str:
    """Sorts lists in a message, whose order varies from run to run."""

    def in_order(match: re.Match[str]) -> str:
        return "[" + ", ".join(sorted(match[1].split(", "))) + "]"

    message = message.split(" See https://packaging.python.org/", maxsplit=1)[0].removesuffix(".")
    return re.sub(r"\[([^\]]*)\]", in_order, message)
