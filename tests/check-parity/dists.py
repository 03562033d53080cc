"""Distributions to check, good and bad: what each is made of, and its bytes. Uses nothing but the standard library."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

HEADERS = (
    "Metadata-Version: 2.4",
    "Name: demo",
    "Version: 1.0",
    "Summary: A demonstration",
    "Requires-Python: >=3.9",
    "Description-Content-Type: text/markdown",
    "Classifier: Programming Language :: Python :: 3",
)
MULTIPLE = {
    "classifier",
    "dynamic",
    "platform",
    "supported-platform",
    "license-file",
    "requires-dist",
    "requires-external",
    "project-url",
    "provides-extra",
    "provides-dist",
    "obsoletes-dist",
    "import-name",
    "import-namespace",
}
WHEEL = "Wheel-Version: 1.0\nGenerator: parity\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
DATE = (2020, 1, 1, 0, 0, 0)


def field_of(header: str) -> str:
    """Returns the field that a header line is of."""
    return header.split(":", 1)[0].lower()


@dataclass(frozen=True)
class Dist:
    """One distribution; every method returns a changed copy."""

    filename: str
    root: str
    is_wheel: bool
    headers: tuple[str, ...] = HEADERS
    body: str = "# Demo\n\nText.\n"
    metadata_bytes: bytes | None = None
    members: dict[str, bytes] = field(default_factory=dict)
    doubled: tuple[str, ...] = ()
    record_text: str | None = None
    record_extra: str = ""
    patches: tuple[Callable[[bytearray], None], ...] = ()

    def named(self, filename: str) -> Dist:
        """Gives the file another name."""
        return replace(self, filename=filename)

    def rooted(self, root: str) -> Dist:
        """Moves what stands in the directory of the metadata."""
        members = {
            root + name[len(self.root) :] if name.startswith(f"{self.root}/") else name: data
            for name, data in self.members.items()
        }
        return replace(self, root=root, members=members)

    def header(self, *lines: str) -> Dist:
        """Sets fields that are there once, and adds to those that may be there often."""
        headers = list(self.headers)
        for line in lines:
            if field_of(line) not in MULTIPLE:
                headers = [old for old in headers if field_of(old) != field_of(line)]
            headers.append(line)
        return replace(self, headers=tuple(headers))

    def also(self, *lines: str) -> Dist:
        """Adds headers, whatever is there."""
        return replace(self, headers=(*self.headers, *lines))

    def without(self, *fields: str) -> Dist:
        """Takes fields out."""
        return replace(self, headers=tuple(line for line in self.headers if field_of(line) not in fields))

    def text(self, body: str) -> Dist:
        """Sets the description."""
        return replace(self, body=body)

    def raw(self, metadata: bytes) -> Dist:
        """Sets all of the metadata; nothing leaves the file out."""
        return replace(self, metadata_bytes=metadata)

    def file(self, name: str, data: bytes | str = "x") -> Dist:
        """Adds or replaces a file."""
        data = data.encode() if isinstance(data, str) else data
        return replace(self, members={**self.members, name: data})

    def missing(self, name: str) -> Dist:
        """Takes a file out."""
        return replace(self, members={key: data for key, data in self.members.items() if key != name})

    def twice(self, name: str) -> Dist:
        """Puts a file in twice."""
        return replace(self, doubled=(*self.doubled, name))

    def record(self, text: str) -> Dist:
        """Sets all of ``RECORD``; nothing leaves the file out."""
        return replace(self, record_text=text)

    def recorded(self, rows: str) -> Dist:
        """Adds rows at the end of ``RECORD``."""
        return replace(self, record_extra=rows)

    def patched(self, patch: Callable[[bytearray], None]) -> Dist:
        """Changes the finished bytes."""
        return replace(self, patches=(*self.patches, patch))

    def metadata(self) -> bytes:
        """Returns the bytes of ``METADATA`` or ``PKG-INFO``."""
        if self.metadata_bytes is not None:
            return self.metadata_bytes
        return ("\n".join(self.headers) + "\n\n" + self.body).encode("utf-8", "surrogateescape")

    def contents(self) -> list[tuple[str, bytes]]:
        """Returns the members in order."""
        members = list(self.members.items())
        if self.metadata():
            members.append((f"{self.root}/{'METADATA' if self.is_wheel else 'PKG-INFO'}", self.metadata()))
        members += [(name, self.members[name]) for name in self.doubled]
        if self.is_wheel:
            path = f"{self.root}/RECORD"
            rows = "".join(row(name, data) for name, data in members) + f"{path},,\n" + self.record_extra
            text = rows if self.record_text is None else self.record_text
            if text:
                members.append((path, text.encode()))
        return members

    def data(self) -> bytes:
        """Returns the bytes of the file."""
        data = bytearray(zip_of(self.contents()) if self.is_wheel else tar_gz_of(self.contents()))
        for patch in self.patches:
            patch(data)
        return bytes(data)


def row(name: str, data: bytes) -> str:
    """Returns the row of ``RECORD`` for a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    name = f'"{name}"' if "," in name else name
    return f"{name},sha256={digest},{len(data)}\n"


def zip_of(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Packs a zip, doubles included."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore", UserWarning)
        for name, data in members:
            info = zipfile.ZipInfo(name, DATE)
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def tar_gz_of(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Packs a gzip-compressed tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = 0o644
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def wheel() -> Dist:
    """A good wheel."""
    dist = Dist("demo-1.0-py3-none-any.whl", "demo-1.0.dist-info", is_wheel=True)
    return dist.file("demo/__init__.py", "VALUE = 1\n").file("demo-1.0.dist-info/WHEEL", WHEEL)


def sdist() -> Dist:
    """A good sdist."""
    dist = Dist("demo-1.0.tar.gz", "demo-1.0", is_wheel=False)
    project = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
    project += '[project]\nname = "demo"\nversion = "1.0"\n'
    return dist.file("demo-1.0/pyproject.toml", project).file("demo-1.0/demo/__init__.py", "VALUE = 1\n")
