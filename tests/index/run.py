"""Real clients against the embedded index, and the upload client against a real foreign index.

Usage: ``python tests/index/run.py [--pyrel BINARY | --server BINARY] [--client BINARY] [--python PYTHON] [CASE...]``

The index is ``pyrel index serve`` or any binary with its options; without either, the example ``serve`` is built.
Cases are the functions below; naming some runs only those. Prints ``N passed, N failed`` at the end.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bench import PASSWORD, ROOT, TOKEN, Bench, Server, check, prepare, sha256, stored
from program import release
from storm import post, small_wheels, storm

CASES: list[Callable[[Bench], None]] = []


def case(function: Callable[[Bench], None]) -> Callable[[Bench], None]:
    """Adds a case."""
    CASES.append(function)
    return function


def filled(bench: Bench) -> tuple[Server, Path]:
    """Returns an index that has ``demo-app`` 1.0 and 1.1, and the directory of the latter's files."""
    server = bench.serve(bench.directory("store"))
    for version in ("1.0", "1.1"):
        dist = bench.project("demo-app", version)
        bench.twine(server, *sorted(dist.iterdir())).ok()
    return server, dist


@case
def twine_uploads_and_may_repeat_itself(bench: Bench) -> None:
    """An upload, the same again, and other bytes under the same name."""
    server = bench.serve(bench.directory("store"))
    dist = bench.project("demo-app", "1.0")
    files = sorted(dist.iterdir())
    bench.twine(server, *files).ok()
    listing = server.listing("demo-app")
    check(sorted(listing) == [file.name for file in files], listing)
    for file in files:
        check(listing[file.name]["hashes"]["sha256"] == sha256(file), file.name)
        check(server.content(listing[file.name]) == file.read_bytes(), file.name)
    bench.twine(server, *files).ok()
    other = bench.project("demo-app", "1.0", body="CHANGED = True")
    for file in sorted(other.iterdir()):
        text = bench.twine(server, file).failed()
        check(f"400 File already exists ('{file.name}', with blake2_256 hash" in text, text)
    check(server.listing("demo-app") == listing, "the listing changed")


@case
def twine_hears_why_in_the_reason_phrase(bench: Bench) -> None:
    """Without ``--verbose`` twine shows nothing but the reason phrase."""
    server = bench.serve(bench.directory("store"))
    wheel = next(bench.project("demo-app", "1.0").glob("*.whl"))
    wrong = bench.directory("wrong") / wheel.name.replace("1.0", "1.2")
    shutil.copy(wheel, wrong)
    plain = ["--non-interactive", "--disable-progress-bar", "--repository-url", server.upload_url]
    identity = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": TOKEN}
    text = bench.run(bench.tool("twine"), "upload", *plain, wrong, **identity).failed()
    check("Version in filename should be '1.0' not '1.2'." in text, text)
    text = bench.run(
        bench.tool("twine"), "upload", *plain, wheel, TWINE_USERNAME="somebody", TWINE_PASSWORD=TOKEN
    ).failed()
    check("Username/Password authentication is no longer supported" in text, text)
    check(stored(server.directory) == [], stored(server.directory))


@case
def uv_publishes_and_may_repeat_itself(bench: Bench) -> None:
    """The same with ``uv publish``, and its own look-up of what is there."""
    server = bench.serve(bench.directory("store"))
    files = sorted(bench.project("demo-app", "1.0").iterdir())
    publish = [bench.tool("uv"), "publish", "--trusted-publishing", "never", "--publish-url", server.upload_url]
    publish += ["--token", TOKEN]
    bench.run(*publish, *files).ok()
    check(sorted(server.listing("demo-app")) == [file.name for file in files], server.listing("demo-app"))
    bench.run(*publish, *files).ok()
    text = bench.run(*publish, "--check-url", server.simple_url, *files).ok()
    check("already exist" in text, text)
    other = sorted(bench.project("demo-app", "1.0", body="CHANGED = True").iterdir())
    text = bench.run(*publish, *other).failed()
    check("File already exists" in text, text)
    text = bench.run(*publish, "--check-url", server.simple_url, *other).failed()
    check("Local file and index file do not match" in text, text)


@case
def pip_installs_downloads_and_lists_versions(bench: Bench) -> None:
    """``pip install``, ``download`` and ``index versions``, the metadata fetched on its own."""
    server, dist = filled(bench)
    target = bench.directory("target")
    text = bench.pip(
        "install", "-v", "--index-url", server.simple_url, "--target", target, "--no-deps", "demo_APP"
    ).ok()  # fmt: skip
    check("Downloading demo_app-1.1-py3-none-any.whl" in text, text)
    check((target / "demo_app" / "__init__.py").is_file(), text)
    text = bench.pip("install", "-v", "--dry-run", "--ignore-installed", "--index-url", server.simple_url, "demo-app")
    check(re.search(r"demo_app-1.1-py3-none-any.whl.metadata", text.ok()), text)
    down = bench.directory("down")
    bench.pip("download", "--no-deps", "--index-url", server.simple_url, "--dest", down, "demo-app==1.1").ok()
    bench.pip(
        "download", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--index-url", server.simple_url,
        "--dest", down, "demo-app==1.1",
    ).ok()  # fmt: skip
    check(
        {path.name: sha256(path) for path in down.iterdir()} == {path.name: sha256(path) for path in dist.iterdir()},
        sorted(down.iterdir()),
    )
    text = bench.pip("index", "versions", "--index-url", server.simple_url, "demo-app").ok()
    check("Available versions: 1.1, 1.0" in text, text)
    text = bench.pip("install", "--index-url", server.simple_url, "--target", target, "demo-other").failed()
    check("No matching distribution found for demo-other" in text, text)


@case
def pip_holds_the_index_to_hashes(bench: Bench) -> None:
    """``--require-hashes`` with the right and with a wrong hash."""
    server, dist = filled(bench)
    wheel = next(dist.glob("*.whl"))
    for digest, good in ((sha256(wheel), True), ("00" * 32, False)):
        requirements = bench.directory("hashes") / "requirements.txt"
        requirements.write_text(f"demo-app==1.1 --hash=sha256:{digest}\n", encoding="utf-8")
        outcome = bench.pip(
            "install", "--require-hashes", "--index-url", server.simple_url, "--only-binary", ":all:",
            "--target", bench.directory("target"), "-r", requirements,
        )  # fmt: skip
        check((outcome.code == 0) == good, outcome.text)


@case
def uv_installs_and_its_scripts_run(bench: Bench) -> None:
    """``uv pip install`` into a fresh environment, a version range, and a script."""
    server, _ = filled(bench)
    python = bench.environment_in(bench.directory("venv") / "env")
    install = [bench.tool("uv"), "pip", "install", "--python", python, "--index-url", server.simple_url]
    bench.run(*install, "demo-app<1.1").ok()
    script = python.with_name("demo-app.exe" if os.name == "nt" else "demo-app")
    check(bench.run(script).ok().strip() == "demo-app 1.0", "the script of 1.0")
    bench.run(*install, "--upgrade", "demo-app").ok()
    check(bench.run(script).ok().strip() == "demo-app 1.1", "the script of 1.1")


@case
def an_overlay_serves_what_the_store_does_not_have(bench: Bench) -> None:
    """A package of the store needs one of the other index; pip and uv find both."""
    upstream = bench.serve(bench.directory("upstream"))
    bench.twine(upstream, *sorted(bench.project("demo-lib", "2.0").iterdir())).ok()
    server = bench.serve(bench.directory("store"), "--overlay", upstream.simple_url)
    bench.twine(server, *sorted(bench.project("demo-app", "1.0", dependencies=("demo-lib>=2",)).iterdir())).ok()
    target = bench.directory("target")
    bench.pip("install", "--index-url", server.simple_url, "--target", target, "demo-app").ok()
    check((target / "demo_lib").is_dir(), sorted(target.iterdir()))
    python = bench.environment_in(bench.directory("venv") / "env")
    bench.run(
        bench.tool("uv"), "pip", "install", "--python", python, "--index-url", server.simple_url, "demo-app"
    ).ok()  # fmt: skip
    check("demo-lib" in bench.run(bench.tool("uv"), "pip", "list", "--python", python).ok(), "demo-lib is missing")


@case
def an_overlay_with_a_cache_serves_when_the_other_index_is_gone(bench: Bench) -> None:
    """pip and uv install through the cache; then the other index stops, and they install again."""
    upstream = bench.serve(bench.directory("upstream"))
    bench.twine(upstream, *sorted(bench.project("demo-lib", "2.0").iterdir())).ok()
    cache = bench.directory("cache")
    server = bench.serve(bench.directory("store"), "--overlay", upstream.simple_url, "--overlay-cache", str(cache))
    for round_ in ("through", "from the cache"):
        target = bench.directory("target")
        bench.pip("install", "--index-url", server.simple_url, "--target", target, "demo-lib").ok()
        check((target / "demo_lib").is_dir(), round_)
        python = bench.environment_in(bench.directory("venv") / "env")
        install = [
            bench.tool("uv"),
            "pip",
            "install",
            "--no-cache",
            "--python",
            python,
            "--index-url",
            server.simple_url,
        ]
        bench.run(*install, "demo-lib").ok()
        if upstream.process.poll() is None:
            upstream.stop()
    check(not any((cache / "incoming").iterdir()), sorted(cache.rglob("*")))


@case
def tokens_are_limited_to_projects(bench: Bench) -> None:
    """twine and uv hear the server's words for a token that is unknown or for other projects."""
    options = ["--token", f"{TOKEN}=demo-app", "--token", "not-a-real-token-either"]
    server = bench.serve(bench.directory("store"), *options)
    app, lib = bench.project("demo-app", "1.0"), bench.project("demo-lib", "1.0")
    text = bench.twine(server, *sorted(app.iterdir()), token="wrong").failed()
    check("403 Invalid or non-existent authentication information." in text and "wrong" not in text, text)
    bench.twine(server, *sorted(app.iterdir())).ok()
    text = bench.twine(server, *sorted(lib.iterdir())).failed()
    check("Invalid API Token: project-scoped token is not valid for project: 'demo-lib'" in text, text)
    publish = [bench.tool("uv"), "publish", "--trusted-publishing", "never", "--publish-url", server.upload_url]
    text = bench.run(*publish, "--token", TOKEN, *sorted(lib.iterdir())).failed()
    check("project-scoped token is not valid" in text, text)
    bench.run(*publish, "--token", "not-a-real-token-either", *sorted(lib.iterdir())).ok()
    check(len(stored(server.directory)) == 4, stored(server.directory))


@case
def installers_pass_over_what_is_yanked(bench: Bench) -> None:
    """pip and uv take the older release, and the yanked one with its reason when it is asked for exactly."""
    if not bench.has_commands:
        print("    (left out: the server under test has no `yank`)")
        return
    server, _ = filled(bench)
    bench.yank(server, "demo-app", "1.1", "--reason", "it eats data").ok()
    check(server.listing("demo-app")["demo_app-1.1-py3-none-any.whl"]["yanked"] == "it eats data", "the listing")
    install = ["install", "--no-deps", "--index-url", server.simple_url, "--target"]
    text = bench.pip(*install, bench.directory("target"), "demo-app").ok()
    check("Successfully installed demo-app-1.0" in text, text)
    text = bench.pip(*install, bench.directory("target"), "demo-app==1.1").ok()
    check("it eats data" in text and "Successfully installed demo-app-1.1" in text, text)
    python = bench.environment_in(bench.directory("venv") / "env")
    uv = [bench.tool("uv"), "pip", "install", "--python", python, "--index-url", server.simple_url]
    text = bench.run(*uv, "demo-app").ok()
    check("demo-app==1.0" in text, text)
    text = bench.run(*uv, "demo-app==1.1").ok()
    check("demo-app==1.1" in text and "it eats data" in text, text)
    bench.yank(server, "demo-app", "1.1", "--undo").ok()
    text = bench.pip(*install, bench.directory("target"), "demo-app").ok()
    check("Successfully installed demo-app-1.1" in text, text)


@case
def twine_uploads_attestations_and_they_are_served(bench: Bench) -> None:
    """``twine upload --attestations`` with files of the right shape, and with one that is about other bytes."""
    server = bench.serve(bench.directory("store"))
    files = sorted(bench.project("demo-app", "1.0").iterdir())
    for file in files:
        attest(file, sha256(file))
    beside = [path for file in files for path in (file, file.with_name(f"{file.name}.publish.attestation"))]
    bench.twine(server, "--attestations", *beside).ok()
    for file in files:
        url = server.listing("demo-app")[file.name]["provenance"]
        with urllib.request.urlopen(url, timeout=20) as response:
            provenance = json.load(response)
        given = json.loads(file.with_name(f"{file.name}.publish.attestation").read_text(encoding="utf-8"))
        check(provenance["attestation_bundles"][0]["attestations"] == [given], provenance)
    wheel = next(bench.project("demo-app", "1.1").glob("*.whl"))
    attest(wheel, "00" * 32)
    text = bench.twine(server, "--attestations", wheel, wheel.with_name(f"{wheel.name}.publish.attestation")).failed()
    check("subject does not match distribution digest" in text, text)


def attest(file: Path, digest: str) -> None:
    """Writes an attestation of the right shape beside a file; what it is signed with is nothing."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.name, "digest": {"sha256": digest}}],
        "predicateType": "https://docs.pypi.org/attestations/publish/v1",
        "predicate": None,
    }
    entry = base64.b64encode(json.dumps(statement).encode()).decode()
    attestation = {
        "version": 1,
        "verification_material": {"certificate": "MAA=", "transparency_entries": [{"logIndex": "1"}]},
        "envelope": {"statement": entry, "signature": "MAA="},
    }
    file.with_name(f"{file.name}.publish.attestation").write_text(json.dumps(attestation), encoding="utf-8")


def begin_upload(server: Server, wheel: Path, share: float) -> http.client.HTTPConnection:
    """Sends a part of an upload and leaves the connection open."""
    boundary = "frontier"
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": "demo-app",
        "version": "1.0",
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": sha256(wheel),
    }
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ).encode()
    body += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{wheel.name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body += wheel.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.putrequest("POST", "/legacy/")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={boundary}")
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Authorization", f"Bearer {TOKEN}")
    connection.endheaders()
    connection.send(body[: int(len(body) * share)])
    return connection


@case
def a_crash_within_an_upload_leaves_nothing(bench: Bench) -> None:
    """``kill -9`` with the file half sent; the same upload succeeds afterwards."""
    directory = bench.directory("store")
    wheel = next(bench.project("demo-app", "1.0", body=f"NOISE = {os.urandom(200_000).hex()!r}").glob("*.whl"))
    server = bench.serve(directory)
    connection = begin_upload(server, wheel, 0.7)
    incoming = directory / "incoming"
    for _ in range(100):
        if any(path.is_file() and path.stat().st_size for path in incoming.rglob("*")):
            break
        time.sleep(0.05)
    else:
        check(False, "the upload never reached the disk")
    server.kill()
    connection.close()
    again = bench.serve(directory)
    check(not any(incoming.iterdir()), sorted(incoming.rglob("*")))
    check(stored(directory) == [] and again.listing("demo-app") == {}, stored(directory))
    connection = begin_upload(again, wheel, 1.0)
    check(connection.getresponse().status == 200, "the upload after the crash")
    connection.close()
    again.kill()
    check(sha256_of_listed(bench, directory, "demo-app") == {wheel.name: sha256(wheel)}, "an acknowledged file is lost")


def sha256_of_listed(bench: Bench, directory: Path, name: str) -> dict[str, str]:
    """Starts a server over a directory and returns the hashes of what it lists and really serves."""
    server = bench.serve(directory)
    found = {}
    for filename, file in server.listing(name).items():
        target = bench.directory("served") / filename
        target.write_bytes(server.content(file))
        check(sha256(target) == file["hashes"]["sha256"], f"{filename} is not what is listed")
        found[filename] = sha256(target)
    server.stop()
    return found


@case
def crashes_at_any_moment_lose_nothing_that_was_acknowledged(bench: Bench) -> None:
    """Uploads one after another while the server is killed again and again."""
    directory = bench.directory("store")
    wheels = small_wheels(bench.directory("wheels"), 400)
    acknowledged: dict[str, str] = {}
    moments = random.Random(7)
    waiting, interrupted = list(wheels), 0
    for _ in range(8):
        server = bench.serve(directory)
        killer = threading.Timer(moments.uniform(0.02, 0.15), server.kill)
        killer.start()
        while waiting:
            outcome = post(server, waiting[0])
            if outcome is None:
                interrupted += 1
                break
            check(outcome == 200, f"{waiting[0].name}: {outcome}")
            acknowledged[waiting[0].name] = sha256(waiting[0])
            waiting.pop(0)
        killer.join()
    found = sha256_of_listed(bench, directory, "demo-app")
    lost = {name: digest for name, digest in acknowledged.items() if found.get(name) != digest}
    check(not lost, f"lost: {lost}")
    check(set(found) <= {wheel.name for wheel in wheels}, found)
    print(f"    ({len(acknowledged)} uploads acknowledged, {interrupted} broken off)")
    check(len(acknowledged) > 3 and interrupted > 3, "too few uploads to prove anything")


@case
def a_crash_under_32_connections_loses_nothing_that_was_acknowledged(bench: Bench) -> None:
    """600 uploads at 32 connections with ``kill -9`` in the middle of it, twice; in the end every file is there."""
    directory = bench.directory("store")
    wheels = small_wheels(bench.directory("wheels"), 600)
    outcome = storm(bench.serve, directory, wheels, connections=32, kills=[150, 400])
    check(outcome.broken_off > 0, "nothing was under way when the server was killed")
    found = sha256_of_listed(bench, directory, "demo-app")
    check(found == {wheel.name: sha256(wheel) for wheel in wheels}, "files are lost or changed")
    print(f"    ({outcome.acknowledged} uploads acknowledged, {outcome.broken_off} broken off)")


@case
def memory_stays_bounded_on_both_ends(bench: Bench) -> None:
    """A wheel of 90 MB passes through client and server without being held by either."""
    if not Path("/proc/self/status").exists():
        print("    (not measured: this system does not tell)")
        return
    directory = bench.directory("wheels")
    small = small_wheels(directory, 1)[0]
    with zipfile.ZipFile(small, "a") as archive:
        archive.writestr("demo_app_noise.bin", random.Random(1).randbytes(90_000_000))
    server = bench.serve(bench.directory("store"))
    before = peak(server.process.pid)
    process = subprocess.Popen(
        [*bench.client, "--upload-url", server.upload_url, "--simple-url", server.simple_url, "--password", TOKEN,
         str(small)],
        env=bench.environment(),
        stdout=subprocess.PIPE,
    )  # fmt: skip
    highest = 0
    while process.poll() is None:
        highest = max(highest, peak(process.pid))
        time.sleep(0.02)
    check(process.wait() == 0, "the upload failed")
    after = peak(server.process.pid)
    print(f"    (server {before} kB, then {after} kB; client {highest} kB)")
    check(after - before < 32_000, f"the server took {after - before} kB")
    check(0 < highest < 64_000, f"the client took {highest} kB")


def peak(pid: int) -> int:
    """Returns the most memory that a process has had, in kB; 0 when it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


@case
def the_client_uploads_to_pypiserver(bench: Bench) -> None:
    """A foreign index: upload, look-up, the same again, and other bytes."""
    packages = bench.directory("packages")
    files = sorted(bench.project("demo-app", "1.0").iterdir())
    with bench.pypiserver(packages) as url:
        for word in ("uploaded", "already there"):
            text = bench.put(url, f"{url}simple/", "--user", "x", "--password", "x", *files).ok()
            check(text.splitlines() == [f"{word}: {file.name} {sha256(file)}" for file in files], text)
        check({path.name: sha256(path) for path in packages.iterdir()} == {f.name: sha256(f) for f in files}, packages)
        other = sorted(bench.project("demo-app", "1.0", body="CHANGED = True").iterdir())
        text = bench.put(url, f"{url}simple/", "--user", "x", "--password", "x", *other).failed()
        check(f"the index already has other bytes under the name `{other[0].name}`" in text, text)


@case
def the_client_uploads_to_devpi(bench: Bench) -> None:
    """Another foreign index, one that answers 200 to the same bytes and 409 to others."""
    files = sorted(bench.project("demo-app", "1.0").iterdir())
    with bench.devpi(bench.directory("devpi")) as url:
        identity = ["--user", "root", "--password", PASSWORD]
        text = bench.put(url, f"{url}+simple/", *identity, *files).ok()
        check(text.splitlines() == [f"uploaded: {file.name} {sha256(file)}" for file in files], text)
        bench.put(url, f"{url}+simple/", *identity, *files).ok()
        other = sorted(bench.project("demo-app", "1.0", body="CHANGED = True").iterdir())
        text = bench.put(url, f"{url}+simple/", *identity, *other).failed()
        check(f"the index already has other bytes under the name `{other[0].name}`" in text, text)
        text = bench.put(url, f"{url}+simple/", "--user", "root", "--password", "wrong", *files).failed()
        check("does not accept the credentials" in text, text)


@case
def the_program_releases_to_a_private_pypiserver(bench: Bench) -> None:
    """Where nobody but a member reads or writes: upload, skip, conflict, wrong password, and back by pip."""
    packages = bench.directory("packages")
    with bench.pypiserver(packages, ("member", PASSWORD)) as url:
        release(bench, (url, f"{url}simple/"), ("member", PASSWORD), is_private=True)
    check(len(list(packages.iterdir())) == 2, list(packages.iterdir()))


@case
def the_program_releases_to_devpi(bench: Bench) -> None:
    """Where everybody reads and one may write: upload, skip, conflict, wrong password, and back by pip."""
    with bench.devpi(bench.directory("devpi")) as url:
        release(bench, (url, f"{url}+simple/"), ("root", PASSWORD), is_private=False)


@case
def the_client_speaks_tls_and_http2(bench: Bench) -> None:
    """Through TLS with an authority of one's own; one that is not trusted is refused at once and explained."""
    server = bench.serve(bench.directory("store"))
    files = sorted(bench.project("demo-app", "1.0").iterdir())
    with bench.encrypted(server) as (url, authority):
        arguments = [f"{url}legacy/", f"{url}simple/", "--password", TOKEN, *files]
        begin = time.monotonic()
        text = bench.put(*arguments).failed()
        check("invalid peer certificate" in text and "(1 attempt)" in text, text)
        check(time.monotonic() - begin < 5, "a certificate is not mended by trying again")
        text = bench.put(*arguments, SSL_CERT_FILE=str(authority)).ok()
        check(text.splitlines() == [f"uploaded: {file.name} {sha256(file)}" for file in files], text)
        other = sorted(bench.project("demo-app", "1.0", body="CHANGED = True").iterdir())
        text = bench.put(*arguments[:4], *other, SSL_CERT_FILE=str(authority)).failed()
        check("the index already has other bytes" in text, text)
    check(stored(server.directory) == [file.name for file in files], stored(server.directory))


@case
def the_json_api_feeds_scripts(bench: Bench) -> None:
    """What a script reads from ``/pypi/NAME/json``."""
    server, dist = filled(bench)
    code = (
        "import json, sys, urllib.request as r; d = json.load(r.urlopen(sys.argv[1]));"
        "print(json.dumps([d['info']['version'], sorted(d['releases']), d['urls'][0]['url']]))"
    )
    version, releases, url = json.loads(bench.run(bench.python, "-c", code, f"{server.url}pypi/Demo.App/json").ok())
    check((version, releases) == ("1.1", ["1.0", "1.1"]), (version, releases))
    check(url.startswith(server.url) and (dist / url.rsplit("/", 1)[1]).is_file(), url)


def binaries(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Returns the commands that start the index and the client."""
    server = [arguments.pyrel, "index", "serve"] if arguments.pyrel else arguments.server and [arguments.server]
    client = arguments.client and [arguments.client]
    if not (server and client):
        build = ["cargo", "build", "--locked", "--package", "pyrel-index", "--examples", "--message-format", "json"]
        made = subprocess.run(build, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        found = [json.loads(line) for line in made.splitlines()]
        paths = {item["target"]["name"]: item["executable"] for item in found if item.get("executable")}
        server, client = server or [paths["serve"]], client or [paths["put"]]
    return [str(Path(server[0]).resolve()), *server[1:]], [str(Path(client[0]).resolve()), *client[1:]]


def main() -> int:
    """Runs the cases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pyrel", help="the pyrel binary, whose `index serve` is tested")
    parser.add_argument("--server", help="another binary that serves an index")
    parser.add_argument("--client", help="the binary of the example `put`")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    server, client = binaries(arguments)
    passed, failed = 0, []
    with tempfile.TemporaryDirectory(prefix="pyrel-index-") as temporary:
        python = prepare(arguments.python.absolute(), Path(temporary))
        for function in CASES:
            if arguments.cases and function.__name__ not in arguments.cases:
                continue
            bench = Bench(python, server, client, Path(temporary) / function.__name__)
            begin = time.monotonic()
            try:
                function(bench)
            except Exception:  # noqa: BLE001 - whatever goes wrong in a case is that case's failure
                failed.append(function.__name__)
                print(f"FAILED {function.__name__}\n{traceback.format_exc()}", flush=True)
            else:
                passed += 1
                print(f"ok {function.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
            finally:
                bench.close()
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    raise SystemExit(main())
