"""A stand-in for pytest that needs nothing: runs functions named `test_*`, writes the report, has the exit codes."""

import importlib.util
import os
import pathlib
import shlex
import sys
import traceback
from xml.sax.saxutils import escape, quoteattr


def main():
    report = [word.split("=", 1)[1] for word in shlex.split(os.environ.get("PYTEST_ADDOPTS", "")) if "=" in word]
    cases, failed = [], 0
    for path in sorted(file for word in sys.argv[2:] for file in find(pathlib.Path(word))):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name in [name for name in vars(module) if name.startswith("test_")]:
            try:
                getattr(module, name)()
            except Exception as error:  # noqa: BLE001 - a test may fail in any way
                failed += 1
                line = traceback.extract_tb(error.__traceback__)[-1].lineno
                text = f"{type(error).__name__}: {error}"
                print(f"FAILED {path}::{name} {text}")
                body = escape(f"{path}:{line}: {type(error).__name__}")
                body = f"<failure message={quoteattr(text)}>{body}</failure>"
            else:
                body = ""
            cases.append(f'<testcase classname="{path.stem}" name="{name}">{body}</testcase>')
    print(f"{len(cases) - failed} passed, {failed} failed")
    if report:
        text = f'<testsuites><testsuite name="pytest">{"".join(cases)}</testsuite></testsuites>'
        pathlib.Path(report[0]).write_text(text, encoding="utf-8")
    return 5 if not cases else 1 if failed else 0


def find(path):
    return path.rglob("test_*.py") if path.is_dir() else [path]


if __name__ == "__main__":
    sys.exit(main())
