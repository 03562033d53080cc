#!/usr/bin/env python3
"""Draws what a command prints on a terminal as an SVG: `picture.py OUT.svg TITLE COMMAND [ARGUMENT...]`.

The command runs at a pseudo-terminal with nobody there to answer; its lines are drawn with their colours, under the
title as the line that was typed. Commands with progress bars want `--no-progress`: a bar is no line. Unix only.
"""

from __future__ import annotations

import fcntl
import html
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

COLUMNS = 118
CELL, LINE = 7.83, 18
COLOURS = {"31": "#f7768e", "32": "#9ece6a", "33": "#e0af68", "36": "#7dcfff", "2": "#737aa2"}
PLAIN = "#c0caf5"
FONT = "ui-monospace, SFMono-Regular, Menlo, DejaVu Sans Mono, monospace"
TOKEN = re.compile(r"\x1b\[([0-9;?]*)[A-Za-z]|(\n)|([^\x1b\r\n]+)|\r")


def record(command: list[str]) -> str:
    """Runs a command at a terminal, without anybody there to answer, and returns everything it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_RDONLY)
        os.dup2(silence, 0)
        os.execvp(command[0], command)  # noqa: S606 - the command is the caller's
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    seen = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    os.waitpid(pid, 0)
    return seen.decode(errors="replace")


def screen(text: str) -> list[list[tuple[str, str]]]:
    """Returns the lines of an output, each a list of (character, style)."""
    lines: list[list[tuple[str, str]]] = [[]]
    style = ""
    for numbers, end, words in TOKEN.findall(text):
        if end:
            lines.append([])
        elif words:
            lines[-1].extend((character, style) for character in words)
        else:
            style = "" if numbers in {"", "0"} else f"{style};{numbers}"
    return lines


def draw(command: str, lines: list[list[tuple[str, str]]]) -> str:
    """Returns the SVG of a screen under the command that made it."""
    while lines and not lines[-1]:
        lines.pop()
    prompt = [("$", ";32"), (" ", ""), *((character, ";1") for character in command)]
    lines = [prompt, *lines]
    width = max(len(line) for line in lines) * CELL + 32
    height = len(lines) * LINE + 56
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">',
        f'<title>{html.escape(command)}</title><rect width="100%" height="100%" rx="9" fill="#1a1b26"/>',
        '<g fill="#f7768e"><circle cx="20" cy="18" r="6"/><circle cx="40" cy="18" r="6" fill="#e0af68"/>',
        '<circle cx="60" cy="18" r="6" fill="#9ece6a"/></g>',
        f'<g font-family="{FONT}" font-size="13" fill="{PLAIN}" xml:space="preserve">',
    ]
    for number, line in enumerate(lines):
        out.append(f'<text x="16" y="{52 + number * LINE}">{spans(line)}</text>')
    return "\n".join([*out, "</g></svg>", ""])


def spans(line: list[tuple[str, str]]) -> str:
    """Returns a line as runs of one style, each at its own column."""
    out, start = [], 0
    while start < len(line):
        end = start
        while end < len(line) and line[end][1] == line[start][1]:
            end += 1
        parts = line[start][1].split(";")
        colour = next((COLOURS[part] for part in parts if part in COLOURS), PLAIN)
        weight = ' font-weight="bold"' if "1" in parts else ""
        words = html.escape("".join(character for character, _ in line[start:end]))
        length = f'textLength="{(end - start) * CELL:.1f}"'
        out.append(f'<tspan x="{16 + start * CELL:.1f}" {length} fill="{colour}"{weight}>{words}</tspan>')
        start = end
    return "".join(out)


def main() -> None:
    """Records and draws."""
    target, title, command = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    target.write_text(draw(title, screen(record(command))), encoding="utf-8")


if __name__ == "__main__":
    main()
