"""The text behind a tool's name."""

from __future__ import annotations

from typing import Any

import pytest
from mcp_streamablehttp_client import ConfigurationError, parse_tool_arguments
from mcp_streamablehttp_client.actions import parse_changes, parse_raw

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "deep": {"type": "boolean"},
        "tags": {"type": "array"},
        "extra": {"type": "object"},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "either": {"type": ["string", "integer"]},
        "free": {},
    },
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ("text=3 count=3 ratio=3", {"text": "3", "count": 3, "ratio": 3}),
        ("ratio=0.5 deep=yes", {"ratio": 0.5, "deep": True}),
        ("deep=False", {"deep": False}),
        ("text='two words' count=-1", {"text": "two words", "count": -1}),
        ("tags='[1, 2]' extra='{\"a\": 1}'", {"tags": [1, 2], "extra": {"a": 1}}),
        ("maybe=null", {"maybe": None}),
        ("maybe=4 either=4", {"maybe": 4, "either": 4}),
        ("either=four", {"either": "four"}),
        ("free=[1] unknown=true other=word", {"free": [1], "unknown": True, "other": "word"}),
        ("text=a=b", {"text": "a=b"}),
        ("text=", {"text": ""}),
    ],
)
def test_pairs_and_objects_follow_the_schema(text: str, expected: dict[str, Any]):
    assert parse_tool_arguments("tool", text, SCHEMA) == expected


@pytest.mark.parametrize(
    ("tool", "text", "schema", "expected"),
    [
        ("fetch", "https://a.example/?q=1&r=2", None, {"url": "https://a.example/?q=1&r=2"}),
        ("read", "/etc/hosts", None, {"path": "/etc/hosts"}),
        ("echo", "hello big world", None, {"message": "hello big world"}),
        ("search", "it's here", None, {"query": "it's here"}),
        ("search", "'one value'", None, {"query": "one value"}),
        ("any", "/x", {"properties": {"file": {"type": "string"}}, "required": ["file"]}, {"file": "/x"}),
        ("echo", "hi", {"properties": {"message": {"type": "string"}, "query": {"type": "string"}}}, {"message": "hi"}),
    ],
)
def test_a_bare_value_finds_its_argument(tool: str, text: str, schema: Any, expected: dict[str, Any]):
    assert parse_tool_arguments(tool, text, schema) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json", "not JSON"),
        ("count=three", "`count` of tool is not of type integer"),
        ("deep=maybe", "not of type boolean"),
        ("tags=word", "not of type array"),
        ("tags={}", "not of type array"),
        ("maybe=x", "not of type integer or null"),
        ("text=a b", "mix `key=value`"),
        ("text='open", "cannot be split"),
        ("anything", "no single argument"),
    ],
)
def test_what_fits_nothing_is_refused(text: str, message: str):
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse_tool_arguments("tool", text, SCHEMA)
    assert caught.value.hint


def test_changes_of_a_registration():
    assert parse_changes("client_name=My client,redirect_uris=http://a/;http://b/,contacts=,client_uri=") == {
        "client_name": "My client",
        "redirect_uris": ["http://a/", "http://b/"],
        "contacts": [],
        "client_uri": None,
    }
    with pytest.raises(ConfigurationError, match="no field=value: 'oops'"):
        parse_changes("client_name=x,oops")


def test_raw_requests():
    assert parse_raw('{"method": "tools/list"}') == ("tools/list", None)
    assert parse_raw('{"method": "m", "params": {"a": 1}, "id": 4}') == ("m", {"a": 1})
    for text, message in (("x", "not JSON"), ("[]", "no request"), ('{"method": "m", "params": []}', "no request")):
        with pytest.raises(ConfigurationError, match=message):
            parse_raw(text)
