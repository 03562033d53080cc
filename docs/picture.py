#!/usr/bin/env python3
"""Draws what a command prints on a terminal as an SVG: `picture.py OUT.svg COMMAND [ARGUMENT...]`.

The command runs at a pseudo-terminal that is 118 columns wide; what stays on the screen when it has ended is drawn,
with its colours. Progress bars come and go by carriage returns and erasures, which are carried out. Unix only.
"""

from __future__ import annotations

import fcntl
import html
import os
import pty
import re
import shlex
import struct
import sys
import termios
from pathlib import Path

COLUMNS = 118
CELL, LINE = 7.83, 18
COLOURS = {"31": "#f7768e", "32": "#9ece6a", "33": "#e0af68", "36": "#7dcfff", "2": "#737aa2"}
PLAIN = "#c0caf5"
TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


def record(command: list[str]) -> str:
    """Runs a command at a terminal, without anybody there to answer, and returns everything it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_RDONLY)
        os.dup2(silence, 0)
        os.execvp(command[0], command)
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
    """Carries out what a terminal would: the lines that remain, each a list of (character, style)."""
    lines: list[list[tuple[str, str]]] = [[]]
    row = column = 0
    style = ""
    for numbers, letter, control, words in TOKEN.findall(text):
        if control == "\n":
            row += 1
            lines.extend([] for _ in range(row + 1 - len(lines)))
        elif control == "\r":
            column = 0
        elif words:
            line = lines[row]
            line.extend([(" ", "")] * (column - len(line)))
            line[column : column + len(words)] = [(character, style) for character in words]
            column += len(words)
        elif letter == "m":
            style = "" if numbers in {"", "0"} else f"{style};{numbers}"
        elif letter == "A":
            row = max(0, row - int(numbers or 1))
        elif letter == "K":
            lines[row] = [] if numbers == "2" else lines[row][:column]
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
        '<g fill="#f7768e"><circle cx="20" cy="18" r="6"/><circle cx="40" cy="18" r="6" fill="#e0af68"/>'
        '<circle cx="60" cy="18" r="6" fill="#9ece6a"/></g>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, DejaVu Sans Mono, monospace" font-size="13" fill="{PLAIN}" '
        'xml:space="preserve">',
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
    target, command = Path(sys.argv[1]), sys.argv[2:]
    shown = shlex.join(["pyrel" if word.endswith("/pyrel") else word for word in command])
    target.write_text(draw(shown, screen(record(command))), encoding="utf-8")


if __name__ == "__main__":
    main()
