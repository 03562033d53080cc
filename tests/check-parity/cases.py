"""The table of distributions: one for each rule, several that are good, and random combinations from a seed."""

from __future__ import annotations

import gzip
import io
import random
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dists import Dist, row, sdist, wheel

SEED = 20261121
COMBINATIONS = 48

INFO = "demo-1.0.dist-info"
LONG = "x" * 600


@dataclass(frozen=True)
class Case:
    """One distribution with the name that the page calls it by."""

    name: str
    dist: Dist


def lines(*headers: str) -> Callable[[Dist], Dist]:
    """A change that sets or adds headers."""
    return lambda dist: dist.header(*headers)


# Changes of the metadata that stand for themselves and can be combined.
METADATA: dict[str, Callable[[Dist], Dist]] = {
    "metadata version missing": lambda dist: dist.without("metadata-version"),
    "metadata version 2.0": lines("Metadata-Version: 2.0"),
    "metadata version 9.9": lines("Metadata-Version: 9.9"),
    "name missing": lambda dist: dist.without("name"),
    "name with a blank": lines("Name: my demo"),
    "name with a hyphen in front": lines("Name: -demo"),
    "version missing": lambda dist: dist.without("version"),
    "version no version": lines("Version: 1.0-final"),
    "version local": lines("Version: 1.0+local"),
    "version with a v": lines("Version: v1.0"),
    "summary of two lines": lines("Summary: one\n        two"),
    "summary too long": lines(f"Summary: {LONG}"),
    "summary twice": lambda dist: dist.also("Summary: again"),
    "summary not UTF-8": lines("Summary: caf\udce9"),
    "field unknown": lines("Licence: MIT"),
    "field of the user": lines("X-Own: 1"),
    "description as header and body": lambda dist: dist.also("Description: header"),
    "description twice as header": lambda dist: dist.text("").also("Description: a", "Description: b"),
    "description missing": lambda dist: dist.text(""),
    "description UNKNOWN": lambda dist: dist.text("UNKNOWN\n"),
    "description of blanks": lambda dist: dist.text(" \n\n"),
    "description of link definitions": lambda dist: dist.text("[a]: https://example.org\n"),
    "description of raw HTML": lambda dist: dist.text("<script>x</script>\n"),
    "description plain": lambda dist: dist.header("Description-Content-Type: text/plain").text("*a\n"),
    "description plain of blanks": lambda dist: dist.header("Description-Content-Type: text/plain").text(" "),
    "content type missing, no description": lambda dist: dist.without("description-content-type").text(""),
    "content type HTML": lines("Description-Content-Type: text/html"),
    "content type word": lines("Description-Content-Type: markdown"),
    "content type in capitals": lines("Description-Content-Type: TEXT/MARKDOWN"),
    "charset UTF-8": lines("Description-Content-Type: text/markdown; charset=UTF-8"),
    "charset in small letters": lines("Description-Content-Type: text/markdown; charset=utf-8"),
    "charset another": lines("Description-Content-Type: text/markdown; charset=latin-1"),
    "variant CommonMark": lines("Description-Content-Type: text/markdown; charset=UTF-8; variant=CommonMark"),
    "variant in small letters": lines("Description-Content-Type: text/markdown; variant=gfm"),
    "variant without value": lines("Description-Content-Type: text/markdown; variant"),
    "variant with comments": lines("Description-Content-Type: text/markdown; variant (a) = GFM (b)"),
    "variant with comments, another": lines("Description-Content-Type: text/markdown; variant (a;b) = x (c)"),
    "type with a comment": lines("Description-Content-Type: text/markdown (GitHub)"),
    "charset with blanks in quotes": lines('Description-Content-Type: text/plain; charset="UTF  8"'),
    "charset twice in other letters": lines("Description-Content-Type: text/plain; charset=UTF-8; Charset=ascii"),
    "charset in pieces": lines("Description-Content-Type: text/plain; charset*0=UTF; charset*1=-8"),
    "charset in codes": lines("Description-Content-Type: text/plain; charset*0*=us-ascii''%55TF; charset*1=-16"),
    "charset behind junk": lines('Description-Content-Type: text/plain; a b "c;charset=UTF-8"; charset=ascii'),
    "charset on another line": lines("Description-Content-Type: text/markdown;\n charset=UTF-8"),
    "charset twice": lines("Description-Content-Type: text/markdown; charset=UTF-8; charset=UTF-8"),
    "charset with an open quote": lines('Description-Content-Type: text/plain; charset="UTF-8'),
    "charset with an open comment": lines("Description-Content-Type: text/plain; charset=UTF-8 (yes"),
    "type behind a slash": lines("Description-Content-Type: a/text/plain"),
    "parameter without value": lines("Description-Content-Type: text/plain; x"),
    "semicolon at the end": lines("Description-Content-Type: text/markdown; charset=UTF-8;"),
    "semicolon twice": lines("Description-Content-Type: text/markdown;; charset=UTF-8"),
    "charset behind more words": lines("Description-Content-Type: text/markdown; charset=UTF-8 GFM"),
    "parameter that ends in a star": lines("Description-Content-Type: text/plain; charset*"),
    "dynamic version": lines("Dynamic: Version"),
    "dynamic no field": lines("Dynamic: requires_dist"),
    "dynamic dynamic": lines("Dynamic: Dynamic"),
    "dynamic too early": lines("Metadata-Version: 2.1", "Dynamic: Classifier"),
    "extra with a blank": lines("Provides-Extra: my extra"),
    "extra good": lines("Provides-Extra: test", 'Requires-Dist: pytest; extra == "test"'),
    "requires-python a number": lines("Requires-Python: 3.9"),
    "requires-python caret": lines("Requires-Python: ^3.9"),
    "requires-python star": lines("Requires-Python: >=3.9.*"),
    "requirement with two words": lines("Requires-Dist: two words"),
    "requirement with unknown marker": lines("Requires-Dist: a; shoe == 'red'"),
    "requirement with short compatible": lines("Requires-Dist: a ~=1"),
    "requirement in old brackets": lines("Requires-Dist: a (>=1)"),
    "requirement by address": lines("Requires-Dist: a @ https://example.org/a.whl"),
    "provided with two words": lines("Provides-Dist: two words"),
    "obsoleted by address": lines("Obsoletes-Dist: a @ https://example.org/a.whl"),
    "licence expression": lines("License-Expression: MIT OR Apache-2.0"),
    "licence expression wrong": lines("License-Expression: MIT/X11"),
    "licence expression too early": lines("Metadata-Version: 2.1", "License-Expression: MIT"),
    "licence twice told": lines("License: MIT", "License-Expression: MIT"),
    "licence file outside": lines("License-File: ../LICENSE"),
    "licence file pattern": lines("License-File: LICENSE*"),
    "licence file absolute": lines("License-File: /LICENSE"),
    "licence file with backslash": lines("License-File: a\\b"),
    "licence file not there": lines("License-File: LICENSE"),
    "licence file too early": lines("Metadata-Version: 2.1", "License-File: LICENSE"),
    "import name": lines("Metadata-Version: 2.5", "Import-Name: demo"),
    "import name no identifier": lines("Metadata-Version: 2.5", "Import-Name: demo.1a"),
    "import name keyword": lines("Metadata-Version: 2.5", "Import-Name: demo.class"),
    "import name public": lines("Metadata-Version: 2.5", "Import-Name: demo; public"),
    "e-mail without domain": lines("Author-email: nobody"),
    "e-mail in a closed domain": lines("Maintainer-email: Me <me@example.invalid>"),
    "e-mails two": lines("Author-email: a@example.com, nobody"),
    "classifier unknown": lines("Classifier: Programming Language :: Pyhton"),
    "classifier private": lines("Classifier: Private :: Do Not Upload"),
    "classifier deprecated": lines("Classifier: Natural Language :: Ukranian"),
    "home page without scheme": lines("Home-page: example.org"),
    "download from ftp": lines("Download-URL: ftp://example.org/a"),
    "project URL without label": lines("Project-URL: https://example.org"),
    "project URL with long label": lines(f"Project-URL: {LONG[:40]}, https://example.org"),
    "project URL twice": lines("Project-URL: A, https://example.org/a", "Project-URL: A, https://example.org/b"),
    "project URL by mail": lines("Project-URL: A, mailto:a@example.org"),
    "project URL good": lines("Project-URL: A, https://example.org/a,b"),
    "braces in the version": lines("Version: {version}"),
    "braces in a requirement": lines("Requires-Dist: foo{bar}"),
    "braces doubled": lines("Requires-Python: {{x}}"),
    "braces in the summary": lines("Summary: {not} a template"),
    "keywords": lines("Keywords: a,b,c"),
    "platform": lines("Platform: any"),
}


def patch(pattern: bytes, at: int, value: int, *, last: bool = False) -> Callable[[bytearray], None]:
    """A change of one byte, counted from the first or last place of a pattern."""

    def change(data: bytearray) -> None:
        place = data.rindex(pattern) if last else data.index(pattern)
        data[place + at] ^= value

    return change


def sparse(data: bytearray) -> None:
    """Puts a sparse member in front."""
    info = tarfile.TarInfo("demo-1.0/hole")
    info.type = tarfile.GNUTYPE_SPARSE
    data[:] = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + gzip.decompress(bytes(data)), mtime=0)


def linked(data: bytearray) -> None:
    """Puts a link out of the archive in front."""
    info = tarfile.TarInfo("demo-1.0/link")
    info.type = tarfile.SYMTYPE
    info.linkname = "/etc/passwd"
    data[:] = gzip.compress(info.tobuf() + gzip.decompress(bytes(data)), mtime=0)


def comment(data: bytearray) -> None:
    """Gives the last member a comment."""
    entry, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    data[entry + 32] = 1
    data[end:end] = b"x"
    size = int.from_bytes(data[end + 13 : end + 17], "little") + 1
    data[end + 13 : end + 17] = size.to_bytes(4, "little")


def tar_in_front(data: bytearray) -> None:
    """Puts the header of a tar member in front."""
    data[:0] = tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT)


def rename(old: bytes, new: bytes) -> Callable[[bytearray], None]:
    """A change of bytes to others of the same length, wherever they are."""

    def change(data: bytearray) -> None:
        data[:] = bytes(data).replace(old, new)

    return change


def without_end(data: bytearray) -> None:
    """Takes the end marker off the tar."""
    data[:] = gzip.compress(gzip.decompress(bytes(data))[:-9216], mtime=0)


def front(data: bytearray) -> None:
    """Puts a script in front."""
    data[:0] = b"#!/bin/sh\n"


def half(data: bytearray) -> None:
    """Cuts the file off."""
    del data[len(data) // 2 :]


def behind(data: bytearray) -> None:
    """Puts bytes behind the end."""
    data += b"more"


def plain(data: bytearray) -> None:
    """Takes the compression off."""
    data[:] = gzip.decompress(bytes(data))


def flat(data: bytearray) -> None:
    """Packs the files without the directory round them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(bytes(data))) as old, tarfile.open(fileobj=buffer, mode="w:gz") as new:
        for info in old:
            content = old.extractfile(info)
            info.name = info.name.removeprefix("demo-1.0/")
            new.addfile(info, content)
    data[:] = buffer.getvalue()


def wheels() -> Iterator[Case]:
    """Wheels that are wrong as archives, in their names, or in what is in them."""
    armor = "__pyarmor_enter__()\n"
    points = f"{INFO}/entry_points.txt"
    changed = wheel()
    for name, dist in {
        "cut off": changed.patched(half),
        "empty file": changed.patched(bytearray.clear),
        "bytes in front": changed.patched(front),
        "bytes behind": changed.patched(behind),
        "data descriptor": changed.patched(patch(b"PK\x03\x04", 6, 8)),
        "size differs": changed.patched(patch(b"PK\x03\x04", 22, 1)),
        "checksum of a module wrong": changed.patched(patch(b"demo/__init__.py", -30, 0xFF, last=True)),
        "checksum of METADATA wrong": changed.patched(patch(b"METADATA", -30 - len(INFO) - 1, 0xFF, last=True)),
        "RECORD encrypted": changed.patched(patch(b"RECORD", -38 - len(INFO) - 1, 1, last=True)),
        "compression unknown": changed.patched(patch(b"PK\x01\x02", 10, 14 ^ 8)),
        "member twice": changed.twice("demo/__init__.py"),
        "code encrypted": changed.file("demo/secret.py", armor),
        "WHEEL missing": changed.missing(f"{INFO}/WHEEL"),
        "METADATA missing": changed.raw(b""),
        "METADATA no headers": changed.raw(b"nonsense\n"),
        "RECORD missing": changed.record(""),
        "RECORD with a blank line": changed.recorded("\n"),
        "RECORD lists what is not there": changed.recorded("demo/gone.py,,\n"),
        "RECORD lists nothing": changed.record(f"{INFO}/RECORD,,\n"),
        "RECORD with wrong hash": changed.record(
            f"demo/__init__.py,sha256=AAAA,10\n{INFO}/WHEEL,,\n{INFO}/METADATA,,\n{INFO}/RECORD,,\n"
        ),
        "entry points good": changed.file(points, "[console_scripts]\ndemo = demo:main\n"),
        "entry points with colon": changed.file(points, "[console_scripts]\ndemo: demo:main\n"),
        "entry points with a blank in a name": changed.file(points, "[console_scripts]\nmy demo = demo:main\n"),
        "licence file there": changed.header("License-File: LICENSE").file(f"{INFO}/licenses/LICENSE"),
        "two dist-info directories": changed.file("other-1.0.dist-info/METADATA"),
        "bytecode": changed.file("demo/__pycache__/a.cpython-311.pyc", b"\0\0\0\0"),
        "same file under two names": changed.file("demo/a.py", "print('one')\n").file("demo/b.py", "print('one')\n"),
        "text at the top": changed.file("README.md", "# x\n"),
        "module in a directory that is none": changed.file("demo-extra/module.py", "x = 1\n"),
        "tests at the top": changed.file("tests/__init__.py", "").file("tests/test_x.py", "x = 1\n"),
        "__init__ at the top": changed.file("__init__.py", "x = 1\n"),
        "nothing to import": changed.missing("demo/__init__.py"),
        "two packages": changed.file("other/__init__.py", "x = 2\n"),
        "directory without modules": changed.missing("demo/__init__.py").file("demo/data.json", "{}"),
        "name outside": changed.file("../evil.py", "x = 1\n"),
        "RECORD with a hash for itself": changed.recorded(f"{INFO}/RECORD,sha256=AAAA,1\n"),
        "RECORD with a wrong size": changed.file("demo/size.py", "x = 1\n").record(
            "".join(row(name, data) for name, data in changed.contents()[:-1])
            + row("demo/size.py", b"x = 1\n").replace(",6\n", ",7\n")
            + f"{INFO}/RECORD,,\n"
        ),
        "entry point to nowhere": changed.file(points, "[console_scripts]\ndemo = gone.cli:main\n"),
        "WHEEL without version": changed.file(f"{INFO}/WHEEL", "Root-Is-Purelib: true\nTag: py3-none-any\n"),
        "WHEEL with other tags": changed.file(
            f"{INFO}/WHEEL", changed.members[f"{INFO}/WHEEL"].replace(b"py3", b"py2")
        ),
        "names differ in case only": changed.file("demo/Data.py", "x = 1\n").file("demo/data.py", "x = 2\n"),
        "member with a comment": changed.patched(comment),
        "member with a control character": changed.patched(rename(b"demo/__init__.py", b"demo/__\x01nit__.py")),
        "zip and tar at once": changed.patched(tar_in_front),
        "zeros packed tightly": changed.file("demo/zeros.bin", bytes(66 * 1024 * 1024)),
        "directories too deep": changed.file(f"demo/{'d/' * 120}x.py", "x = 1\n"),
        "module compiled, but pure": changed.file("demo/fast.abi3.so", b"\x7fELF"),
    }.items():
        yield Case(f"wheel: {name}", dist)
    for filename in (
        "demo-1.0.whl",
        "demo-1.0-py3-none.whl",
        "de__mo-1.0-py3-none-any.whl",
        "demo-1_0-py3-none-any.whl",
        "demo-1.0-x1-py3-none-any.whl",
        "other-1.0-py3-none-any.whl",
        "Demo-1.0-py3-none-any.whl",
        "demo-1.1-py3-none-any.whl",
        "demo-1.0--none-any.whl",
        "demo-1.0-py3-none-linux_x86_64.whl",
        "demo-1.0-py3-none-macosx_11_1_arm64.whl",
        "demo-1.0-py3-none-manylinux_2_28_x86_64.whl",
    ):
        dist = wheel().named(filename)
        stem = re.match(r"[^-]+-[^-]+(?=-)", filename)
        tags = "-".join(filename.removesuffix(".whl").split("-")[-3:])
        if stem:
            root = f"{stem[0]}.dist-info"
            dist = dist.rooted(root).file(
                f"{root}/WHEEL", dist.members[f"{INFO}/WHEEL"].replace(b"py3-none-any", tags.encode())
            )
        yield Case(f"wheel: named {filename}", dist)


def sdists() -> Iterator[Case]:
    """Sdists that are wrong as archives, in their names, or in what is in them."""
    good = sdist()
    for name, dist in {
        "cut off": good.patched(half),
        "empty file": good.patched(bytearray.clear),
        "not compressed": good.patched(plain),
        "sparse member": good.patched(sparse),
        "link outside": good.patched(linked),
        "without a directory": good.patched(flat),
        "two directories": good.file("other/file"),
        "absolute name": good.file("/etc/demo.conf"),
        "name outside": good.file("demo-1.0/../../evil"),
        "code encrypted": good.file("demo-1.0/demo/secret.py", "__pyarmor_exit__()\n"),
        "PKG-INFO missing": good.raw(b""),
        "PKG-INFO no headers": good.raw(b"nonsense\n"),
        "licence file there": good.header("License-File: LICENSE").file("demo-1.0/LICENSE"),
        "without a build file": good.missing("demo-1.0/pyproject.toml"),
        "directory of another name": good.rooted("demo").named("demo-1.0.tar.gz"),
        "member twice": good.twice("demo-1.0/pyproject.toml"),
        "without an end": good.patched(without_end),
        "egg-info in it": good.file("demo-1.0/demo.egg-info/PKG-INFO", good.metadata()),
        "long names": good.file(f"demo-1.0/demo/{'n' * 200}.py", "x = 1\n"),
    }.items():
        yield Case(f"sdist: {name}", dist)
    for filename in (
        "Demo-1.0.tar.gz",
        "demo-1.0.0.tar.gz",
        "demo-latest.tar.gz",
        "demo-1.0\x01.tar.gz",
        "demo.tar.gz",
        "other-1.0.tar.gz",
        "demo-1.0.zip",
        "demo-1.0.tar.bz2",
        "demo-1.0.TAR.GZ",
    ):
        yield Case(f"sdist: named {filename!a}".replace("'", ""), sdist().named(filename))


def projects() -> Iterator[Case]:
    """Names of projects that are good, and some that PyPI gives to nobody."""
    for name in ("Demo.App", "a", "demo_1", "test", "requirements.txt"):
        stem = re.sub(r"[-_.]+", "_", name).lower()
        dist = sdist().header(f"Name: {name}").rooted(f"{stem}-1.0").named(f"{stem}-1.0.tar.gz")
        yield Case(f"sdist: project {name}", dist)
    for version in ("1.0.post1", "1!2.0", "2026.11.21", "1.0rc1", "0.0.1.dev3"):
        dist = wheel().header(f"Version: {version}").rooted(f"demo-{version}.dist-info")
        yield Case(f"wheel: version {version}", dist.named(f"demo-{version}-py3-none-any.whl"))


def combinations(seed: int) -> Iterator[Case]:
    """Two or three changes of the metadata at once, the same ones for the same seed."""
    chance = random.Random(seed)
    for number in range(COMBINATIONS):
        names = chance.sample(sorted(METADATA), chance.choice((2, 2, 3)))
        dist, kind = chance.choice(((wheel(), "wheel"), (sdist(), "sdist")))
        for name in names:
            dist = METADATA[name](dist)
        yield Case(f"{kind}: combination {number + 1} ({'; '.join(names)})", dist)


def all_cases(seed: int = SEED) -> list[Case]:
    """Returns every case in the order of the page."""
    cases = [Case("wheel: good", wheel()), Case("sdist: good", sdist())]
    for number, (name, change) in enumerate(METADATA.items()):
        kinds = ((wheel(), "wheel"), (sdist(), "sdist"))
        dist, kind = kinds[number % 2]
        cases.append(Case(f"{kind}: {name}", change(dist)))
    cases += [*wheels(), *sdists(), *projects(), *combinations(seed)]
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise ValueError("two cases have one name")
    return cases
