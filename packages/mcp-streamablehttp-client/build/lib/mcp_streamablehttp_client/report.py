"""Prints the answers of the command line: tables for people, JSON for programs. Never prints a secret unasked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Report:
    """Standard output of the actions."""

    def __init__(self, *, as_json: bool, verbose: bool) -> None:
        self._as_json = as_json
        self._verbose = verbose
        self._console = Console(soft_wrap=True, highlight=False, emoji=False, markup=False)

    def result(self, facts: Mapping[str, Any], text: str) -> None:
        """One outcome, as a sentence or as JSON."""
        if self._as_json:
            self.document(facts)
        else:
            self._line(text)

    def facts(self, title: str, facts: Mapping[str, Any]) -> None:
        """Named values."""
        if self._as_json:
            self.document(facts)
            return
        table = Table(title=title, show_header=False, title_justify="left")
        for name, value in facts.items():
            table.add_row(_plain(name), _plain(value))
        self._console.print(table)

    def listing(self, title: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """Tools, resources or prompts: a line each, or everything with ``--verbose``."""
        if self._as_json:
            self.document(list(entries))
            return
        if not entries:
            self._line(f"{title}: none")
        for entry in entries:
            name = entry.get("name", "")
            place = f" <{entry['uri']}>" if "uri" in entry else ""
            description = " ".join(str(entry.get("description", "")).split())
            self._line(f"{name}{place}  {description}".rstrip())
            if self._verbose:
                rest = {key: value for key, value in entry.items() if key not in ("name", "uri", "description")}
                self._line(_indented(json.dumps(rest, indent=2, ensure_ascii=False)))

    def tool_result(self, result: Mapping[str, Any]) -> None:
        """What a tool answered: its texts, and a note for what is no text."""
        if self._as_json:
            self.document(result)
            return
        for block in result.get("content", []):
            if block.get("type") == "text":
                self._line(block["text"])
            else:
                place = block.get("uri") or block.get("resource", {}).get("uri") or block.get("mimeType", "")
                self._line(f"[{block.get('type')} {place}]")
        if self._verbose and "structuredContent" in result:
            self.document(result["structuredContent"])

    def exports(self, credentials: Mapping[str, str]) -> None:
        """Lines for a shell to read. The only place that shows secrets, because it was asked to."""
        if self._as_json:
            self.document(credentials)
            return
        for name, value in credentials.items():
            print(f"export {name}={shlex.quote(value)}")  # noqa: T201 - must reach the shell unstyled and unwrapped

    def document(self, value: Any) -> None:
        """A JSON document."""
        print(json.dumps(value, indent=2, ensure_ascii=False))  # noqa: T201 - must reach a program as it is

    def _line(self, text: str) -> None:
        self._console.print(_plain(text))


def _plain(value: Any) -> Text:
    """Text of a server without control characters, which could steer the terminal."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text("".join(character for character in text if character.isprintable() or character in "\n\t"))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
