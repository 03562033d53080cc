"""The two echo servers carry the same shared modules, byte for byte.

Each package must stand alone when it is installed, so what they share is
copied, not imported. A fix made in one copy only would leave a weakness in the
other; this test is what keeps them together. ``copies.py --write`` mends it.
"""

from __future__ import annotations

from copies import differing, shared_files


def test_the_copies_are_equal():
    assert differing() == []


def test_there_is_something_to_compare():
    names = shared_files("stateless")
    assert len([name for name in names if "/service/" in name]) > 15
    assert len([name for name in names if name.startswith("tests/shared/")]) >= 8
