"""In which encoding a text is taken to be: mark, header, meta element, detection."""

from __future__ import annotations

import pytest
from mcp_fetch_streamablehttp_server.charset import decode

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 4


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ('"koi8-r"', "koi8-r"),
        ("windows-1251", "cp1251"),
        ("utf-16-le", "utf-16-le"),
        ("iso-8859-5", "iso8859-5"),
    ],
)
def test_header_decides(charset: str, encoding: str):
    name = charset.strip('"')
    assert decode(RUSSIAN.encode(name), f"text/plain; charset={charset}", html=False) == (RUSSIAN, encoding)


def test_header_comes_before_meta():
    body = '<meta charset="koi8-r">ü'.encode()
    assert decode(body, "text/html; charset=utf-8", html=True)[1] == "utf-8"


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="windows-1251">',
        "<META CHARSET=windows-1251>",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
    ],
)
def test_meta_comes_before_detection(meta: str):
    body = f"<html><head>{meta}</head>{RUSSIAN}".encode("windows-1251")
    text, encoding = decode(body, "text/html", html=True)
    assert (RUSSIAN in text, encoding) == (True, "cp1251")


def test_meta_counts_in_html_only():
    assert decode(b'<meta charset="koi8-r">x', "text/plain", html=False)[1] == "utf-8"


def test_meta_cannot_claim_utf16():
    assert decode('<meta charset="utf-16">ü'.encode(), "text/html", html=True) == ('<meta charset="utf-16">ü', "utf-8")


@pytest.mark.parametrize(("mark", "encoding"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le")])
def test_byte_order_mark_decides_above_all(mark: str, encoding: str):
    assert decode("grün".encode(mark), "text/plain; charset=koi8-r", html=False) == ("grün", encoding)


def test_utf8_is_recognized():
    assert decode("grün".encode(), "text/plain", html=False) == ("grün", "utf-8")


def test_other_encodings_are_detected():
    text, encoding = decode(RUSSIAN.encode("windows-1251"), None, html=False)
    assert (text, encoding) == (RUSSIAN, "cp1251")


def test_latin1_is_read_as_browsers_read_it():
    assert decode(b"\x80 5", "text/plain; charset=iso-8859-1", html=False) == ("€ 5", "windows-1252")


@pytest.mark.parametrize("charset", ["nonsense", "punycode", "idna", "unicode_escape", "zlib", "utf-7", "hex", "\x00"])
def test_charset_that_is_none_is_ignored(charset: str):
    assert decode("grün".encode(), f"text/plain; charset={charset}", html=False) == ("grün", "utf-8")


def test_wrong_bytes_become_replacements():
    assert decode(b"a\xffb", "text/plain; charset=utf-8", html=False) == ("a\ufffdb", "utf-8")


def test_undetectable_bytes_are_decoded_all_the_same():
    text, _ = decode(bytes(range(128, 256)) * 2, None, html=False)
    assert text
    text.encode()
