"""Values of single fields, good ones and mutated ones from a seed: whatever PyPI's library takes, pyrel must take, and
but for a few forms that only Python can tell apart, the other way round too."""

from __future__ import annotations

import random

from dists import Dist, wheel

# By field: the rule that judges it, whether it may be there often, and values to start from.
FIELDS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "Requires-Dist": (
        "requires-dist",
        True,
        (
            "a",
            "a (>=1)",
            "a[x,y]>=1,<2",
            "a; python_version<'3'",
            "a @ https://x/y ; extra == 'q'",
            "a==1.*",
            "a~=1.0",
            "a===x",
            "a ; os_name=='nt' and (sys_platform!='x' or extra in 'a b')",
            "a.b_c-d>1.0.post1",
            "a==1!1.0+local",
            "a;'linux' not in sys_platform",
            "a[]()",
            "a >= 1 , < 2; python_full_version ~= '3.1'",
        ),
    ),
    "Requires-Python": (
        "requires-python",
        False,
        (">=3", "~=3.8", "==3.*", "!=3.0.*,>=3", ">=3.8.1rc1", "===3", "<=3, >2", "==1!3", "==3+local"),
    ),
    "Version": (
        "project-version",
        False,
        ("1.0", "v1.0", "1.0-1", "1.0.post1", "1!1.0", "1.0.dev1", "1.0+abc.1", "1.0-rc.1", "01.0", "1.0rev3"),
    ),
    "License-Expression": (
        "license-expression",
        False,
        ("MIT", "(MIT OR Zlib) and LicenseRef-x", "GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0+"),
    ),
    "Provides-Extra": ("provides-extra", True, ("a", "a-b", "A_b", "a.b", "-a", "a b", "1")),
    "Dynamic": ("dynamic-field", True, ("version", "Requires-Dist", "name", "Summary", "License-File", "x")),
    "Description-Content-Type": (
        "description-content-type",
        False,
        (
            "text/markdown",
            "text/x-rst",
            "text/markdown; charset=UTF-8",
            'text/markdown; charset="UTF-8"; variant=GFM',
            "TEXT/Plain;charset=utf-8",
            "text/markdown; variant=gfm",
            'text/plain; a b "c;d" (e); charset=UTF-8',
            "text/plain; charset*0=UTF; charset*1=-8",
        ),
    ),
    "License-File": (
        "license-file-path",
        True,
        ("LICENSE", "a/b", "../a", "a*", "/a", "a\\b", "./a", "a//b", "a/", "C:/a", "A..txt", "a./b"),
    ),
    "Import-Name": (
        "import-name",
        True,
        ("a", "a.b; private", "a ; private", "a; public", "1a", "a.class", "a..b", "_a", "None", "match"),
    ),
}
LETTERS = " ;,.<>=!~()[]@'\"+-*_/\\0129abzAZ:#{}"
OFTEN, ONCE = 500, 60


def mutated(value: str, chance: random.Random) -> str:
    """Returns a value with one to three changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        start, end = sorted((chance.randrange(len(value) + 1), chance.randrange(len(value) + 1)))
        value = chance.choice(
            (
                value[:start] + chance.choice(LETTERS) + value[start:],
                value[:start] + value[start + 1 :],
                value[:start] + value[end:],
                value[:start] + chance.choice(LETTERS) + value[start + 1 :],
                value[:end] + value[start:end] + value[end:],
            )
        )
    return value.strip()


def values_of(field: str, seed: int) -> list[str]:
    """Returns the values of a field, sorted; none is empty."""
    _, often, seeds = FIELDS[field]
    chance = random.Random(f"{field} {seed}")
    values = set(seeds)
    while len(values) < (OFTEN if often else ONCE):
        values.add(mutated(chance.choice(seeds), chance))
    return sorted(value for value in values if value and value != "UNKNOWN")


def dist_of(field: str, values: list[str]) -> Dist:
    """Returns a wheel with the values."""
    return wheel().header("Metadata-Version: 2.5", *(f"{field}: {value}" for value in values))
