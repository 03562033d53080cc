#!/usr/bin/env python3
"""The main job, end to end, as a person would run it, with real pip, uv, git, and third-party packages.

usage: run.py --pyrel PATH --python PATH [--only NAME]

--pyrel   the program under test
--python  the interpreter of an environment that has uv; its folder comes first on PATH

Each case works in a folder of its own. Third-party packages come from the installer's configured index; everything
else stays on loopback. Prints one line a case and `N passed, N failed`; exits 1 when one failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE = 900


class CaseError(Exception):
    """A case that did not hold."""


def check(condition: object, what: str) -> None:
    if not condition:
        raise CaseError(what)


class Bench:
    """A workspace in a folder of its own, and the program to run in it."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.pyrel = args.pyrel
        self.root = folder / "work"
        self.root.mkdir()
        self.python = args.python
        bin_dir = Path(args.python).parent
        keep = {name: value for name, value in os.environ.items() if not re.search("TOKEN|PASSWORD|TWINE|PYREL", name)}
        self.env = {
            **keep,
            "PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', '')}",
            "SOURCE_DATE_EPOCH": "1700000000",
            "NO_COLOR": "1",
        }
        self.env.pop("CI", None)

    def packages(self, pattern: str = "*") -> Bench:
        ignore = shutil.ignore_patterns("dist", "__pycache__", ".*cache*", "*.egg-info")
        for package in (ROOT / "packages").glob(f"{pattern}/pyproject.toml"):
            shutil.copytree(package.parent, self.root / "packages" / package.parent.name, ignore=ignore)
        return self

    def small(self, name: str = "tiny", body: str = "def main():\n    print('tiny 1.0')\n") -> Bench:
        package = self.root / "packages" / name
        (package / "src" / name).mkdir(parents=True)
        (package / "tests").mkdir()
        (package / "src" / name / "__init__.py").write_text(body)
        (package / "README.md").write_text(f"# {name}\n\nA package of the tests.\n")
        test = f"import {name}\n\n\ndef test_installed():\n    assert 'site-packages' in {name}.__file__\n"
        (package / "tests" / "test_installed.py").write_text(test)
        (package / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "{name}"\nversion = "1.0"\ndescription = "Tiny"\nreadme = "README.md"\n'
            f'requires-python = ">=3.8"\n[project.scripts]\n{name} = "{name}:main"\n'
            f'[tool.hatch.build.targets.wheel]\npackages = ["src/{name}"]\n'
        )
        return self

    def run(self, *words: str, code: int = 0, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [self.pyrel, *words]
        result = subprocess.run(
            command,
            cwd=self.root,
            env={**self.env, **extra},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        said = f"{' '.join(command)} ended with {result.returncode}, not {code}\n{result.stdout}\n{result.stderr}"
        check(result.returncode == code, said)
        return result

    def world(self) -> dict[str, str]:
        """Every file of every index of every rehearsal, by index and name, with its SHA-256."""
        files = [*self.root.glob(".pyrel/runs/*/index/**/*.whl"), *self.root.glob(".pyrel/runs/*/index/**/*.tar.gz")]
        return {
            f"{path.relative_to(self.root).parts[4]}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.is_file()
        }


def rehearse_the_packages(bench: Bench) -> None:
    """Builds, checks, stages, installs, publishes, and installs the packages here with their dependencies."""
    result = bench.packages().run("rehearse")
    count = len(list((bench.root / "packages").iterdir()))
    for verb, times in [("Built", 2), ("Checked", 2), ("Staged", 2), ("Published", 2), ("Installed", 2)]:
        found = len(re.findall(rf"^ +{verb} ", result.stderr, re.MULTILINE))
        check(found == times * count, f"{verb} {found} times for {count} packages:\n{result.stderr}")
    check("Gate answered with " in result.stderr, result.stderr)
    check(result.stdout.count(".whl") == count, result.stdout)
    world = bench.world()
    check(len(world) == 4 * count, f"{world}")
    staged = {name.removeprefix("staging/"): digest for name, digest in world.items() if name.startswith("staging/")}
    published = {name.split("/", 1)[1]: digest for name, digest in world.items() if name.startswith("production/")}
    check(staged == published, "what was published is what was staged")


def kill_and_resume(bench: Bench) -> None:
    """Kills a rehearsal at many moments; it ends with the bytes of one that ran through."""
    bench.packages("mcp-echo-*").run("rehearse")
    whole = bench.world()
    shutil.rmtree(bench.root / ".pyrel")
    for package in (bench.root / "packages").iterdir():
        shutil.rmtree(package / "dist")
    chance = random.Random(20240102)  # reproducible moments
    for attempt in range(12):
        words = ["rehearse", "--resume"] if attempt else ["rehearse"]
        child = subprocess.Popen(
            [bench.pyrel, *words],
            cwd=bench.root,
            env=bench.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.02, 1.5 + attempt))
        if child.poll() is not None:
            break
        child.send_signal(signal.SIGKILL)
        child.wait()
    bench.run("rehearse", "--resume")
    check(bench.world() == whole, f"{bench.world()}\nis not\n{whole}")


def answer_at_a_terminal(bench: Bench) -> None:
    """The gate asks a person twice; a wrong digest publishes nothing, the right one does."""
    if sys.platform == "win32":
        return
    bench.small()
    refused = talk(bench, [(b"[y/N]", lambda _: b"y\n"), (b"Type it", lambda _: b"0123456789ab\n")])
    check(refused[0] == 3, refused[1])
    check("the confirmed digest is not this plan's" in refused[1], refused[1])
    check(not [name for name in bench.world() if name.startswith("production/")], "nothing was published")
    declined = talk(bench, [(b"[y/N]", lambda _: b"n\n")])
    check(declined[0] == 3, declined[1])
    check("then run `pyrel rehearse`" in declined[1], declined[1])

    def digest(text: str) -> bytes:
        found = re.findall(r"digest of this plan is ([0-9a-f]{12})", text)
        return f"{found[-1]}\n".encode()

    code, text = talk(bench, [(b"[y/N]", lambda _: b"yes\n"), (b"Type it", digest)])
    check(code == 0, text)
    check([name for name in bench.world() if name.startswith("production/")], "the files were published")


def talk(
    bench: Bench,
    answers: list[tuple[bytes, Callable[[str], bytes]]],
    words: tuple[str, ...] = ("rehearse", "--offline"),
) -> tuple[int, str]:
    """Runs a command at a terminal, a rehearsal unless told otherwise, and answers its questions."""
    import pty  # noqa: PLC0415 - not on Windows

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(bench.root)
        os.execve(bench.pyrel, [bench.pyrel, *words], bench.env)
    seen, from_here, waiting = b"", 0, list(answers)
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
        if waiting and waiting[0][0] in seen[from_here:]:
            from_here = len(seen)
            _, answer = waiting.pop(0)
            os.write(terminal, answer(seen.decode(errors="replace")))
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode(errors="replace"))


class Index:
    """A running `pyrel index serve`."""

    def __init__(self, bench: Bench, folder: str, *more: str) -> None:
        self.child = subprocess.Popen(
            [bench.pyrel, "index", "serve", "--dir", folder, "--port", "0", *more],
            cwd=bench.root,
            env=bench.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = (self.child.stdout.readline() if self.child.stdout else "").strip().rstrip("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.terminate()
        self.child.wait(10)


def publish_for_real(bench: Bench) -> None:
    """`publish` with tests, staging, and both confirmations, against two indexes by their configuration."""
    bench.small()
    with Index(bench, "stage") as stage, Index(bench, "production") as production:
        text = "".join(
            f'[index.{name}]\nupload-url = "{url}/legacy/"\nsimple-url = "{url}/simple/"\nproduction = {flag}\n'
            for name, url, flag in [("testpypi", stage.url, "false"), ("pypi", production.url, "true")]
        )
        (bench.root / "pyrel.toml").write_text(text)
        token = {"PYREL_TOKEN": "not-a-real-token"}
        result = bench.run("publish-test", **token)
        check("Installed tiny" in result.stderr, result.stderr)
        plan = json.loads(bench.run("plan", "--format", "json", **token).stdout)
        files = [file for item in plan["items"] for file in item["files"]]
        check(all(file["staged"] == "yes" for file in files), f"{files}")
        refused = bench.run("publish", "--yes", code=3, **token)
        check("the digest of the plan was not given" in refused.stderr, refused.stderr)
        result = bench.run("publish", "--yes", "--confirm", plan["digest"][:12], **token)
        check("Published tiny-1.0-py3-none-any.whl" in result.stderr, result.stderr)
        report = bench.root / "report.md"
        bench.run("verify", "--index", "pypi", "--output", str(report), **token)
        check("import tiny'` | passed |" in report.read_text(), report.read_text())


def failing_tests_stop_a_release(bench: Bench) -> None:
    """A package whose tests fail against its wheel is not uploaded anywhere."""
    bench.small()
    (bench.root / "packages/tiny/tests/test_bad.py").write_text("def test_bad():\n    assert 1 == 2\n")
    result = bench.run("test", code=1)
    check("assert 1 == 2" in result.stderr, result.stderr)
    with Index(bench, "stage") as stage:
        text = f'[index.testpypi]\nupload-url = "{stage.url}/legacy/"\nsimple-url = "{stage.url}/simple/"\n'
        (bench.root / "pyrel.toml").write_text(text)
        bench.run("publish-test", code=1, PYREL_TOKEN="not-a-real-token")
    check(not list((bench.root / "stage").rglob("*.whl")), "nothing was staged")


def mend_at_a_terminal(bench: Bench) -> None:
    """`prepare` offers the changelog entry and the bump that are missing, and looks at the list anew."""
    if sys.platform == "win32":
        return
    bench.small()
    who = {f"GIT_{role}_{key}": "test@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    bench.env.update(who, GIT_CONFIG_GLOBAL=os.devnull)
    del bench.env["SOURCE_DATE_EPOCH"]

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=bench.root, env=bench.env, check=True, capture_output=True)

    (bench.root / ".gitignore").write_text(".pyrel/\n")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "feat: begin")):
        git(*words)
    words = ("prepare", "--skip", "tests")
    code, text = talk(bench, [(b"pyrel changelog --version 1.0 tiny` now? [y/N]", lambda _: b"y\n")], words)
    check(code == 1 and "uncommitted: `packages/tiny/CHANGELOG.md`" in text, text)
    git("add", "-A")
    git("commit", "-q", "-m", "docs: tell of the first release")
    git("tag", "-a", "-m", "1.0", "v1.0")
    (bench.root / "packages/tiny/src/tiny/more.py").write_text("")
    git("add", "-A")
    git("commit", "-q", "-m", "feat: do more")
    question = b"run `pyrel bump auto tiny` now? [y/N]"
    code, text = talk(bench, [(question, lambda _: b"n\n")], words)
    check(code == 1 and "the tag `v1.0` stands for another commit" in text, text)
    code, text = talk(bench, [(question, lambda _: b"y\n")], words)
    check(code == 0 and "Ready nothing stands in the way" in text and "do more" in text.lower(), text)
    check('version = "1.1' in (bench.root / "packages/tiny/pyproject.toml").read_text(), text)


def siblings_meet_the_real_pytest(bench: Bench) -> None:
    """`test` with pytest from an index: uv takes the sibling from its wheel."""
    bench.small()
    user = "import tiny\n\n\ndef main():\n    tiny.main()\n"
    bench.small("tiny_user", user)
    manifest = bench.root / "packages/tiny_user/pyproject.toml"
    text = manifest.read_text().replace("[project]\n", '[project]\ndependencies = ["tiny==1.0"]\n')
    manifest.write_text(text + '[dependency-groups]\ntest = [{include-group = "runner"}]\nrunner = ["pytest>=8"]\n')
    test = "import tiny\n\n\ndef test_sibling():\n    assert tiny.main() is None and 'site-packages' in tiny.__file__\n"
    (bench.root / "packages/tiny_user/tests/test_sibling.py").write_text(test)
    rows = json.loads(bench.run("test", "tiny_user", "--format", "json").stdout)["packages"]
    check([(row["outcome"], row["tests"]) for row in rows] == [("passed", 2)], f"{rows}")
    check("test_sibling" in Path(rows[0]["junit"]).read_text(), "the report is kept")


BACKEND = """import json, os, sys, tarfile, zipfile
from pathlib import Path

NAME, VERSION = "tiny_base", "2.0"
METADATA = f"Metadata-Version: 2.1\\nName: {NAME}\\nVersion: {VERSION}\\nSummary: Tiny\\n"

def build_sdist(out, settings=None):
    Path("PKG-INFO").write_text(METADATA)
    with tarfile.open(Path(out, f"{NAME}-{VERSION}.tar.gz"), "w:gz") as archive:
        for path in ("PKG-INFO", "pyproject.toml", "backend.py", "src"):
            archive.add(path, f"{NAME}-{VERSION}/{path}")
    return f"{NAME}-{VERSION}.tar.gz"

def build_wheel(out, settings=None, metadata=None):
    lines = [json.dumps(dict(os.environ))]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((process / "cmdline").read_bytes().replace(b"\\0", b" ").decode(errors="replace"))
        except OSError:
            pass
    Path(os.environ["PROBE"]).write_text("\\n".join(lines))
    name, info = f"{NAME}-{VERSION}-py3-none-any.whl", f"{NAME}-{VERSION}.dist-info"
    wheel = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    body = Path("src", NAME, "__init__.py").read_text()
    files = {f"{NAME}/__init__.py": body, f"{info}/METADATA": METADATA, f"{info}/WHEEL": wheel}
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(Path(out, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""


def private_indexes_and_names_of_others(bench: Bench) -> None:
    """`verify` with a private index, by uv and by pip, while another index has projects of the same names."""
    if sys.platform == "win32":
        return
    secret, probe = "not-a-real-token-of-members", bench.root / "seen.txt"
    bench.env["PROBE"] = str(probe)
    body = "import tiny_base, tiny_third\n\n\ndef main():\n    pass\n"
    bench.small("tiny_base").small("tiny_third").small("tiny_top", body)
    names = ("tiny_base", "tiny_third", "tiny_top")
    manifests = {name: bench.root / f"packages/{name}/pyproject.toml" for name in names}
    text = {name: path.read_text() for name, path in manifests.items()}

    def index(name: str, url: str) -> str:
        return f'[index.{name}]\nupload-url = "{url}/legacy/"\nsimple-url = "{url}/simple/"\n'

    (bench.root / "members.txt").write_text(secret)
    members = ("--private", "--tokens-file", "members.txt")
    with Index(bench, "own", *members) as own, Index(bench, "elsewhere") as elsewhere:
        (bench.root / "pyrel.toml").write_text(index("own", own.url) + index("elsewhere", elsewhere.url))
        tokens = {"PYREL_TOKEN_OWN": secret, "PYREL_TOKEN_ELSEWHERE": "not-a-real-token"}

        def release(to: str, name: str, version: str) -> None:
            manifests[name].write_text(text[name].replace('"1.0"', f'"{version}"'))
            bench.run("build", name, **tokens)
            bench.run("upload-test", name, "--index", to, **tokens)

        # Others have the names of the workspace, and the index under test has that of a requirement.
        broken = bench.root / "packages/tiny_base/src/tiny_base/__init__.py"
        good = broken.read_text()
        broken.write_text("raise RuntimeError('the wrong one')\n")
        release("elsewhere", "tiny_base", "0.1")
        release("elsewhere", "tiny_base", "99.0")
        release("elsewhere", "tiny_third", "1.0")
        broken.write_text(good)
        release("own", "tiny_third", "99.0")
        shutil.rmtree(bench.root / "packages/tiny_third")
        # The sibling is built from its source by whoever installs it.
        package = bench.root / "packages/tiny_base"
        (package / "backend.py").write_text(BACKEND)
        system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        manifests["tiny_base"].write_text(f'{system}[project]\nname = "tiny_base"\nversion = "2.0"\n')
        shutil.rmtree(package / "dist")
        bench.run("build", "tiny_base", "--sdist", **tokens)
        bench.run("upload-test", "tiny_base", "--index", "own", **tokens)
        wants = '[project]\ndependencies = ["tiny-base>=2", "tiny-third"]\n'
        manifests["tiny_top"].write_text(text["tiny_top"].replace("[project]\n", wants))
        bench.run("build", "tiny_top", **tokens)
        bench.run("upload-test", "tiny_top", "--index", "own", **tokens)
        third = {"PYREL_PYTHON_INDEX": f"{elsewhere.url}/simple/", "UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}
        ways = {"uv": (), "pip": ("--python", bench.python)}
        for way, words in ways.items():
            probe.unlink(missing_ok=True)
            extra = {"PATH": "/usr/bin:/bin"} if way == "pip" else {}
            report = bench.root / f"{way}.md"
            command = ("verify", "tiny_top", "--index", "own", "--output", str(report), *words)
            bench.run(*command, **tokens, **third, **extra)
            told = report.read_text()
            check("import tiny_top'` | passed" in told and secret not in told, told)
            check("tiny-top==1.0 tiny-base==2.0" in told, told)
            saw = probe.read_text()
            check("UV_DEFAULT_INDEX" in saw and secret not in saw, f"{way}: a build saw the token of the index")
            door = re.search("relay:([^@]+)@", saw)
            arguments = [line for line in saw.splitlines() if not line.startswith("{")]
            check(door and not any(door[1] in line for line in arguments), f"{way}: a command line has the key")
            refused = bench.run("verify", "tiny_top", "--index", "own", *words, code=4, **third, **extra)
            check("hint: set `PYREL_TOKEN_OWN`" in refused.stderr, refused.stderr)


CASES = [
    private_indexes_and_names_of_others,
    rehearse_the_packages,
    kill_and_resume,
    answer_at_a_terminal,
    publish_for_real,
    failing_tests_stop_a_release,
    siblings_meet_the_real_pytest,
    mend_at_a_terminal,
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pyrel", required=True, type=Path)
    parser.add_argument("--python", required=True, type=Path)
    parser.add_argument("--only")
    args = parser.parse_args()
    args.pyrel, args.python = str(Path.cwd() / args.pyrel), str(Path.cwd() / args.python)
    passed = failed = 0
    for case in CASES:
        if args.only and args.only != case.__name__:
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                case(Bench(args, Path(folder).resolve()))
            except Exception:  # noqa: BLE001 - a case may fail in any way
                failed += 1
                print(f"FAILED {case.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
                traceback.print_exc()
            else:
                passed += 1
                print(f"passed {case.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
