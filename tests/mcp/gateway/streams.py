"""A legacy session through an edge with its standalone stream open, read in a thread."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
from processes import until
from stack import Gateway
from wire import ACCEPT, LEGACY, legacy


class ListenStream:
    """Opened at once; ``lines`` grows while it lives, ``failure`` says how it ended early."""

    def __init__(self, gateway: Gateway, service: str = "proxy") -> None:
        self._url = gateway.url(service)
        self._http = gateway.http(headers=gateway.tokens(service).header)
        self.session = self._initialize()
        self.lines: list[str] = []
        self.failure: str | None = None
        self._closing = False
        self._stream = self._open()
        self.opened = time.monotonic()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def age(self) -> float:
        """How long it has been open, in seconds."""
        return time.monotonic() - self.opened

    @property
    def alive(self) -> bool:
        """Whether it is still open."""
        return self._thread.is_alive()

    def post(self, message: dict[str, Any]) -> httpx.Response:
        """Sends a message in the session."""
        return self._http.post(self._url, json=message, headers=self._headers())

    def heard(self, text: str) -> None:
        """Waits until something with ``text`` has come down the stream."""
        until(lambda: any(text in line for line in self.lines), f"{text} on the listen stream", 20)

    def close(self) -> None:
        """Ends session and stream; a second time does nothing."""
        if self._closing:
            return
        self._closing = True
        self._http.delete(self._url, headers=self._headers())
        self._stream.close()
        self._thread.join(timeout=20)
        self._http.close()

    def _headers(self) -> dict[str, str]:
        return {"Accept": ACCEPT, "MCP-Protocol-Version": LEGACY, "Mcp-Session-Id": self.session}

    def _initialize(self) -> str:
        params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "listener", "version": "1"}}
        answer = self._http.post(self._url, json=legacy("initialize", params), headers={"Accept": ACCEPT})
        assert answer.status_code == 200, (answer.status_code, answer.text)
        self.session = answer.headers["mcp-session-id"]
        assert self.post(legacy("notifications/initialized", number=None)).status_code == 202
        return self.session

    def _open(self) -> httpx.Response:
        request = self._http.build_request(
            "GET", self._url, headers={**self._headers(), "Accept": "text/event-stream"}, timeout=httpx.Timeout(60)
        )
        response = self._http.send(request, stream=True)
        assert response.status_code == 200, response.status_code
        return response

    def _read(self) -> None:
        try:
            for line in self._stream.iter_lines():
                self.lines.append(line)
        except (httpx.HTTPError, httpx.StreamError) as error:
            self.failure = None if self._closing else repr(error)
