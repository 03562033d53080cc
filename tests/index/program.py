"""The program itself against a foreign index."""

from __future__ import annotations

from urllib.parse import urlsplit

from bench import Bench, check


def release(bench: Bench, urls: tuple[str, str], account: tuple[str, str], *, is_private: bool) -> None:
    """Sends a package by ``pyrel upload-test`` in every way that may end well or ill, and installs it back."""
    if not bench.has_commands:
        return
    root = bench.project("demo-app", "1.0").parent
    upload, simple = urls
    lines = ["[index.own]", f'upload-url = "{upload}"', f'simple-url = "{simple}"', "production = false"]
    (root / "pyrel.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    bench.pyrel(root, "build").ok()

    def send(code: int, *options: str, password: str = account[1]) -> str:
        section = f"[own]\nrepository = {upload}\nusername = {account[0]}\npassword = {password}\n"
        (bench.work / ".pypirc").write_text(f"[distutils]\nindex-servers = own\n\n{section}", encoding="utf-8")
        outcome = bench.pyrel(root, "upload-test", "--index", "own", *options)
        check(outcome.code == code, outcome)
        check(password not in outcome.text, outcome)
        return outcome.text

    told = send(4, password="wrong-and-not-a-real-one")
    check("`[own]` of `.pypirc`" in told if is_private else "does not accept the credentials" in told, told)
    check("hint: " in told, told)
    told = send(0)
    check(told.count("Staged demo_app-1.0") == 2, told)
    told = send(0)
    check(told.count("Had it demo_app-1.0") == 2 and "Staged" not in told, told)
    (root / "demo_app" / "__init__.py").write_text("CHANGED = True\n", encoding="utf-8")
    bench.pyrel(root, "build").ok()
    told = send(4)
    check("holds other bytes under the names" in told and "--resume" not in told, told)

    parts = urlsplit(simple)
    named = f"{parts.scheme}://{account[0]}:{account[1]}@{parts.netloc}{parts.path}"
    back = bench.directory("back")
    options = ("download", "--quiet", "--no-deps", "--dest", back)
    if is_private:
        bench.pip(*options, "--index-url", simple, "demo-app").failed()
    bench.pip(*options, "--index-url", named, "demo-app").ok()
    check([path.name for path in back.iterdir()] == ["demo_app-1.0-py3-none-any.whl"], back)
    report = bench.pyrel(root, "verify", "--index", "own", "--python", bench.python, "demo-app").ok()
    check("demo-app" in report, report)
