"""Reaches the person who authorizes: a browser, a device code, or a prompt in a terminal.

Decides which of these is possible here; knows nothing of tokens. Browsers are
started without a shell, and only with addresses the policy has accepted.
"""

from __future__ import annotations

import os
import re
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_plus

import anyio
import anyio.to_thread

Way = Literal["browser", "device", "paste"]
_PARAMETER = re.compile(r"\b(code|state|iss|error|error_description)\s*[=:]\s*\"?([^&\s\"]+)")


def browser_available() -> bool:
    """Whether a browser can show a page to a person here."""
    graphical = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not graphical and not os.environ.get("BROWSER"):
        return False  # what remains are browsers for terminals, and the terminal is not ours
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def tell(text: str) -> None:
    """Shows a line to the person, on stderr: stdout belongs to the protocol or to the answer."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the terminal, not the log


async def ask(text: str) -> str:
    """Asks in the terminal and returns the line that was typed."""
    tell(text)
    return await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)


@dataclass
class Person:
    """What this process may use to reach somebody."""

    browser: bool = True
    """A browser may be opened, if there is one."""

    prompt: Callable[[str], Awaitable[str]] | None = None
    """Asks a question in a terminal; without it nobody can paste an answer."""

    show: Callable[[str], None] = tell

    def way(self, *, device_offered: bool) -> Way | None:
        """The best way to get an authorization, or nothing if nobody can be reached."""
        if self.browser and browser_available():
            return "browser"
        if device_offered:
            return "device"
        return "paste" if self.prompt is not None else None

    async def open(self, url: str) -> None:
        """Opens an address in the browser. It is shown only if that fails: stderr often ends in a log file."""
        self.show("Opening the browser to authorize this client.")
        try:
            opened = await anyio.to_thread.run_sync(webbrowser.open, url, abandon_on_cancel=True)
        except (webbrowser.Error, OSError):
            opened = False
        if not opened:
            self.show(f"The browser could not be started. Open this address by hand:\n{url}")


def pasted_answer(text: str) -> dict[str, str]:
    """The parameters in what a person pasted: the address of the last page, or the values it shows."""
    return {name: unquote_plus(value) for name, value in _PARAMETER.findall(text)}
