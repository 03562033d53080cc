#!/usr/bin/env python3
"""Prints what setuptools-scm makes of descriptions by git, for the test of pyrel-build that expects the same.

usage: versions.py > crates/pyrel-build/tests/data/versions.txt

To be run by an interpreter with tests/parity/requirements.txt installed. Each line has the answer of `git describe`,
the branch, the version scheme, the local scheme, the version, and the version as a tuple, with ` | ` between them. The
version is `error` where the library raises one, or where the result is no version. The time is 2026-01-02 03:04:05 UTC,
the commit is of 2026-01-01.
"""

from __future__ import annotations

import datetime as dt
import warnings

from packaging.version import Version
from vcs_versioning._backends._git import _git_parse_describe
from vcs_versioning._environment import VcsEnvironment
from vcs_versioning._scm_version import meta
from vcs_versioning._version_cls import _version_as_tuple

NODE = "g0123456789abcdef0123456789abcdef01234567"
TAGS = [
    "v1.2.3",
    "1.3rc1",
    "2.0.post1",
    "1.0.dev0",
    "1.0.dev4",
    "4",
    "1!2.0",
    "demo-v3.1",
    "v1.0+build.5",
    "1.2.3.4",
    "2026.1.1",
    "2026.1.1.4",
    "2025.12.31",
    "26.1.1",
    "26.1.1.2",
    "70.2.3",
    "2026.13.1",
    "2026.2.30",
    "release/3.1",
    "V1.0-RC1",
    "1.0-1",
    "1.0-alpha",
    "nothing-1",
    "0.0",
    "2026.1",
    "v1.2-rc-x",
    "1.0a0+A_b",
    "1.2.3.dev0",
    "1.0+g0123456789",
    "0.9.99",
    "1.0.post2.dev0",
    "1_0",
    "v",
]
SCHEMES = [
    "guess-next-dev",
    "no-guess-dev",
    "only-version",
    "post-release",
    "semver-pep440",
    "semver-pep440-release-branch",
    "calver-by-date",
]
BRANCHES = [
    "feature/a",
    "my-feature",
    "release/v1.2",
    "release/1.3",
    "x/2.0.5",
    "release-2026.3.1",
    "release-v26.3.1.5",
    "release-1.0",
    "HEAD",
    "release/1.2-rc",
]
LOCALS = [
    "node-and-date",
    "node-and-timestamp",
    "dirty-tag",
    "no-local-version",
    "no-local-version-strict",
    "fail-on-uncommitted-changes,node-and-date",
    "fail-on-uncommitted-changes",
]


def version(describe, branch, scheme, local):
    """Return the version and its tuple, or `error`."""
    environment = VcsEnvironment.from_env("SETUPTOOLS_SCM", env={"SOURCE_DATE_EPOCH": "1767323045"})
    locals_ = local.split(",")
    options = {"version_scheme": scheme, "local_scheme": locals_ if len(locals_) > 1 else local}
    config = environment.build_config_from_data("pyproject.toml", options)
    try:
        tag, distance, node, dirty = _git_parse_describe(describe)
        date = dt.date(2026, 1, 1)
        kwargs = {"distance": distance, "node": node, "dirty": dirty, "branch": branch, "node_date": date}
        text = meta(tag, config=config, **kwargs).format()
        Version(text)
    except Exception:  # noqa: BLE001 - the library raises many kinds, and all mean that there is no version
        return "error", ""
    return text, _version_as_tuple(text)


def cases():
    """Yield what to ask: all schemes for all tags, then branches, then local schemes."""
    states = ["", f"-0-{NODE}-dirty", f"-5-{NODE}"]
    for tag in TAGS:
        for state in states:
            for scheme in SCHEMES:
                yield f"{tag}{state}", "main", scheme, "node-and-date"
    for tag in ["v1.2.3", "1.3rc1", "2.0.5", "2026.1.1"]:
        for branch in BRANCHES:
            for scheme in SCHEMES[4:]:
                yield f"{tag}-3-{NODE}", branch, scheme, "no-local-version"
    for state in [*states, f"-0-{NODE}", f"-7-{NODE}-dirty", "-dirty", "-2-gabc"]:
        for local in LOCALS:
            yield f"v1.0+own.d20260102{state}", "main", "guess-next-dev", local


def main():
    """Print the table."""
    warnings.simplefilter("ignore")
    for case in cases():
        text, parts = version(*case)
        print(" | ".join([*case, text, str(parts)]).rstrip())


if __name__ == "__main__":
    main()
