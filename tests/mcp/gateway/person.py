"""The person at the browser: follows redirects, reads the consent page, presses a button."""

from __future__ import annotations

import ssl
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

REDIRECT_PORT = 49152


class ConsentForm(HTMLParser):
    """The fields of the one form on the consent page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.decisions: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Notes the form and what it sends."""
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.action = given.get("action", "")
        elif given.get("name") == "decision":
            self.decisions.append(given.get("value", ""))
        elif tag == "input" and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")


class Person:
    """Somebody who is signed in at GitHub and has a browser."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def decide(self, url: str, decision: str = "approve", *, last: bool = True) -> httpx.Response:
        """Opens ``url``, decides on the consent page and goes on; ``last`` calls the client's address too."""
        with httpx.Client(verify=self._context, timeout=30) as browser:
            page = browser.get(url)
            assert page.status_code == 200, page.text
            form = ConsentForm(page.text)
            assert decision in form.decisions, page.text
            target = urljoin(str(page.url), form.action)
            answer = browser.post(target, data={**form.fields, "decision": decision}, headers={"Origin": _origin(page)})
            while answer.next_request is not None:
                target_url = answer.next_request.url
                # The client's own address is plain http on this machine, the edge's are not.
                if not last and target_url.scheme == "http" and target_url.port == REDIRECT_PORT:
                    return answer
                answer = browser.send(answer.next_request)
            return answer


def _origin(page: httpx.Response) -> str:
    return f"{page.url.scheme}://{page.url.netloc.decode()}"
