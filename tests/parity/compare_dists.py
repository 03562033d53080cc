#!/usr/bin/env python3
"""Compare two wheels, two sdists, or two directories of them.

usage: compare_dists.py A B [--json] [--strict] [--ignore CODE[,CODE]]
       compare_dists.py --verify DIST...      check archives on their own

Levels. A *difference* makes the exit
status 1; a *note* is a tolerated variation and counts only with --strict.
  filename   name, version, build and tags in the file name
  members    set of member paths (directory entries are not members)
  content    bytes of every payload member
  metadata   METADATA / PKG-INFO as a multiset of fields, then the body
  entry      entry_points.txt as parsed groups
  record     RECORD of each wheel on its own: complete, no extra, hashes, sizes
  wheel      WHEEL: version, purelib flag, build, set of tags (Generator: note)
  archive    structure: duplicates, unsafe paths, several top-level folders
  mode       executable bit (note), symlink targets (difference)
Exit status: 0 equivalent, 1 differences, 2 could not compare.
Needs Python 3.11, nothing else; uses `packaging` for PEP 508 values if present.
"""
from __future__ import annotations

import argparse
import base64
import collections
import configparser
import csv
import email.parser
import email.policy
import hashlib
import io
import itertools
import json
import os
import re
import stat
import sys
import tarfile
import tomllib
import unicodedata
import zipfile

try:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version
except ImportError:  # the light canonical forms below are used instead
    Requirement = SpecifierSet = Version = None

EGG_INFO_CFG = re.compile(rb"\s*\[egg_info\]\s*tag_build\s*=\s*tag_date\s*=\s*0\s*\Z")

# Sdist members that may be on one side only, each with its reason.
SDIST_OPTIONAL = [
    (re.compile(r"(^|.*/)[^/]+\.egg-info/.*\Z"),
     "setuptools' own by-product; no PEP 517 consumer reads it"),
    (re.compile(r"pyproject\.toml\.orig\Z"),
     "uv_build's copy of the file before its TOML 1.0 rewrite"),
]


def norm_name(s):
    return re.sub(r"[-_.]+", "-", s).lower()


def canon_version(s):
    if Version:
        try:
            return str(Version(s))
        except Exception:
            pass
    return s.strip().lower().removeprefix("v")


def canon_spec(s):
    if SpecifierSet:
        try:
            return str(SpecifierSet(s))
        except Exception:
            pass
    return ",".join(sorted(re.sub(r"\s+", "", p) for p in s.split(",") if p.strip()))


def canon_req(s):
    """A PEP 508 requirement in one spelling: two spellings of one meaning agree."""
    if Requirement:
        try:
            r = Requirement(s)
            extras = ",".join(sorted(norm_name(e) for e in r.extras))
            marker = re.sub(r"\s+", " ", str(r.marker)) if r.marker else ""
            while marker.startswith("(") and marker.endswith(")") and _wraps(marker):
                marker = marker[1:-1].strip()
            marker = re.sub(r"extra == \"([^\"]*)\"",
                            lambda m: f'extra == "{norm_name(m[1])}"', marker)
            return f"{norm_name(r.name)}[{extras}]{r.specifier}@{r.url or ''};{marker}"
        except Exception:
            pass
    head, _, marker = s.partition(";")
    m = re.match(r"\s*([A-Za-z0-9._-]+)\s*(\[[^\]]*\])?\s*(.*)\Z", head, re.S)
    if not m:
        return re.sub(r"\s+", "", s)
    name, extras, rest = m[1], m[2] or "[]", m[3].strip()
    ex = ",".join(sorted(norm_name(e) for e in extras[1:-1].split(",") if e.strip()))
    if rest.startswith("@"):
        rest = rest[1:].strip()
    else:
        rest = canon_spec(rest.strip("() ") if rest.startswith("(") else rest)
    marker = re.sub(r"\s+", "", marker.replace("'", '"'))
    while marker.startswith("(") and marker.endswith(")") and _wraps(marker):
        marker = marker[1:-1]
    return f"{norm_name(name)}[{ex}]{rest};{marker}"


def _wraps(s):
    depth = 0
    for i, c in enumerate(s):
        depth += c == "("
        depth -= c == ")"
        if depth == 0 and i < len(s) - 1:
            return False
    return True


class Report:
    def __init__(self, ignore):
        self.items, self.ignore = [], ignore

    def add(self, level, code, text, where="", note=False):
        if code in self.ignore or level in self.ignore:
            return
        self.items.append({"kind": "note" if note else "difference", "level": level,
                           "code": code, "where": where, "text": text})

    def count(self, kind):
        return sum(i["kind"] == kind for i in self.items)


class Dist:
    """A wheel or an sdist, read whole: path -> (bytes | None, link, executable)."""

    def __init__(self, path):
        self.path, self.base = path, os.path.basename(path)
        self.files, self.links, self.execs, self.problems = {}, {}, {}, []
        if path.endswith(".whl"):
            self.kind = "wheel"
            self._read_wheel()
        elif path.endswith((".tar.gz", ".tgz")):
            self.kind = "sdist"
            self._read_sdist()
        else:
            raise ValueError(f"not a wheel or an sdist: {path}")

    def bad(self, code, text):
        self.problems.append((code, text))

    def _safe(self, name):
        if name.startswith("/") or "\\" in name or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
            self.bad("unsafe-path", f"unsafe member path {name!r}")

    def _read_wheel(self):
        parts = self.base[:-4].split("-")
        if len(parts) not in (5, 6):
            self.bad("bad-filename", f"{self.base}: not a PEP 427 name")
            parts = (parts + [""] * 5)[:5]
        self.name, self.version = parts[0], parts[1]
        self.build = parts[2] if len(parts) == 6 else ""
        py, abi, plat = parts[-3:]
        self.tags = {f"{p}-{a}-{t}" for p in py.split(".") for a in abi.split(".") for t in plat.split(".")}
        with zipfile.ZipFile(self.path) as z:
            for i in z.infolist():
                self._safe(i.filename)
                if i.is_dir():
                    continue
                if i.filename in self.files:
                    self.bad("duplicate-member", f"{i.filename} is in the archive twice")
                if not i.filename.isascii() and not i.flag_bits & 0x800:
                    self.bad("name-not-utf8", f"{i.filename!r} is not marked UTF-8")
                if i.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    self.bad("compression", f"{i.filename} uses method {i.compress_type}")
                try:
                    self.files[i.filename] = z.read(i)
                except Exception as e:
                    self.bad("unreadable", f"{i.filename}: {e}")
                    self.files[i.filename] = b""
                mode = i.external_attr >> 16
                self.execs[i.filename] = bool(mode & 0o100)
                if stat.S_ISLNK(mode):
                    self.bad("symlink", f"{i.filename} is a symlink; wheels have none")
        infos = {n.split("/", 1)[0] for n in self.files if n.split("/", 1)[0].endswith(".dist-info")}
        self.info = next(iter(infos), None)
        if len(infos) != 1:
            self.bad("dist-info", f"{len(infos)} .dist-info folders: {sorted(infos)}")
        elif norm_name(self.info[:-10].rsplit("-", 1)[0]) != norm_name(self.name) or \
                canon_version(self.info[:-10].rsplit("-", 1)[-1]) != canon_version(self.version):
            self.bad("dist-info", f"{self.info} does not match the file name {self.base}")
        for need in ("METADATA", "WHEEL", "RECORD"):
            if self.info and f"{self.info}/{need}" not in self.files:
                self.bad(f"no-{need.lower()}", f"{need} is missing")

    def _read_sdist(self):
        stem = re.sub(r"\.(tar\.gz|tgz)\Z", "", self.base)
        self.name, _, self.version = stem.rpartition("-")
        self.build, self.tags, self.info = "", set(), None
        tops = set()
        with tarfile.open(self.path, "r:gz") as t:
            for m in t:
                self._safe(m.name)
                top, _, rest = m.name.partition("/")
                tops.add(top)
                if m.isdir() or not rest:
                    continue
                if rest in self.files:
                    self.bad("duplicate-member", f"{rest} is in the archive twice")
                self.execs[rest] = bool(m.mode & 0o100)
                if m.issym() or m.islnk():
                    self.links[rest] = m.linkname
                    self.files[rest] = b""
                elif m.isreg():
                    self.files[rest] = t.extractfile(m).read()
                else:
                    self.bad("odd-member", f"{rest} is of tar type {m.type!r}")
        if tops != {stem}:
            self.bad("top-level", f"top-level folder(s) {sorted(tops)}, the name says {stem}")
        for need in ("PKG-INFO", "pyproject.toml"):
            if need not in self.files:
                self.bad(f"no-{need.lower()}", f"{need} is missing")


def verify_record(d):
    """Problems of a wheel's RECORD, each (code, text)."""
    out, path = [], f"{d.info}/RECORD"
    if not d.info or path not in d.files:
        return [("record-missing", "no RECORD")]
    try:
        rows = list(csv.reader(io.StringIO(d.files[path].decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as e:
        return [("record-unreadable", str(e))]
    seen = collections.Counter()
    exempt = {path, path + ".jws", path + ".p7s"}
    for n, row in enumerate(rows, 1):
        if len(row) != 3:
            out.append(("record-row", f"row {n} has {len(row)} cells"))
            continue
        name, digest, size = row
        seen[name] += 1
        if name not in d.files:
            out.append(("record-extra", f"{name} is listed but not in the archive"))
            continue
        if name in exempt:
            if name == path and (digest or size):
                out.append(("record-self", "RECORD's own row must have no hash and no size"))
            continue
        if not digest:
            out.append(("record-nohash", f"{name} has no hash"))
            continue
        algo, _, value = digest.partition("=")
        if algo not in hashlib.algorithms_guaranteed or algo in ("md5", "sha1"):
            out.append(("record-algo", f"{name}: {algo} is not allowed"))
            continue
        raw = hashlib.new(algo, d.files[name]).digest()
        want = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        if value != want:
            code = "record-padding" if value.rstrip("=") == want else "record-hash"
            out.append((code, f"{name}: {value} is not {want}"))
        if size != str(len(d.files[name])):
            out.append(("record-size", f"{name}: size {size!r}, is {len(d.files[name])}"))
    for name, n in seen.items():
        if n > 1:
            out.append(("record-twice", f"{name} is listed {n} times"))
    for name in d.files:
        if not seen[name] and name not in exempt - {path}:
            out.append(("record-unlisted", f"{name} is not in RECORD"))
    return out


def parse_metadata(raw):
    """-> (list of (field, value), body text, list of problems)"""
    problems = []
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        return [], "", [f"not UTF-8: {e}"]
    msg = email.parser.Parser(policy=email.policy.compat32).parsestr(text)
    fields = []
    for k, v in msg.raw_items():
        v = "\n".join(line.strip() for line in str(v).split("\n")).strip()
        fields.append((k.lower(), v))
    for d in msg.defects:
        problems.append(f"defect {type(d).__name__}")
    body = msg.get_payload()
    names = [k for k, _ in fields]
    for need in ("metadata-version", "name", "version"):
        if names.count(need) != 1:
            problems.append(f"{need} occurs {names.count(need)} times")
    return fields, body if isinstance(body, str) else "", problems


def canon_field(k, v):
    if k in ("requires-dist", "provides-dist", "obsoletes-dist"):
        return canon_req(v)
    if k == "requires-python":
        return canon_spec(v)
    if k == "version":
        return canon_version(v)
    if k == "provides-extra":
        return norm_name(v)
    if k == "dynamic":
        return v.lower()
    return unicodedata.normalize("NFC", v)


def compare_metadata(r, raw_a, raw_b, where):
    fa, ba, pa = parse_metadata(raw_a)
    fb, bb, pb = parse_metadata(raw_b)
    for side, probs in (("A", pa), ("B", pb)):
        for p in probs:
            r.add("metadata", "metadata-invalid", f"{side}: {p}", where)
    ca = collections.Counter((k, canon_field(k, v)) for k, v in fa)
    cb = collections.Counter((k, canon_field(k, v)) for k, v in fb)
    for (k, v), n in (ca - cb).items():
        r.add("metadata", "field-only-a", f"{k}: {short(v)}" + (f" (x{n})" if n > 1 else ""), where)
    for (k, v), n in (cb - ca).items():
        r.add("metadata", "field-only-b", f"{k}: {short(v)}" + (f" (x{n})" if n > 1 else ""), where)
    if ca == cb:
        ra, rb = collections.Counter(fa), collections.Counter(fb)
        for (k, v) in (ra - rb):
            r.add("metadata", "field-spelling", f"A writes {k}: {short(v)}", where, note=True)
        if [k for k, _ in fa] != [k for k, _ in fb]:
            r.add("metadata", "field-order", "the fields come in another order", where, note=True)
        elif fa != fb and ra == rb:
            r.add("metadata", "value-order", "repeated fields come in another order", where, note=True)
    if ba != bb:
        if ba.strip() == bb.strip():
            r.add("metadata", "body-blank-ends", "the bodies differ in blank lines at the ends only", where)
        elif ba.replace("\r\n", "\n").strip() == bb.replace("\r\n", "\n").strip():
            r.add("metadata", "body-newlines", "the bodies differ in CRLF / LF only", where)
        else:
            r.add("metadata", "body", "the bodies differ: " + first_difference(ba, bb), where)


def short(v, n=160):
    v = v.replace("\n", "\\n")
    return v if len(v) <= n else v[:n] + f"... ({len(v)} characters)"


def first_difference(a, b):
    la, lb = a.splitlines(), b.splitlines()
    for i, (x, y) in enumerate(zip(la, lb), 1):
        if x != y:
            return f"line {i}: {short(x, 60)!r} / {short(y, 60)!r}"
    return f"{len(la)} and {len(lb)} lines"


def parse_entry_points(raw):
    cp = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False, default_section="\0")
    cp.optionxform = str
    cp.read_string(raw.decode("utf-8"))
    return {s: {k: re.sub(r"\s+", "", v) for k, v in cp.items(s)} for s in cp.sections() if cp.items(s)}


def compare_entry_points(r, raw_a, raw_b, where):
    try:
        a, b = (parse_entry_points(x) if x is not None else {} for x in (raw_a, raw_b))
    except (configparser.Error, UnicodeDecodeError) as e:
        r.add("entry", "entry-unreadable", str(e), where)
        return
    for g in sorted(a.keys() | b.keys()):
        x, y = a.get(g, {}), b.get(g, {})
        for n in sorted(x.keys() | y.keys()):
            if x.get(n) != y.get(n):
                r.add("entry", "entry-point", f"[{g}] {n}: {x.get(n)} / {y.get(n)}", where)
    if a == b and (raw_a or b"") != (raw_b or b""):
        r.add("entry", "entry-spelling", "same entry points, other bytes or an empty file", where, note=True)


def compare_wheel_file(r, raw_a, raw_b, where):
    a, b = (parse_metadata_lines(x) for x in (raw_a, raw_b))
    for k in sorted({k for k, _ in a} | {k for k, _ in b}):
        va, vb = (sorted(v for kk, v in s if kk == k) for s in (a, b))
        if va != vb:
            r.add("wheel", "wheel-field", f"{k}: {va} / {vb}", where, note=k == "generator")


def parse_metadata_lines(raw):
    return [(k.strip().lower(), v.strip()) for k, _, v in
            (line.partition(":") for line in raw.decode("utf-8", "replace").splitlines() if line.strip())]


def check_alone(r, d, side):
    for code, text in d.problems:
        r.add("archive", code, f"{side}: {text}", d.base)
    if d.kind == "wheel":
        for code, text in verify_record(d):
            r.add("record", code, f"{side}: {text}", d.base)
        wheel = d.files.get(f"{d.info}/WHEEL")
        if wheel is not None:
            # pdm-backend writes a compressed set of tags as one line
            lines = [v.split("-") for k, v in parse_metadata_lines(wheel) if k == "tag"]
            tags = {"-".join(tag) for line in lines for tag in itertools.product(*(p.split(".") for p in line))}
            if tags != d.tags:
                r.add("wheel", "tags-vs-name", f"{side}: WHEEL has {sorted(tags)}, the name {sorted(d.tags)}", d.base)


def optional_sdist_member(path, data):
    for pat, why in SDIST_OPTIONAL:
        if pat.match(path):
            return why
    if path == "setup.cfg" and EGG_INFO_CFG.match(data):
        return "setuptools writes an empty [egg_info] section into the sdist"
    return None


def strip_egg_info_cfg(data):
    """setup.cfg without the [egg_info] section that setuptools appends."""
    return re.sub(rb"\n?\[egg_info\]\s*tag_build\s*=[^\n]*\n\s*tag_date\s*=\s*0\s*", b"\n", data).strip()


def compare_pair(r, a, b):
    for d, side in ((a, "A"), (b, "B")):
        check_alone(r, d, side)
    if norm_name(a.name) != norm_name(b.name) or canon_version(a.version) != canon_version(b.version):
        r.add("filename", "project", f"{a.name} {a.version} / {b.name} {b.version}")
    elif a.base != b.base:
        same = a.tags == b.tags and a.build == b.build
        r.add("filename", "filename", f"{a.base} / {b.base}", note=same)
    if a.tags != b.tags:
        r.add("filename", "tags", f"{sorted(a.tags)} / {sorted(b.tags)}")
    # one spelling for the two folders that carry name and version
    def key(d, p):
        if d.kind == "wheel":
            top, sep, rest = p.partition("/")
            if sep and top == d.info:
                return "{dist-info}/" + rest
            if sep and top.endswith(".data") and top.count("-") == 1:
                return "{data}/" + rest
        return p
    ka = {key(a, p): p for p in a.files}
    kb = {key(b, p): p for p in b.files}
    if a.info != b.info:
        r.add("members", "dist-info-name", f"{a.info} / {b.info}", note=norm_name(str(a.info)) == norm_name(str(b.info)))
    for only, d, k, code in ((ka.keys() - kb.keys(), a, ka, "only-a"), (kb.keys() - ka.keys(), b, kb, "only-b")):
        for m in sorted(only):
            if m == "{dist-info}/entry_points.txt":
                continue  # judged as parsed, below
            why = optional_sdist_member(m, d.files[k[m]]) if d.kind == "sdist" else None
            r.add("members", code, m + (f"  [{why}]" if why else ""), note=bool(why))
    ep = "{dist-info}/entry_points.txt"
    if ep in ka or ep in kb:
        compare_entry_points(r, a.files.get(ka.get(ep)), b.files.get(kb.get(ep)), "entry_points.txt")
    for m in sorted(ka.keys() & kb.keys()):
        pa, pb = ka[m], kb[m]
        x, y = a.files[pa], b.files[pb]
        if a.links.get(pa) != b.links.get(pb):
            r.add("mode", "link", f"{m}: {a.links.get(pa)} / {b.links.get(pb)}")
            continue
        if a.execs.get(pa) != b.execs.get(pb):
            r.add("mode", "executable", f"{m}: {a.execs.get(pa)} / {b.execs.get(pb)}", note=True)
        if m in ("{dist-info}/METADATA", "PKG-INFO"):
            compare_metadata(r, x, y, m.rsplit("/", 1)[-1])
        elif m == "{dist-info}/WHEEL":
            compare_wheel_file(r, x, y, "WHEEL")
        elif m in ("{dist-info}/RECORD", ep):
            pass
        elif x != y:
            if a.kind == "sdist" and optional_sdist_member(m, b"") and optional_sdist_member(m, y):
                r.add("content", "by-product", f"{m} differs", note=True)
            elif a.kind == "sdist" and m == "setup.cfg" and strip_egg_info_cfg(x) == strip_egg_info_cfg(y):
                r.add("content", "setup-cfg", "setup.cfg differs in setuptools' [egg_info] section only", note=True)
            elif a.kind == "sdist" and m == "pyproject.toml" and same_toml(x, y):
                r.add("content", "toml-spelling", "pyproject.toml: same values, other spelling", note=True)
            else:
                r.add("content", "bytes", f"{m}: {len(x)} / {len(y)} bytes, sha256 "
                      f"{hashlib.sha256(x).hexdigest()[:12]} / {hashlib.sha256(y).hexdigest()[:12]}")


def same_toml(x, y):
    try:
        return tomllib.loads(x.decode()) == tomllib.loads(y.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False


def gather(path):
    """[path] of a file, or {(kind, name): path} of a folder."""
    if not os.path.isdir(path):
        return None
    out = {}
    for f in sorted(os.listdir(path)):
        if f.endswith(".whl"):
            k = ("wheel", norm_name(f.split("-")[0]))
        elif f.endswith(".tar.gz"):
            k = ("sdist", norm_name(f[:-7].rpartition("-")[0]))
        else:
            continue
        if k in out:
            raise ValueError(f"two {k[0]}s of {k[1]} in {path}")
        out[k] = os.path.join(path, f)
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("paths", nargs="+", metavar="DIST")
    ap.add_argument("--json", action="store_true")
    ap.add_argument("--strict", action="store_true", help="notes count as differences")
    ap.add_argument("--ignore", default="", help="codes or levels to leave out, comma-separated")
    ap.add_argument("--verify", action="store_true", help="check each DIST on its own")
    o = ap.parse_args()
    r = Report({c for c in o.ignore.split(",") if c})
    try:
        if o.verify:
            for p in o.paths:
                for f in (gather(p) or {None: p}).values():
                    check_alone(r, Dist(f), os.path.basename(f))
        else:
            if len(o.paths) != 2:
                ap.error("two paths are needed")
            da, db = (gather(p) for p in o.paths)
            if (da is None) != (db is None):
                ap.error("one path is a folder, the other is not")
            if da is None:
                pairs = [(None, o.paths[0], o.paths[1])]
            else:
                pairs = [(k, da.get(k), db.get(k)) for k in sorted(da.keys() | db.keys())]
                if not pairs:
                    ap.error("no wheel and no sdist in either folder")
            for k, p, q in pairs:
                if not p or not q:
                    r.add("archive", "missing", f"no {k[0]} of {k[1]} in {'A' if not p else 'B'}")
                    continue
                a, b = Dist(p), Dist(q)
                if a.kind != b.kind:
                    ap.error("a wheel and an sdist cannot be compared")
                sub = Report(r.ignore)
                compare_pair(sub, a, b)
                for i in sub.items:
                    i["where"] = i["where"] or a.kind
                    i["dist"] = a.kind
                r.items += sub.items
    except (OSError, ValueError, zipfile.BadZipFile, tarfile.TarError, EOFError) as e:
        print(f"compare_dists: {e}", file=sys.stderr)
        return 2
    diffs, notes = r.count("difference"), r.count("note")
    failed = bool(diffs or (o.strict and notes))
    if o.json:
        print(json.dumps({"equivalent": not failed, "differences": diffs, "notes": notes,
                          "packaging": Requirement is not None, "items": r.items}, indent=1, ensure_ascii=False))
    else:
        for i in r.items:
            lead = "note" if i["kind"] == "note" else "DIFF"
            print(f"{lead:4} {i.get('dist', '')} {i['level']}/{i['code']} {i['text']}".replace("  ", " "))
        print(f"{'not equivalent' if failed else 'equivalent'}: {diffs} differences, {notes} notes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
