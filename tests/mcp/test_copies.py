"""What several packages share is the same in each, byte for byte.

Each package must stand alone when it is installed, so what they share is
copied, not imported. A fix made in one copy only would leave a weakness in the
others; this test is what keeps them together. ``copies.py --write`` mends it.
"""

from __future__ import annotations

from copies import ORIGINAL, PACKAGES, SHARES, differing


def test_the_copies_are_equal():
    assert differing() == []


def test_every_package_is_looked_at():
    assert {share.package for share in SHARES} | {ORIGINAL} == {path.name for path in PACKAGES.iterdir()}


def test_there_is_something_to_compare():
    for share in SHARES:
        names = share.places(ORIGINAL)
        assert len([name for name in names if "/service/" in name]) > 12 or not share.folders, share.package
        assert "LICENSE" in names
